"""The queue on a terminal: ours and the old script's number side by side, every state, flow and forecast."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text as Rich

from diagnostics.model import Diagnosis
from diagnostics.readings import QueueCounts
from diagnostics.report.glance import Glance, glance
from diagnostics.report.summary import summarise, worst_first
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.trends.capacity import Capacity, Flows
from diagnostics.trends.whatif import formula, outlook
from diagnostics.wording import Wording
from oncall.terminal import STYLES, page, paragraph, row, title


def print_glance(
    diagnosis: Diagnosis, *, language: str, timezone: str, stream: TextIO, width: int | None = None
) -> None:
    """Write the glance to `stream`, at most 100 columns wide."""
    wording = Wording(language, timezone)
    console, view = page(stream, width), glance(diagnosis)
    _head(console, diagnosis, wording)
    _numbers(console, view, wording)
    _states(console, view, wording)
    _flow(console, view, wording)
    _script(console, view, wording)
    _unseen(console, diagnosis, wording)


def _head(console: Console, diagnosis: Diagnosis, wording: Wording) -> None:
    """Severity and the worst finding; a glance names no cause."""
    _ = wording.translate
    console.print(Rich(_("profile {profile} · queue").format(profile=diagnosis.scope.profile)))
    worst = worst_first(diagnosis.findings)[:1]
    sentence = wording.say(worst[0].sentence) if worst else ""
    if diagnosis.severity is Severity.OK:
        sentence = _("nothing abnormal is seen in the queue")
    word = (f" {wording.severity(diagnosis.severity)} ", STYLES[diagnosis.severity])
    console.print(Rich.assemble(word, " ", (sentence, "bold")))
    if diagnosis.partial:
        console.print(Rich(summarise(diagnosis, wording).partial))


def _numbers(console: Console, view: Glance, wording: Wording) -> None:
    _ = wording.translate
    counts = view.counts
    limits = _("critical > {critical:g}").format(critical=view.limits.critical)
    if view.limits.warning is not None:
        limits += ", " + _("warning > {warning:g}").format(warning=view.limits.warning)
    ours = _("{depth} jobs ready and not started ({limits})").format(
        depth=_told(counts.depth if counts else None), limits=limits
    )
    script = _("{count} = wait + active, which it calls {severity}").format(
        count=_told(view.script_jobs), severity=wording.severity(view.script_severity)
    )
    row(console, _("depth"), ours)
    row(console, _("old script"), script)


def _states(console: Console, view: Glance, wording: Wording) -> None:
    _ = wording.translate
    counts = view.counts
    title(console, _("Jobs by state"))
    if counts is None or not counts.is_present:
        row(console, "", _("not seen") if counts is None else _("there is no such queue in this Redis"))
        return
    oldest = (
        _("oldest for {age}").format(age=wording.duration(view.oldest_waiting_s))
        if view.oldest_waiting_s is not None
        else ""
    )
    running = (
        _("oldest for {age}").format(age=wording.duration(view.oldest_active_s))
        if view.oldest_active_s is not None
        else ""
    )
    for state, note in (
        ("wait", oldest),
        ("paused", _("the queue is paused: nothing is taken") if counts.is_paused else ""),
        ("prioritized", ""),
        ("active", running),
        ("delayed", ""),
        ("failed", _("kept; the old script prints 0")),
        ("completed", _("kept; older ones are deleted")),
    ):
        count = _told(getattr(counts, state))
        row(console, state, f"{count:>7}   {note}".rstrip())
    if counts.limiter_ms or counts.rate_max_jobs:
        row(console, _("rate limit"), wording.say(_rate_limit(counts)))
    if counts.concurrency_limit:
        row(console, _("at once"), wording.say(_at_once(counts)))


def _rate_limit(counts: QueueCounts) -> Text:
    """How much of the window is used up, and when the next one begins."""
    used, most, left_s = counts.limiter_jobs or 0, counts.rate_max_jobs, (counts.limiter_ms or 0) / 1000
    if most is None:
        return text("set by a worker: {used} jobs begun, the next window begins in {s:.1f} s", used=used, s=left_s)
    window_s = (counts.rate_window_ms or 0) / 1000
    if not counts.limiter_ms:
        return text("at most {max} jobs in {window:g} s; no window is open", max=most, window=window_s)
    return text(
        "{used} of at most {max} jobs in {window:g} s are begun; the next window begins in {s:.1f} s",
        used=min(used, most),
        max=most,
        window=window_s,
        s=left_s,
    )


def _at_once(counts: QueueCounts) -> Text:
    active = "?" if counts.active is None else counts.active
    return text(
        "{active} of at most {max} jobs, all workers together", active=active, max=counts.concurrency_limit or 0
    )


def _flow(console: Console, view: Glance, wording: Wording) -> None:
    _ = wording.translate
    title(console, _("Flow"))
    for label, told in (
        (_("in"), _rate(view.moving, is_in=True)),
        (_("out"), _rate(view.moving, is_in=False)),
        (_("slots"), _slots(view.room)),
        (_("forecast"), _forecast(view.room)),
    ):
        row(console, label, wording.say(told))


def _rate(moving: Flows | None, *, is_in: bool) -> Text:
    if moving is None:
        return text("not known")
    rate = moving.arrivals if is_in else moving.taken
    return text(
        "{value:.0f} jobs/min ({low:.0f} to {high:.0f}): {how}",
        value=rate.value * 60,
        low=rate.low * 60,
        high=rate.high * 60,
        how=rate.how,
    )


def _slots(room: Capacity | None) -> Text:
    if room is None:
        return text("not known")
    return text(
        "{active} of {held} in use ({replicas} replicas x {concurrency}); arrivals need {needed:.1f}",
        active="?" if room.active is None else room.active,
        held=room.slots.count,
        replicas=room.slots.replicas,
        concurrency=room.slots.concurrency,
        needed=room.needed.value,
    )


def _forecast(room: Capacity | None) -> Text:
    if room is None:
        return text("not possible: slots, arrivals or job length are not known")
    if not room.backlog:
        return text("nothing waits")
    return text("{drain}: {formula}", drain=outlook(room), formula=formula(room))


def _script(console: Console, view: Glance, wording: Wording) -> None:
    _ = wording.translate
    title(console, _("What the old script does not show"))
    for told in view.unseen_by_script():
        paragraph(console, wording.say(told), indent=2)
    paragraph(console, _("A read that fails: it prints 0 and calls the queue normal."), indent=2)


def _unseen(console: Console, diagnosis: Diagnosis, wording: Wording) -> None:
    _ = wording.translate
    spots = summarise(diagnosis, wording).unseen
    if spots:
        title(console, _("What we could not see"))
    for spot in spots:
        paragraph(console, spot.why, indent=2)
        paragraph(console, "→ " + spot.regain, indent=4)


def _told(count: int | None) -> str:
    return "?" if count is None else str(count)
