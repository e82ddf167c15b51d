"""The panel: a banner, two charts, three controls. It only renders; looking is the session's work.

Everything that takes time is a task on the kernel's own loop, so cells stay usable meanwhile and
closing the panel leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import traceback
from datetime import UTC, datetime
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import ipywidgets as widgets  # type: ignore[import-untyped]

from diagnostics.errors import DiagnosticsError
from diagnostics.model import Diagnosis
from diagnostics.notebook import View
from diagnostics.wording import Wording
from oncall.console.banner import Banner
from oncall.console.lookback import CHOICES_MIN, narrowed, nearest

_TICK_S = 1.0


class Asked(Protocol):
    """What the console needs of a session."""

    @property
    def language(self) -> str:
        """`en` or `ru`."""

    @property
    def timezone(self) -> str:
        """The reader's."""

    async def diagnose(self) -> Diagnosis:
        """Look and judge."""


class Console(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A live view of one session. `close()` ends every task of it."""

    def __init__(self, session: Asked, diagnosis: Diagnosis | None = None) -> None:
        self._session = session
        self._diagnosis = diagnosis
        self._wording = Wording(session.language, session.timezone)
        self._banner = Banner(self._wording)
        self._look: asyncio.Task[None] | None = None
        self._tick: asyncio.Task[None] | None = None
        self._redraw: asyncio.Task[None] | None = None
        self._build()
        super().__init__(children=[self._top, self._shown, self._charts])
        self._start(diagnosis)

    def close(self) -> None:
        """Cancel what runs and remove the panel."""
        for task in (self._look, self._tick, self._redraw):
            if task:
                task.cancel()
        super().close()

    def refresh(self) -> None:
        """Look again, unless a look is under way."""
        if self._look is None or self._look.done():
            self._look = asyncio.get_running_loop().create_task(self._run())

    def cancel(self) -> None:
        """Stop the look that is under way; what was shown stays."""
        if self._look:
            self._look.cancel()

    def _build(self) -> None:
        _ = self._wording.translate
        self._refresh = widgets.Button(description=_("Refresh"), icon="refresh", tooltip=_("Look again"))
        self._cancel = widgets.Button(description=_("Cancel"), icon="stop", disabled=True)
        names = [(self._wording.duration(60 * minutes), minutes) for minutes in CHOICES_MIN]
        self._window = widgets.Dropdown(
            description=_("Look back"),
            options=names,
            value=nearest(self._diagnosis),
            style={"description_width": "initial"},
        )
        self._refresh.on_click(lambda _button: self.refresh())
        self._cancel.on_click(lambda _button: self.cancel())
        self._window.observe(lambda _change: self._show_charts(), names="value")
        self._top = widgets.HBox([self._refresh, self._cancel, self._window])
        self._shown = widgets.HTML()
        self._depth, self._failures = (widgets.Image(format="png", layout={"max_width": "49%"}) for _i in range(2))
        self._charts = widgets.HBox([self._depth, self._failures], layout={"flex_flow": "row wrap"})

    def _start(self, diagnosis: Diagnosis | None) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # Nobody runs a loop (a plain script): the panel is a picture.
            self._refresh.disabled = True
            self._shown.value = self._banner.html(diagnosis)
            return
        self._tick = loop.create_task(self._age())
        if diagnosis is None:
            self.refresh()
        else:
            self._show_charts()

    async def _run(self) -> None:
        self._busy(True)
        try:
            self._diagnosis = await self._session.diagnose()
            self._banner.note = ""
            await self._draw()
        except asyncio.CancelledError:
            # Not raised again: nobody awaits this task, and its end is what was asked for.
            _ = self._wording.translate
            self._banner.note = _("Cancelled. What you see is the run before.")
        except DiagnosticsError as error:
            self._banner.note = str(error)
        # A bug must reach the person at the screen: a task's exception would be shown to nobody.
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            self._banner.note = f"{type(error).__name__}: {error}"
        finally:
            self._busy(False)

    def _busy(self, is_busy: bool) -> None:
        self._banner.is_busy = is_busy
        self._refresh.disabled, self._cancel.disabled = is_busy, not is_busy
        self._shown.value = self._banner.html(self._diagnosis)

    async def _age(self) -> None:
        while True:
            self._shown.value = self._banner.html(self._diagnosis, now=datetime.now(UTC))
            await asyncio.sleep(_TICK_S)

    def _show_charts(self) -> None:
        if self._redraw:
            self._redraw.cancel()
        self._redraw = asyncio.get_running_loop().create_task(self._draw())

    async def _draw(self) -> None:
        if self._diagnosis is None:
            return
        shown = narrowed(self._diagnosis, minutes=self._window.value)
        view = View(shown, language=self._wording.language, timezone=self._wording.timezone)
        for image, chart in ((self._depth, view.depth_chart()), (self._failures, view.failure_chart())):
            image.value = await asyncio.to_thread(chart.png)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget, and the verdict in words for a place that cannot show widgets."""
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**kwargs) or {})
        bundle["text/plain"] = self._banner.plain(self._diagnosis)
        return bundle


_OPEN: WeakKeyDictionary[Any, Console] = WeakKeyDictionary()


def console(session: Asked, diagnosis: Diagnosis | None = None) -> Console:
    """The console of `session`, showing `diagnosis` or, without one, looking at once.

    A second console of the same session closes the first, so that running the cell again leaves no timer behind.
    """
    if session in _OPEN:
        _OPEN[session].close()
    _OPEN[session] = Console(session, diagnosis)
    return _OPEN[session]
