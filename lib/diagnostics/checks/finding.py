"""How checks word their findings: one place for the shape, none for the judgement."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from diagnostics.model import FailureKind, Finding
from diagnostics.readings import Symptom
from diagnostics.scope import Facts
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text

NOT_CONFIGURED = "not_configured"
NOT_PERMITTED = "not_permitted"
TOO_LITTLE = "too_little"
BLIND = "blind"
_UNTOLD = (NOT_CONFIGURED, NOT_PERMITTED, TOO_LITTLE, "not_told", "unknown_users", "attempts", "no_worker")
_NO_GOOD_SIGN = ("above", "tight", "differing", "starting", "few", "gone", "paused")
"""Known by another alarm; short within doubt; another than ours; too early; below a limit; not there; stopped."""
_TOLD = tuple(symptom.value for symptom in Symptom)
"""A symptom is told without an alarm where another check judges it."""
NOT_JUDGED = frozenset((*_UNTOLD, *_NO_GOOD_SIGN, *_TOLD))
"""States that raise no alarm and yet do not say that something is in order."""


def blind(check: str, seen: Seen, *probes: str, command: str = "") -> Finding:
    """The finding of a check that has nothing to judge: UNKNOWN, or a standing limit.

    A system absent from the profile is a limit; everything else we tried and could not read is a blind spot.
    """
    kinds = {kind for probe in probes if (kind := seen.failed_as(probe))}
    is_limit = kinds == {FailureKind.NOT_CONFIGURED}
    items = [item for probe in probes if (item := seen.of(probe))]
    why = next((i.failure.why for i in items if i.failure and i.failure.kind is not FailureKind.NOT_CONFIGURED), None)
    return Finding(
        id=check,
        severity=Severity.OK if is_limit else Severity.UNKNOWN,
        state=NOT_CONFIGURED if is_limit else BLIND,
        sentence=text("not seen: {why}", why=why) if why else text("not seen"),
        evidence=seen.ids(*probes),
        command=command,
    )


def unread(check: str, seen: Seen, *probes: str, command: str = "") -> Finding:
    """The finding of a check whose probe answered without the very value it judges: UNKNOWN, never OK."""
    return Finding(
        id=check,
        severity=Severity.UNKNOWN,
        state=BLIND,
        sentence=text("the answer came without the value that is judged here"),
        evidence=seen.ids(*probes),
        command=command,
    )


def curl(facts: Facts, path: str, *, jq: str = "") -> str:
    """The command that shows a worker endpoint to a person, with its status, or the part of its JSON that counts."""
    address = f"{facts.worker_url or '$RUNBOOK_WORKER__BASE_URL'}{path}"
    return f"curl -sS -m 10 {address} | jq {jq}" if jq else f"curl -sS -m 10 -w '\\n%{{http_code}}\\n' {address}"


def site(facts: Facts, path: str, *, jq: str = "", time: bool = False) -> str:
    """The command that shows an address of the site to a person: status and the edge's own word, JSON, or time."""
    address = (
        shlex.quote(f"{facts.frontend_url}{path}") if facts.frontend_url else f'"$RUNBOOK_FRONTEND__BASE_URL{path}"'
    )
    if jq:
        return f"curl -sS -m 10 {address} | jq {jq}"
    shown = "%{time_total} s, %{http_code}" if time else "%{http_code} %header{x-vercel-error}"
    return f"curl -sS -m 10 -o /dev/null -w '{shown}\\n' {address}"


def vercel(facts: Facts, path: str, *, jq: str) -> str:
    """The command that asks Vercel about the project; ids and token stay in their variables."""
    project = facts.vercel_project or "$RUNBOOK_VERCEL__PROJECT_ID"
    team = f"teamId={facts.vercel_team}" if facts.vercel_team else ""
    url = f"{facts.vercel_url}{path.replace('{project}', project)}"
    query = f"{'&' if '?' in url else '?'}{team}" if team else ""
    return f'curl -sS "{url}{query}" -H "Authorization: Bearer ${facts.vercel_variable}" | jq {jq}'


def redis_cli(facts: Facts, *command: str) -> str:
    """The command that shows a Redis key to a person the way they can go; secrets stay in their variables."""
    words = " ".join(command)
    if facts.rest_variables:
        return _redis_curl(facts, words)
    tls = ' --cacert "$RUNBOOK_REDIS__CA_FILE"' if facts.has_own_ca else ""
    return f'redis-cli -u "${facts.redis_variable}"{tls} --no-auth-warning {words}'


def _redis_curl(facts: Facts, words: str) -> str:
    """The same over Upstash REST, one path segment a word; what redis-cli makes of an option is spelt out."""
    url, token = facts.rest_variables
    name, *arguments = shlex.split(words.replace("--scan --pattern", "SCAN 0 COUNT 1000 MATCH"))
    path = "/".join([name.lower(), *(quote(word, safe=":") for word in arguments)])
    tls = ' --cacert "$RUNBOOK_REDIS__CA_FILE"' if facts.has_own_ca else ""
    return f'curl -sS{tls} "${url}/{path}" -H "Authorization: Bearer ${token}"'


def bearer(url: str, variable: str) -> str:
    """The command that asks an API whose key is in `variable`."""
    return f'curl -sS {url} -H "Authorization: Bearer ${variable}"'


def railway(facts: Facts, selection: str) -> str:
    """The command that asks Railway about the service; ids and token stay in their variables."""
    query = "query($s:String!,$e:String!){" + selection + "}"
    variables = """{"s":"'"$RUNBOOK_RAILWAY__SERVICE_ID"'","e":"'"$RUNBOOK_RAILWAY__ENVIRONMENT_ID"'"}"""
    return (
        f'curl -sS {facts.railway_url} -H "{facts.railway_header}${facts.railway_variable}" '
        f"-H 'content-type: application/json' -d '" + '{"query":"' + query + '","variables":' + variables + "}'"
    )


LATEST_DEPLOYMENT = "serviceInstance(serviceId:$s,environmentId:$e){latestDeployment{status instances{status}}}"
