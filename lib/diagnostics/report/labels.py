"""The report's headings and fixed words, collected here so that the message extraction finds them."""

from __future__ import annotations

from diagnostics.wording import Wording


def labels(wording: Wording) -> dict[str, str]:
    """Label by name, in the reader's language."""
    _ = wording.translate
    return {
        "report": _("Incident report"),
        "profile": _("Profile"),
        "incident": _("Incident"),
        "how_sure": _("How sure"),
        "since": _("Since"),
        "next_step": _("Next step"),
        "also": _("Also wrong"),
        "next_probe": _("Cheapest next probe"),
        "see_it": _("See it yourself"),
        "unseen": _("What we could not see"),
        "hides": _("Hides:"),
        "unseen_none": _("No blind spot, besides the standing limits."),
        "escalate": _("Escalate"),
        "findings": _("Findings"),
        "in_order": _("Checks that found nothing wrong"),
        "severity": _("Severity"),
        "finding": _("Finding"),
        "value": _("Value"),
        "limit": _("Limit"),
        "evidence": _("Evidence"),
        "trends": _("Trends"),
        "no_charts": _("The charts could not be made; status.json says why."),
        "metrics": _("The runbook's critical metrics"),
        "handoff": _("To hand over"),
        "sentry_event": _("The event for Sentry, prepared; nothing is sent until you run it"),
        "in_depth": _("The queue in depth"),
        "what_to_do": _("What to do"),
        "changes": _("Changes"),
        "undo": _("Undo"),
        "open": _("open the page"),
        "steps": _("The runbook, line by line"),
        "this_branch": _("this branch applies"),
        "by_hand": _("by hand: no finding covers this line"),
        "causes": _("Causes considered"),
        "explains": _("explains"),
        "against": _("speaks against it"),
        "asserted": _("what this run stands by"),
        "contacts": _("Contacts"),
        "limits": _("Limits: what nobody can see from here"),
        "facts": _("This run"),
        "timeline": _("Timeline"),
        "regain": _("To regain sight"),
        "appendix": _("Evidence, as recorded"),
        "files": _("Files beside this report"),
        "none": _("none"),
    }
