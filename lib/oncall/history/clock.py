"""The two clocks of the watcher, and a way to let both run faster."""

from __future__ import annotations

import time
from dataclasses import dataclass

from diagnostics.errors import SettingsError

STEP_MS = 1000
"""A wall clock that differs by more from the steady one has been set, not merely trimmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Wall time as samples are dated by it, and a steady time to wait by.

    With `speed` 100 a day passes in 14.4 minutes: both run that much faster, the wall clock from
    `origin_s` on, so that lives of the watcher that follow one another share one accelerated time.
    `offset_s` is how wrong the wall clock is set. For tests and demonstrations; `REAL` is the default.
    """

    speed: float = 1.0
    origin_s: float = 0.0
    offset_s: float = 0.0

    def wall_ms(self) -> int:
        """Epoch milliseconds."""
        return round(1000 * (self.origin_s + (time.time() - self.origin_s) * self.speed + self.offset_s))

    def steady_s(self) -> float:
        """Seconds that only ever increase."""
        return time.monotonic() * self.speed

    def really_s(self, seconds: float) -> float:
        """How long `seconds` of this clock last."""
        return seconds / self.speed


REAL = Clock()


def parsed(given: str | None) -> Clock:
    """`SPEED`, `SPEED@ORIGIN` or `SPEED@ORIGIN+OFFSET` (epoch seconds, seconds). Raises: SettingsError."""
    if given is None:
        return REAL
    speed, _, rest = given.partition("@")
    sign = -1 if "-" in rest else 1
    origin, _, offset = rest.replace("-", "+").partition("+")
    try:
        clock = Clock(speed=float(speed), origin_s=float(origin or time.time()), offset_s=sign * float(offset or 0))
    except ValueError:
        raise SettingsError(f"--clock {given!r} must look like 100@1700000000+0") from None
    if not 0 < clock.speed <= 1000:
        raise SettingsError(f"--clock {given!r}: the speed must be above 0 and at most 1000")
    return clock
