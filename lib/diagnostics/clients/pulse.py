"""How long our own process was kept from running, so that a busy laptop is not taken for a slow site."""

from __future__ import annotations

import asyncio
import time

BEAT_S = 0.02
"""Between two beats; a shorter halt goes unseen."""


class Pulse:
    """Beats while `beat` runs; a beat that comes late tells how long nothing here could run."""

    def __init__(self) -> None:
        self._held_s = 0.0
        self._due: float | None = None

    async def beat(self) -> None:
        """Beat until cancelled."""
        while True:
            self._due = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self._held_s = self.held_s()

    def held_s(self) -> float:
        """Seconds of halt since the first beat, a beat that is late by now included; 0 without a beat."""
        late_s = time.monotonic() - self._due if self._due is not None else 0.0
        return self._held_s + max(0.0, late_s)
