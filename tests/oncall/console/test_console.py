"""The console: it only renders, never blocks, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from tests.diagnostics.diagnoses import diagnosis
from tests.oncall.support import only

from diagnostics.errors import SettingsError
from diagnostics.model import Diagnosis
from diagnostics.report.verdict import verdict_document
from diagnostics.text import text
from oncall.console import Console, console
from oncall.console.lookback import CHOICES_MIN, narrowed, nearest
from oncall.session import open_session


@dataclass(eq=False)
class Asked:
    """A session whose answer waits for the test."""

    language: str = "en"
    timezone: str = "UTC"
    answer: Diagnosis | Exception = field(default_factory=diagnosis)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    looks: int = 0

    async def diagnose(self) -> Diagnosis:
        self.looks += 1
        await self.may_end.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def banner(panel: Console) -> str:
    return panel._shown.value


async def until(condition, *, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


async def drawn(panel: Console) -> None:
    await until(lambda: panel._depth.value and panel._failures.value)


async def test_a_given_diagnosis_is_shown_without_looking_again():
    asked = Asked()
    panel = console(asked, diagnosis())
    await drawn(panel)
    assert asked.looks == 0
    assert "The worker cannot resolve the Redis host name" in banner(panel)
    panel.close()


async def test_without_a_diagnosis_it_looks_at_once():
    asked = Asked()
    panel = console(asked)
    await until(lambda: "Looking" in banner(panel))
    asked.may_end.set()
    await drawn(panel)
    assert asked.looks == 1
    panel.close()


async def test_refresh_replaces_banner_and_charts_in_place():
    asked = Asked(answer=diagnosis(next_step=text("a new step"), evidence=diagnosis().evidence[:2]))
    panel = console(asked, diagnosis())
    await drawn(panel)
    before, image = panel._depth.value, panel._depth
    asked.may_end.set()
    panel._refresh.click()
    await until(lambda: "a new step" in banner(panel) and panel._depth.value != before)
    assert panel._depth is image
    panel.close()


async def test_while_it_looks_refresh_is_off_cancel_is_on_and_the_loop_runs():
    asked = Asked()
    panel = console(asked, diagnosis())
    panel.refresh()
    panel.refresh()
    await until(lambda: asked.looks == 1)
    assert (panel._refresh.disabled, panel._cancel.disabled) == (True, False)
    async with asyncio.timeout(0.5):
        await asyncio.sleep(0.05)
    assert asked.looks == 1
    panel.close()


async def test_cancel_keeps_what_was_shown_and_says_so():
    asked = Asked()
    panel = console(asked, diagnosis())
    panel.refresh()
    await until(lambda: asked.looks == 1)
    panel._cancel.click()
    await until(lambda: "Cancelled" in banner(panel))
    assert "The worker cannot resolve the Redis host name" in banner(panel)
    assert (panel._refresh.disabled, panel._cancel.disabled) == (False, True)
    panel.close()


@pytest.mark.parametrize("error", [SettingsError("profile x is <b>wrong</b>"), RuntimeError("a <b>bug</b>")])
async def test_an_error_is_shown_in_the_banner_as_text(error, capsys):
    asked = Asked(answer=error)
    asked.may_end.set()
    panel = console(asked, diagnosis())
    panel.refresh()
    await until(lambda: "&lt;b&gt;" in banner(panel))
    assert not panel._refresh.disabled
    panel.close()


async def test_a_good_look_clears_the_error():
    asked = Asked(answer=SettingsError("no way"))
    asked.may_end.set()
    panel = console(asked, diagnosis())
    panel.refresh()
    await until(lambda: "no way" in banner(panel))
    asked.answer = diagnosis()
    await until(lambda: not panel._refresh.disabled)
    panel.refresh()
    await until(lambda: "no way" not in banner(panel))
    panel.close()


async def test_the_age_lives():
    panel = console(Asked(), diagnosis())
    await until(lambda: "ago" in banner(panel))
    first = banner(panel)
    panel._diagnosis = replace(diagnosis(), finished_at=diagnosis().finished_at - timedelta(days=9))
    await until(lambda: banner(panel) != first)
    panel.close()


async def test_closing_leaves_no_task_behind():
    before = asyncio.all_tasks()
    asked = Asked()
    panel = console(asked, diagnosis())
    panel.refresh()
    await until(lambda: asked.looks == 1)
    panel.close()
    await until(lambda: asyncio.all_tasks() == before)


async def test_running_the_cell_again_closes_the_console_before():
    before = asyncio.all_tasks()
    asked = Asked()
    console(asked, diagnosis())
    panel = console(asked, diagnosis())
    await drawn(panel)
    assert len(asyncio.all_tasks() - before) <= 2
    panel.close()
    await until(lambda: asyncio.all_tasks() == before)
    gc.collect()


async def test_a_shorter_look_back_redraws_without_looking_again():
    asked = Asked()
    panel = console(asked, diagnosis())
    await drawn(panel)
    before = panel._depth.value
    panel._window.value = 15
    await until(lambda: panel._depth.value != before)
    assert asked.looks == 0
    panel.close()


async def test_words_stand_in_where_there_are_no_widgets():
    panel = console(Asked(), diagnosis())
    shown = panel._repr_mimebundle_()
    assert "CRITICAL: The worker cannot resolve the Redis host name" in shown["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in shown
    panel.close()


def test_without_a_running_loop_it_is_a_picture():
    panel = Console(Asked(may_end=None), diagnosis())  # type: ignore[arg-type]
    assert panel._refresh.disabled
    assert "CRITICAL" in panel._shown.value
    panel.close()


def test_the_selector_starts_at_what_was_asked_for():
    assert nearest(diagnosis()) == 180
    assert nearest(None) in CHOICES_MIN
    assert nearest(narrowed(diagnosis(), minutes=20)) == 15


def test_narrowing_keeps_the_end_and_the_evidence():
    made = narrowed(diagnosis(), minutes=60)
    assert made.scope.window.until - made.scope.window.since == timedelta(minutes=60)
    assert made.evidence == diagnosis().evidence


async def test_refresh_and_cancel_touch_no_file_of_the_saved_artifact(tmp_path, profile):
    session = open_session("worker-not-processing", profile=str(profile), output_dir=str(tmp_path / "out"))
    first = await session.diagnose()
    session.save()
    folder = only(tmp_path / "out")
    before = {name: (folder.path / name).read_bytes() for name in folder.names()}
    panel = console(session, first)
    panel.refresh()
    await until(lambda: panel._diagnosis is not first and not panel._refresh.disabled)
    panel.refresh()
    await until(lambda: panel._refresh.disabled)
    panel.cancel()
    await until(lambda: "Cancelled" in banner(panel))
    panel.close()
    assert {name: (folder.path / name).read_bytes() for name in folder.names()} == before
    session.save()
    assert folder.is_sealed()
    assert folder.json("verdict.json")["finished_at"] > verdict_document(first)["finished_at"]
