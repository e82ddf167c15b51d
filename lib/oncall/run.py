"""`runbook run`: the notebooks of some incidents, headless.

One command looks once. Its first notebook looks; the others judge what that one has seen: five looks at once would
put five times the load on a platform in trouble, hold up one another's answers, and might disagree.
"""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from diagnostics.errors import SettingsError
from diagnostics.runbooks import RUNBOOKS
from diagnostics.text import text
from oncall import project, sealing
from oncall.exits import Ending, combined
from oncall.headless.stopping import Stop
from oncall.log import clean_streams
from oncall.question import Question, Wish, checked, wish_from
from oncall.telling import Teller, teller_for

if TYPE_CHECKING:
    from oncall.headless.watch import Watch

ALL = "all"
_CELL_S = 60.0
"""A cell may take this much longer than the deadline (seconds): charts and tables take their time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run: incidents and the notebooks' parameters, both as typed by a person."""

    incidents: Sequence[str]
    parameters: Mapping[str, str]
    is_json: bool = False
    is_stock_kernel: bool = False

    def wishes(self) -> list[Wish]:
        """One for each incident, `all` for every one that has a runbook.

        Raises: SettingsError for an unknown parameter.
        """
        known = [runbook.slug for runbook in RUNBOOKS]
        wanted = [slug for given in self.incidents for slug in (known if given == ALL else [given])]
        return [wish_from(slug, self.parameters) for slug in dict.fromkeys(wanted)]


def run(order: Order, *, started_s: float) -> int:
    """Run and return the exit code. `started_s` is when the command began, on the monotonic clock.

    Raises: SettingsError before anything is read or written.
    """
    wishes = order.wishes()
    if not wishes:
        raise SettingsError(f"name an incident, or {ALL!r}: {', '.join(r.slug for r in RUNBOOKS)}")
    questions = [checked(wish) for wish in wishes]
    from oncall.headless import prepare

    prepare.import_quickly()
    project.keep_caches_out_of_home()
    given = _typed(wishes[0], order.parameters)
    notebooks = [
        prepare.notebook(q.scope.slug, language=q.language, parameters={"profile": wishes[0].profile or "", **given})
        for q in questions
    ]
    return execute(questions, notebooks, order, started_s=started_s)


def execute(questions: Sequence[Question], notebooks: Sequence[Any], order: Order, *, started_s: float) -> int:
    """Run prepared notebooks, one for each question, and return the exit code."""
    from oncall.headless import launching
    from oncall.headless.live import Bounds

    teller = teller_for(questions[0], is_json=order.is_json)
    bounds = Bounds(cell_s=questions[0].scope.deadline_s + _CELL_S)
    with clean_streams(questions[0].redactor), Stop() as stop, ExitStack() as kept:
        watches = [_watch(q, nb, teller, started_s) for q, nb in zip(questions, notebooks, strict=True)]
        for watch in watches:
            kept.enter_context(sealing.truthful(watch.artifact))
        watches[0].look_for(watches[1:])
        # Rendering waits until every verdict is on the screen.
        launching.run(watches, stop=stop, bounds=bounds, ended=lambda _: None, is_stock_kernel=order.is_stock_kernel)
        return combined([_sealed(watch, teller) for watch in watches])


def _watch(question: Question, nb: Any, teller: Teller, started_s: float) -> Watch:
    from oncall.headless.watch import Watch

    scope = question.scope
    teller.log.step(
        text(
            "profile {profile}, {incident}, deadline {s:g} s",
            profile=scope.profile,
            incident=scope.slug,
            s=scope.deadline_s,
        )
    )
    artifact = sealing.begin_artifact(question)
    return Watch(
        nb=nb,
        redactor=question.redactor,
        started_s=started_s,
        question=question,
        artifact=artifact,
        tell=partial(teller.verdict, artifact=artifact),
    )


def _sealed(watch: Watch, teller: Teller) -> Ending:
    ending = watch.seal(limit_s=sealing.RENDER_LIMIT_S)
    assert ending is not None, "a watch with a question has an ending"
    if watch.artifact:
        teller.place(watch.artifact)
    teller.log.ended(ending, watch.artifact)
    return ending


def _typed(wish: Wish, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The given parameters in their types, for the notebook's injected cell."""
    return {name: getattr(wish, name) for name in parameters if name != "output_dir"}
