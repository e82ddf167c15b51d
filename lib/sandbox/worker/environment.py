"""The worker's environment: validated at start, refused in the words of zod 4."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

Issue = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the worker was told. Everything but the last group is named as in production."""

    redis_url: str
    redis_token: str
    supabase_url: str
    supabase_key: str
    encryption_key: str
    openrouter_key: str
    openrouter_url: str
    queue_name: str
    concurrency: int
    port: int
    log_level: str
    is_production: bool
    extra_ca: str
    resolver: str
    """Name server of the host, `address:port`; empty: the system's own."""
    kommo_url: str
    job_seconds: float
    """Length of a simulated job of weight one (s)."""


class EnvironmentInvalid(ValueError):
    """Some variables are missing or wrong; `str()` is what a ZodError would say."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__(json.dumps(issues, indent=2))
        self.issues = issues


def read_environment(values: Mapping[str, str]) -> Environment:
    """Turn variables into an `Environment`.

    Raises:
        EnvironmentInvalid: with every issue, not only the first.
    """
    issues = [issue for name, (is_required, rule) in RULES.items() for issue in _check(values, name, rule, is_required)]
    if issues:
        raise EnvironmentInvalid(issues)
    return Environment(
        redis_url=values["UPSTASH_REDIS_REST_URL"],
        redis_token=values["UPSTASH_REDIS_REST_TOKEN"],
        supabase_url=values["SUPABASE_URL"],
        supabase_key=values["SUPABASE_SERVICE_ROLE_KEY"],
        encryption_key=values["ENCRYPTION_KEY"],
        openrouter_key=values.get("OPENROUTER_API_KEY", ""),
        openrouter_url=values.get("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1"),
        queue_name=values.get("JOB_QUEUE_NAME", "agent-jobs"),
        concurrency=int(float(values.get("JOB_CONCURRENCY", "25"))),
        port=int(values.get("PORT", "3001")),
        log_level=values.get("LOG_LEVEL", ""),
        is_production=values.get("NODE_ENV") == "production",
        extra_ca=values.get("NODE_EXTRA_CA_CERTS", ""),
        resolver=values.get("NAME_SERVER", ""),
        kommo_url=values.get("KOMMO_BASE_URL", "https://www.kommo.com"),
        job_seconds=float(values.get("SIMULATED_JOB_SECONDS", "0.2")),
    )


def _check(values: Mapping[str, str], name: str, rule: Rule, is_required: bool) -> list[Issue]:
    value = values.get(name)
    if value is None:
        missing: Issue = {
            "expected": "string",
            "code": "invalid_type",
            "path": [name],
            "message": "Invalid input: expected string, received undefined",
        }
        return [missing] if is_required else []
    issue = rule(value)
    if issue is None:
        return []
    message = issue.pop("message")
    return [{**issue, "path": [name], "message": message}]


def _url(value: str) -> Issue | None:
    parts = urlsplit(value)
    if parts.scheme and parts.netloc and not any(letter.isspace() for letter in value.strip()):
        return None
    return {"code": "invalid_format", "format": "url", "message": "Invalid URL"}


def _at_least(length: int) -> Rule:
    def rule(value: str) -> Issue | None:
        if len(value) >= length:
            return None
        return {
            "origin": "string",
            "code": "too_small",
            "minimum": length,
            "inclusive": True,
            "message": f"Too small: expected string to have >={length} characters",
        }

    return rule


def _positive_integer(value: str) -> Issue | None:
    try:
        number = float(value.strip() or 0)
    except ValueError:
        return {
            "expected": "number",
            "code": "invalid_type",
            "received": "NaN",
            "message": "Invalid input: expected number, received NaN",
        }
    if not number.is_integer():
        return {
            "expected": "int",
            "format": "safeint",
            "code": "invalid_type",
            "message": "Invalid input: expected int, received number",
        }
    if number > 0:
        return None
    return {
        "origin": "number",
        "code": "too_small",
        "minimum": 0,
        "inclusive": False,
        "message": "Too small: expected number to be >0",
    }


Rule = Callable[[str], Issue | None]

RULES: Mapping[str, tuple[bool, Rule]] = {
    "UPSTASH_REDIS_REST_URL": (True, _url),
    "UPSTASH_REDIS_REST_TOKEN": (True, _at_least(1)),
    "SUPABASE_URL": (True, _url),
    "SUPABASE_SERVICE_ROLE_KEY": (True, _at_least(1)),
    "ENCRYPTION_KEY": (True, _at_least(32)),
    "KOMMO_WEBHOOK_SECRET": (False, _at_least(16)),
    "OPENROUTER_BASE_URL": (False, _url),
    "KOMMO_BASE_URL": (False, _url),
    "JOB_CONCURRENCY": (False, _positive_integer),
    "PORT": (False, _positive_integer),
}
"""Variable → whether it must be there, and what it must look like."""
