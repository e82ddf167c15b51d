"""Judgements about the services the worker depends on."""

from __future__ import annotations

from math import isnan

from diagnostics.checks.finding import bearer, blind, unread
from diagnostics.model import Finding
from diagnostics.readings import OpenRouterAccount, Symptom
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

LOW_CREDIT_USD = 1.0
_SAID: dict[Symptom, Text] = {
    Symptom.OPENROUTER_CREDENTIALS: text("OpenRouter refuses our key"),
    Symptom.OPENROUTER_CREDIT: text("our OpenRouter credit is used up"),
    Symptom.OPENROUTER_RATE_LIMITED: text("OpenRouter limits our rate of requests"),
    Symptom.OPENROUTER_DOWN: text("OpenRouter answers with server errors"),
    Symptom.TIMED_OUT: text("OpenRouter accepts the connection and gives no answer"),
}


def check_openrouter_account(seen: Seen, scope: Scope) -> Finding:
    """Judge OpenRouter's answer about our key. Source: runbook 1.B3."""
    account = seen.reading(OpenRouterAccount)
    command = bearer(scope.facts.openrouter_url + "/key", scope.facts.openrouter_variable)
    if account is None:
        return blind("openrouter.account", seen, "openrouter.account", command=command)
    if account.key_symptom is not None:
        return Finding(
            id="openrouter.account",
            severity=Severity.WARNING,
            state=account.key_symptom.value,
            sentence=_SAID.get(account.key_symptom, text("OpenRouter does not answer as usual")),
            evidence=seen.ids("openrouter.account"),
            command=command,
        )
    left = account.credit_left_usd
    if left is not None and isnan(left):
        return unread("openrouter.account", seen, "openrouter.account", command=command)
    is_low = left is not None and left < LOW_CREDIT_USD
    return Finding(
        id="openrouter.account",
        severity=Severity.WARNING if is_low else Severity.OK,
        state="low_credit" if is_low else "good",
        sentence=text("OpenRouter accepts our key, {left:.2f} USD left", left=left)
        if left is not None
        else text("OpenRouter accepts our key, no limit set"),
        value=left,
        unit="USD" if left is not None else "",
        threshold=LOW_CREDIT_USD if left is not None else None,
        evidence=seen.ids("openrouter.account"),
        command=command,
    )


CHECKS = (check_openrouter_account,)
