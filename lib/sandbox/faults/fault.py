"""What a fault is: a way to break one real part, to tell that it shows, and to mend it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way the platform can break, or (a control) look as if it did."""

    name: str
    summary: str
    cause: str
    """The cause a diagnosis should assert; `none` for a control."""
    row: str = ""
    """Row of the incident table it is taken from."""
    control: str = ""
    """Name of the healthy look-alike; empty for a control."""
    apply: Callable[[World], Awaitable[None]]
    settled: Callable[[World], Awaitable[bool]]
    """Whether it can be seen from outside."""
    heal: Callable[[World], Awaitable[None]]
    within_s: float = 45.0
    """Longest wait for `settled` (s)."""

    @property
    def kind(self) -> str:
        """`fault` or `control`."""
        return "control" if self.cause == "none" else "fault"
