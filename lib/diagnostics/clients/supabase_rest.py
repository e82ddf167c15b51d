"""The project's own REST interface (PostgREST), asked with each key apart. What it answers is an observation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from diagnostics.clients.http import Answer, Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.permitted import permit_get
from diagnostics.clients.symptoms import plain_words, recognise
from diagnostics.errors import ClientTimeout
from diagnostics.readings import CachedTable, RestAnswer, Symptom
from diagnostics.settings import shown

REQUESTS = (("GET", "/rest/v1/"), ("GET", "/rest/v1/{table}"))
"""The whole allow-list."""
_BY_STATUS = {
    401: Symptom.DATABASE_KEY,
    402: Symptom.DATABASE_QUOTA,
    403: Symptom.DATABASE_DENIED,
    502: Symptom.DATABASE_DOWN,
    503: Symptom.DATABASE_DOWN,
    504: Symptom.TIMED_OUT,
    521: Symptom.DATABASE_DOWN,
    522: Symptom.DATABASE_DOWN,
    540: Symptom.DATABASE_PAUSED,
    544: Symptom.TIMED_OUT,
}
"""The gateway's statuses, where no text says more."""
_CODE = re.compile(r"PGRST\d{3}|[0-9]{2}[0-9A-Z]{3}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class _Definition(Payload):
    properties: dict[str, Any]


class _Description(Payload):
    definitions: dict[str, _Definition | str]
    """A text in the place of a table is none of PostgREST's; it is passed over."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where the interface is, and one key to it. `role` says whose: `anon` or `service`."""

    http: Http
    base_url: str
    role: str
    key: str
    timeout_s: float

    @property
    def headers(self) -> dict[str, str]:
        """The key goes in `apikey`; a key of the older kind, a JSON web token, also as bearer."""
        bearer = {"Authorization": f"Bearer {self.key}"} if self.key.startswith("eyJ") else {}
        return {"apikey": self.key, **bearer}


async def read_row(gate: Gate, table: str) -> RestAnswer:
    """Whether one row of `table` may be read; the row itself is dropped. Raises ClientError when nobody answers."""
    return (await _ask(gate, f"/rest/v1/{table}?select=id&limit=1", table))[0]


async def read_description(gate: Gate) -> tuple[RestAnswer, tuple[CachedTable, ...] | None]:
    """The interface's description of itself, which is its schema cache; only the service key may read it."""
    told, answer = await _ask(gate, "/rest/v1/", "")
    if told.symptom is not None or answer is None:
        return told, None
    where = f"GET {shown(gate.base_url)}/rest/v1/"
    body = parse(_Description, answer.json(where), where)
    return told, tuple(
        CachedTable(name=name, columns=tuple(sorted(filter(_NAME.fullmatch, table.properties))))
        for name, table in sorted(body.definitions.items())
        if isinstance(table, _Definition) and _NAME.fullmatch(name)
    )


async def _ask(gate: Gate, path: str, table: str) -> tuple[RestAnswer, Answer | None]:
    where = f"GET {shown(gate.base_url)}{permit_get(REQUESTS, path.split('?', maxsplit=1)[0])}"
    try:
        answer = await gate.http.get(gate.base_url + path, timeout_s=gate.timeout_s, headers=gate.headers)
    except ClientTimeout:
        silent = RestAnswer(
            role=gate.role,
            table=table,
            status_code=None,
            symptom=Symptom.TIMED_OUT,
            latency_s=gate.timeout_s,
        )
        return silent, None
    code, message = _told(answer)
    is_page = "html" in answer.content_type and answer.status_code in (401, 403)
    if answer.status_code == 429 or is_page or not (message or _is_known(answer.status_code)):
        # An edge before the project, or another service: that says nothing about the database.
        expect_ok(answer, where)
    symptom = None if answer.status_code < 400 else _symptom(answer.status_code, f"{code} {message}".strip())
    return (
        RestAnswer(
            role=gate.role,
            table=table,
            status_code=answer.status_code,
            symptom=symptom,
            code=code if symptom else "",
            detail=plain_words(message) if symptom else "",
            latency_s=round(answer.latency_s, 3),
        ),
        answer,
    )


def _is_known(status_code: int) -> bool:
    return status_code < 400 or status_code in _BY_STATUS


def _symptom(status_code: int, told: str) -> Symptom:
    """The text decides; then the gateway's status; else it is some error of the database."""
    by_text = recognise(told)
    if by_text in (None, Symptom.OTHER, Symptom.DATABASE):
        return _BY_STATUS.get(status_code, Symptom.DATABASE)
    return by_text


def _told(answer: Answer) -> tuple[str, str]:
    """Code and message of an error; a web page and anything else tells nothing."""
    if answer.status_code < 400 or "html" in answer.content_type:
        return "", ""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    code = str(body.get("code") or "")
    return code if _CODE.fullmatch(code) else "", str(body.get("message") or body.get("error") or "")
