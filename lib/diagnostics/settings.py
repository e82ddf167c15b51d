"""Settings: one pure function of a profile (TOML) and an environment mapping.

Precedence: command-line option > environment and the profile's `env_file` > profile > default.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from diagnostics.errors import SettingsError
from diagnostics.fingerprint import fingerprint
from diagnostics.profile import SYSTEMS, Profile, RedisSection
from diagnostics.scope import Contact, Facts
from diagnostics.thresholds import Limits, Thresholds

PREFIX = "RUNBOOK_"


class Settings(BaseModel):
    """A profile together with the secrets it names. `repr` shows no secret."""

    model_config = ConfigDict(frozen=True)

    profile: Profile
    root: Path
    """Where relative paths of the profile start."""
    secrets: dict[str, SecretStr] = Field(default_factory=dict, repr=False)

    def secret(self, variable: str) -> str | None:
        """The value of the secret variable `variable`, or `None` when it is unset or empty."""
        value = self.secrets.get(variable)
        return value.get_secret_value() if value and value.get_secret_value() else None

    @property
    def history_path(self) -> Path | None:
        """Where `runbook watch` keeps its samples, if the profile has the section `history`."""
        return self.root / self.profile.history.path if self.profile.history else None

    def thresholds(self) -> Thresholds:
        """The profile's limits."""
        section = self.profile.thresholds
        return Thresholds(
            queue_depth_jobs=section.queue_depth_jobs,
            error_ratio=section.error_ratio,
            p95_s=section.p95_s,
            worker_down_s=Limits(None, section.worker_down_s),
            escalate_after_min=section.escalate_after_min,
        )

    def contacts(self) -> tuple[Contact, ...]:
        """Whom to call, in the profile's order."""
        return tuple(Contact(name=c.name, url=c.url) for c in self.profile.contacts)

    def facts(self) -> Facts:
        """What checks may know about the platform; no secret among it."""
        p = self.profile
        return Facts(
            **self._frontend(),
            **self._database(),
            **self._vendors(),
            worker_url=shown(p.worker.base_url) if p.worker and p.worker.base_url else "",
            railway_url=shown(p.railway.base_url) if p.railway else "",
            railway_variable=p.railway.token_env if p.railway else "RAILWAY_TOKEN",
            railway_header=p.railway.header if p.railway else "Project-Access-Token: ",
            openrouter_url=shown(p.openrouter.base_url) if p.openrouter else "",
            openrouter_variable=p.openrouter.token_env if p.openrouter else "OPENROUTER_API_KEY",
            openrouter_key=fingerprint(self.secret(p.openrouter.token_env) or "") if p.openrouter else "",
            redis_host=self._redis_host(p.redis) if p.redis else "",
            redis_port=self._redis_port(p.redis) if p.redis else None,
            redis_token=self._redis_token(p.redis) if p.redis else "",
            redis_variable=p.redis.url_env if p.redis else "REDIS_URL",
            rest_variables=self._rest_variables(p.redis) if p.redis else (),
            expected_host=p.redis.expected_host if p.redis else "",
            expected_replicas=p.worker.expected_replicas if p.worker else None,
            queue_names=p.queue.names,
            queue_orphans=p.queue.orphans,
            dead_letter_queues=p.queue.dead_letter,
            queue_prefix=p.queue.prefix,
            has_own_ca=bool(p.redis and p.redis.ca_file),
            required_variables=p.variables.worker.required,
            systems=tuple(s for s in SYSTEMS if getattr(p, s) is not None),
        )

    def _frontend(self) -> dict[str, Any]:
        site, vercel = self.profile.frontend, self.profile.vercel
        found: dict[str, Any] = {"frontend_variables": self.profile.variables.frontend.required}
        if site:
            found |= dict(
                frontend_url=shown(site.base_url or ""),
                frontend_pages=site.pages,
                frontend_endpoints=site.endpoints,
                baseline_redis=site.baseline_redis,
            )
        if vercel:
            found |= dict(
                vercel_url=shown(vercel.base_url),
                vercel_variable=vercel.token_env,
                vercel_project=vercel.project_id,
                vercel_team=vercel.team_id,
            )
        return found

    def _database(self) -> dict[str, Any]:
        supabase, postgres = self.profile.supabase, self.profile.postgres
        found: dict[str, Any] = {}
        if supabase:
            keys = (supabase.anon_key_env, supabase.service_role_key_env)
            found |= dict(
                supabase_url=shown(supabase.base_url),
                supabase_variable=supabase.token_env,
                supabase_ref=self.supabase_ref,
                supabase_data_url=shown(self.secret(supabase.url_env) or ""),
                supabase_url_variable=supabase.url_env,
                supabase_anon_variable=supabase.anon_key_env,
                supabase_service_variable=supabase.service_role_key_env,
                supabase_keys=tuple(fingerprint(self.secret(key) or "") for key in keys),
                supabase_tables=supabase.tables,
                supabase_expected_host=supabase.expected_host,
            )
        if postgres:
            found |= dict(postgres_variable=postgres.url_env, postgres_host=_host(self.secret(postgres.url_env) or ""))
        return found

    def _vendors(self) -> dict[str, Any]:
        sentry, upstash, pages = self.profile.sentry, self.profile.upstash_api, self.profile.status_pages
        found: dict[str, Any] = {}
        if sentry:
            found |= dict(
                sentry_url=shown(sentry.base_url),
                sentry_variable=sentry.token_env,
                sentry_organization=sentry.organization,
                sentry_project=sentry.project,
                sentry_dsn_variable=sentry.dsn_env,
            )
        if upstash:
            found |= dict(
                upstash_api_url=shown(upstash.base_url),
                upstash_api_variables=(upstash.email_env, upstash.key_env),
                upstash_database=upstash.database_id,
            )
        if pages:
            found |= dict(status_pages=tuple((vendor, shown(url)) for vendor, url in pages if url))
        return found

    @property
    def supabase_ref(self) -> str:
        """The project's reference: of the profile, else the first label of a hosted project's address."""
        section = self.profile.supabase
        if section is None or section.project_ref:
            return section.project_ref if section else ""
        host = _host(self.secret(section.url_env) or "")
        return host.split(".")[0] if host.endswith(".supabase.co") else ""

    def _redis_host(self, redis: RedisSection) -> str:
        return _host(self.secret(redis.url_env) or self.secret(redis.rest_url_env) or "")

    def _redis_port(self, redis: RedisSection) -> int | None:
        return _port(self.secret(redis.url_env) or "")

    def _redis_token(self, redis: RedisSection) -> str:
        token = _password(self.secret(redis.url_env) or "") or self.secret(redis.rest_token_env) or ""
        return fingerprint(token)

    def _rest_variables(self, redis: RedisSection) -> tuple[str, ...]:
        names = (redis.rest_url_env, redis.rest_token_env)
        return names if not self.secret(redis.url_env) and all(map(self.secret, names)) else ()


