"""The notebook as it is being executed: outputs into cells, and what became of each cell.

Fed with the child's records while it runs, and with the journal's when a killed run is sealed.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from nbformat import NotebookNode

from oncall import status
from oncall.headless.channel import Record
from oncall.headless.child import Cell
from oncall.headless.document import node
from oncall.status import CellState, State

SKIP_TAG = "skip-execution"
_LARGEST_CELL = 8 * 1024 * 1024
"""Characters of output kept per cell. A loop that prints must not eat the parent's memory."""
_PAPERMILL = {CellState.DONE: "completed", CellState.RUNNING: "running"}
_FAILED = (CellState.FAILED, CellState.DIED, CellState.TIMED_OUT)
_ENDED_BY = {State.DIED: (CellState.DIED, "CellDied"), State.TIMED_OUT: (CellState.TIMED_OUT, "CellTimedOut")}


class Recorder:
    """One notebook and its cells' fates."""

    def __init__(self, nb: NotebookNode) -> None:
        self.nb = copy.deepcopy(nb)
        self.states: dict[int, CellState] = {}
        self._sizes: dict[int, int] = {}
        self._clear_next: set[int] = set()
        self._displays: dict[str, list[NotebookNode]] = {}
        self._times: dict[int, list[float]] = {}
        self._began = time.time()
        for index, cell in self._code():
            cell.outputs, cell.execution_count = [], None
            is_skipped = SKIP_TAG in cell.metadata.get("tags", []) or not cell.source.strip()
            self.states[index] = CellState.SKIPPED if is_skipped else CellState.NEVER_RUN

    def plan(self) -> list[Cell]:
        """The cells to execute, in order."""
        wanted = [index for index, state in self.states.items() if state is CellState.NEVER_RUN]
        return [Cell(index=index, source=self.nb.cells[index].source) for index in wanted]

    def record(self, record: Record) -> None:
        """Take one `started`, `output` or `ended` record; others do not concern the notebook."""
        index = record.get("index", -1)
        if index not in self.states:
            return
        match record["kind"]:
            case "started":
                self.states[index] = CellState.RUNNING
                self._times[index] = [record["at"]]
            case "output":
                self._show(index, record["output"])
            case "ended":
                self.states[index] = CellState(record["state"])
                self.nb.cells[index].execution_count = record["execution_count"]
                self._times[index].append(record["at"])
                if "outputs" in record:
                    self.nb.cells[index].outputs = [node(o) for o in record["outputs"]]

    @property
    def running(self) -> int | None:
        """Index of the cell that is being executed."""
        return next((i for i, state in self.states.items() if state is CellState.RUNNING), None)

    @property
    def is_complete(self) -> bool:
        """Whether every cell that was to run did, and none failed."""
        return all(state in (CellState.DONE, CellState.SKIPPED) for state in self.states.values())

    @property
    def failure(self) -> str | None:
        """Which cell failed and how, in English."""
        index = next((i for i, state in self.states.items() if state is CellState.FAILED), None)
        if index is None:
            return None
        names = [output.ename for output in self.nb.cells[index].outputs if output.output_type == "error"]
        return f"cell {index} raised {names[-1] if names else 'an error'}"

    def finish(self, state: State, reason: str | None) -> None:
        """Write into the notebook how it ended. `reason` is one English sentence unless the run is done."""
        if state in _ENDED_BY and self.running is not None:
            index = self.running
            self.states[index], name = _ENDED_BY[state]
            told = reason or state.value
            error = node({"output_type": "error", "ename": name, "evalue": told, "traceback": [f"{name}: {told}"]})
            self.nb.cells[index].outputs.append(error)
        self._mark(state, reason)

    def cells(self) -> tuple[dict[str, Any], ...]:
        """The fates as `status.json` has them."""
        return tuple({"index": index, "state": state.value} for index, state in self.states.items())

    def _mark(self, state: State, reason: str | None) -> None:
        self.nb.metadata["runbook"] = {**self.nb.metadata.get("runbook", {}), "state": state.value, "reason": reason}
        # Where no cell can carry the blame, the first unrun one does: papermill looks at cells alone.
        is_blamed = any(fate in _FAILED for fate in self.states.values()) or state is State.DONE
        for index, cell in self._code():
            fate = self.states[index]
            is_first_unrun = not is_blamed and fate is CellState.NEVER_RUN
            is_blamed = is_blamed or is_first_unrun
            cell.metadata["runbook"] = {"state": fate.value}
            cell.metadata["papermill"] = {
                "exception": fate in _FAILED or is_first_unrun,
                **_span(*self._times.get(index, [])),
                "status": "failed" if fate in _FAILED else _PAPERMILL.get(fate, "pending"),
            }
        overall = self.nb.metadata.setdefault("papermill", node({}))
        overall.update(_span(self._began, time.time()), exception=True if state is not State.DONE else None)

    def _show(self, index: int, output: dict[str, Any]) -> None:
        outputs = self.nb.cells[index].outputs
        kind = output["output_type"]
        if kind == "clear_output":
            self._clear_next.add(index) if output["wait"] else outputs.clear()
            return
        if kind == "update_display_data":
            for shown in self._displays.get(output.get("display_id", ""), []):
                shown.data, shown.metadata = node(output["data"]), output["metadata"]
            return
        if index in self._clear_next:
            self._clear_next.discard(index)
            outputs.clear()
        if self._has_room(index, output):
            self._add(outputs, output)

    def _has_room(self, index: int, output: dict[str, Any]) -> bool:
        if output["output_type"] == "error":
            return True
        before = self._sizes.get(index, 0)
        self._sizes[index] = before + len(str(output.get("text") or output.get("data")))
        if before <= _LARGEST_CELL < self._sizes[index]:
            note = {"output_type": "stream", "name": "stderr", "text": "\n[more output of this cell was cut]\n"}
            self._add(self.nb.cells[index].outputs, note)
        return self._sizes[index] <= _LARGEST_CELL

    def _add(self, outputs: list[NotebookNode], output: dict[str, Any]) -> None:
        is_stream = output["output_type"] == "stream"
        last = outputs[-1] if outputs else None
        if is_stream and last is not None and last.output_type == "stream" and last.name == output["name"]:
            last.text += output["text"]
            return
        display_id = output.get("display_id")
        shown = node({key: value for key, value in output.items() if key != "display_id"})
        outputs.append(shown)
        if display_id:
            self._displays.setdefault(display_id, []).append(shown)

    def _code(self) -> Iterator[tuple[int, NotebookNode]]:
        return ((i, cell) for i, cell in enumerate(self.nb.cells) if cell.cell_type == "code")


def _span(began: float | None = None, ended: float | None = None) -> dict[str, Any]:
    """Epoch seconds in papermill's words."""
    told = {"start_time": began, "end_time": ended}
    moments = {name: at and status.stamp(datetime.fromtimestamp(at, UTC)) for name, at in told.items()}
    return {**moments, "duration": round(ended - began, 6) if began and ended else None}
