"""A picture that Jupyter, VS Code and a plain terminal can show."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from diagnostics.drawing import WIDTH


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A picture that is drawn when it is first shown. `alt` says in words what it shows."""

    alt: str
    _draw: Callable[[], bytes] = field(repr=False)
    _drawn: list[bytes] = field(default_factory=list, repr=False)

    def png(self) -> bytes:
        """The picture."""
        if not self._drawn:
            self._drawn.append(self._draw())
        return self._drawn[0]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        bundle = {"image/png": base64.b64encode(self.png()).decode("ascii"), "text/plain": self.alt}
        # Half its pixels: sharp on a good screen, and two charts fit on one.
        return bundle, {"image/png": {"width": WIDTH // 2}}

    def __repr__(self) -> str:
        return self.alt