def shown(url: str) -> str:
    """`url` without user part, query and fragment: the only form that may be printed; empty for no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = parts.hostname
    if not host:
        return ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}".rstrip("/")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""


def load(profile: str | None, *, environ: Mapping[str, str], root: Path, folders: tuple[Path, ...]) -> Settings:
    """Read a profile.

    Args:
        profile: a name sought in `folders`, or the path of a TOML file; `None` means `RUNBOOK_PROFILE`.
        environ: the process environment, passed in so that this function stays pure.
        root: where relative paths of the profile start.
        folders: where named profiles are sought, first match wins.

    Raises: SettingsError, one line that names the thing and the fix.
    """
    path = _find(profile or environ.get("RUNBOOK_PROFILE", ""), folders)
    document = _read(path)
    env_file = environ.get(f"{PREFIX}ENV_FILE") or document.get("env_file")
    merged = {**_env_file(root / str(env_file)), **environ} if env_file else dict(environ)
    _overlay(document, merged)
    try:
        parsed = Profile.model_validate(document)
    except ValidationError as error:
        raise SettingsError(f"profile {path.name}: {_first(error)}") from None
    return Settings(profile=parsed, root=root, secrets=_secrets(parsed, merged))


def _find(name: str, folders: tuple[Path, ...]) -> Path:
    if not name:
        raise SettingsError("no profile given: pass --profile NAME or set RUNBOOK_PROFILE (try: --profile sandbox)")
    if name.endswith(".toml") or "/" in name:
        if Path(name).is_file():
            return Path(name)
        raise SettingsError(f"profile file {name} does not exist")
    for folder in folders:
        if (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    known = sorted({p.stem for folder in folders if folder.is_dir() for p in folder.glob("*.toml")})
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known profiles: {', '.join(known) or 'none'}"
    raise SettingsError(f"profile {name!r} is not known; {hint}")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"profile {path.name} is not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"profile {path.name} cannot be read: {error.strerror}") from None


def _env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        found = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"env_file {path.name} cannot be read as text") from None
    return {name: value for name, value in found.items() if value is not None}


_ALWAYS = ("thresholds", "budget", "queue", "variables")
"""Sections that are no system: they exist whether or not the profile writes them."""


def _overlay(document: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Write `RUNBOOK_<SECTION>__<KEY>` and `RUNBOOK_<KEY>` over the document, in declared sections only."""
    for variable, value in environ.items():
        if not variable.startswith(PREFIX):
            continue
        path = variable.removeprefix(PREFIX).lower().split("__")
        if len(path) == 1:
            if path[0] in ("language", "timezone"):
                document[path[0]] = value
            continue
        if path[0] not in Profile.model_fields:
            close = get_close_matches(path[0], Profile.model_fields, n=1)
            hint = f"; did you mean {close[0].upper()}?" if close else ""
            raise SettingsError(f"{variable}: the profile has no section {path[0].upper()}{hint}")
        target = document.get(path[0]) if path[0] not in _ALWAYS else document.setdefault(path[0], {})
        for key in path[1:-1]:
            target = target.setdefault(key, {}) if isinstance(target, dict) else None
        if isinstance(target, dict):
            target[path[-1]] = _literal(value)


def _literal(value: str) -> Any:
    """Lists are written as in the profile; everything else is text, which a number's key reads as a number."""
    if value.startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in detail["loc"]) or "top level"
    if detail["type"] == "extra_forbidden":
        return f"{where} is not a known key{_near(detail['loc'])}"
    return f"{where}: {detail['msg'].removeprefix('Value error, ')}"


def _near(loc: tuple[int | str, ...]) -> str:
    model: Any = Profile
    for part in loc[:-1]:
        annotation = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
        options = [annotation, *getattr(annotation, "__args__", ())]
        model = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)
    close = get_close_matches(str(loc[-1]), getattr(model, "model_fields", {}), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _secrets(profile: Profile, environ: Mapping[str, str]) -> dict[str, SecretStr]:
    sections = [getattr(profile, system) for system in SYSTEMS]
    names = [
        value
        for section in sections
        if section
        for key, value in section.model_dump().items()
        if key.endswith("_env") and value
    ]
    return {name: SecretStr(environ[name].strip()) for name in names if environ.get(name, "").strip()}
