"""IPython inside this process, with everything a cell shows turned into notebook outputs."""

from __future__ import annotations

import base64
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type

Output = dict[str, Any]
Emit = Callable[[Output], None]
_LIVE_WIDGET = "application/vnd.jupyter.widget-view+json"
_STREAM_CHUNK = 65536


class StreamCapture:
    """Stands in for `sys.stdout` or `sys.stderr`. Whole lines are passed on at once, so a death costs no line."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, emit: Emit) -> None:
        self.name = name
        self._emit = emit
        self._rest = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            whole, newline, self._rest = (self._rest + text).rpartition("\n")
            if len(self._rest) > _STREAM_CHUNK:
                whole, newline, self._rest = whole + newline + self._rest, "", ""
            self._pass_on(whole + newline)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        self.write("".join(lines))

    def drain(self) -> None:
        """Pass on an unfinished line too; done before anything that must come after it."""
        with self._lock:
            rest, self._rest = self._rest, ""
            self._pass_on(rest)

    def flush(self) -> None:
        """Nothing: `print(..., flush=True)` must not cut a line, and with it a secret, in two."""

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def _pass_on(self, text: str) -> None:
        if text:
            self._emit({"output_type": "stream", "name": self.name, "text": text})


class _Publisher(DisplayPublisher):
    """`display(...)` and its updates."""

    shell: Any

    def publish(  # type: ignore[override]
        self,
        data: Output,
        metadata: Output | None = None,
        *,
        transient: Output | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        display_id = (transient or {}).get("display_id")
        kind = "update_display_data" if update else "display_data"
        output = {"output_type": kind, "data": bundle(data), "metadata": metadata or {}}
        self.shell.emit({**output, "display_id": display_id} if display_id else output)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.emit({"output_type": "clear_output", "wait": wait})


class _Hook(DisplayHook):
    """The value of a cell's last expression."""

    shell: Any

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Output, md_dict: Output | None = None) -> None:
        self.shell.emit(
            {
                "output_type": "execute_result",
                "execution_count": self.prompt_count,
                "data": bundle(format_dict),
                "metadata": md_dict or {},
            }
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


class HeadlessShell(InteractiveShell):
    """One notebook's interpreter. Lives in a child process of its own and is never used twice."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def __init__(self, emit: Emit, **kwargs: Any) -> None:
        self._emit = emit
        self._streams = (StreamCapture("stdout", self._pass_on), StreamCapture("stderr", self._pass_on))
        self.errors: list[Output] = []
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        # There is no prompt to leave.
        warnings.filterwarnings("ignore", message="To exit: use")
        # Short tracebacks: full ones quote source lines and this machine's folders. stderr has the whole.
        self.InteractiveTB.set_mode(mode="Minimal")

    def init_io(self) -> None:
        sys.stdout, sys.stderr = self._streams

    def emit(self, output: Output) -> None:
        """Hand one output on, after everything printed before it."""
        self.drain()
        self._pass_on(output)

    def drain(self) -> None:
        """Hand on unfinished lines."""
        for stream in self._streams:
            stream.drain()

    def ask_exit(self) -> NoReturn:
        """`exit()` in a cell ends no notebook: it fails the cell, as `sys.exit()` does."""
        raise SystemExit

    async def run(self, source: str) -> ExecutionResult:
        """Execute one cell; top-level `await` works, and so do magics. Errors are outputs, see `errors`."""
        self.errors.clear()
        broken = None
        try:
            transformed = self.transform_cell(source)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - IPython's contract: it shows what its own transformers raise
            transformed, broken = source, sys.exc_info()
        result = None
        try:
            result = await self.run_cell_async(
                source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=broken
            )
        finally:
            self.events.trigger("post_execute")
            self.events.trigger("post_run_cell", result)
        self._show_unshown(result)
        self.drain()
        return result

    def _show_unshown(self, result: ExecutionResult) -> None:
        """IPython prints exception groups and usage errors instead of showing them as errors."""
        error = result.error_before_exec or result.error_in_exec
        if error is not None and not self.errors:
            self._showtraceback(type(error), error, traceback.format_exception_only(error))

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        told = str(evalue)
        if isinstance(evalue, SystemExit):
            # papermill takes `SystemExit` with the value 0 for success with later cells unrun.
            told = f"sys.exit({told}) in a cell: a notebook is not ended this way"
        output = {"output_type": "error", "ename": etype.__name__, "evalue": told, "traceback": list(stb)}
        self.errors.append(output)
        self.emit(output)

    def _pass_on(self, output: Output) -> None:
        self._emit(output)


def bundle(data: Output) -> Output:
    """A mime bundle as a notebook stores it: bytes in base64, live widgets by their text alone."""
    return {
        mime: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for mime, value in data.items()
        if mime != _LIVE_WIDGET or "text/plain" not in data
    }
