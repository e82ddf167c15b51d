"""What the site itself says, and what its host, Vercel, says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Layer(Enum):
    """The steps of one connection to the site, in their order."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"


class SiteAnswer(Enum):
    """How one address of the site answered."""

    OK = "ok"
    """200-399: a redirect to the login page is an answer too."""
    REFUSED = "refused"
    """401, 403: somebody is there and wants to know who asks."""
    RATE_LIMITED = "rate_limited"
    NOT_FOUND = "not_found"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    """500 of the site's own handler."""
    EDGE_ERROR = "edge_error"
    """An error of the host's edge, with a code of its own."""
    SILENT = "silent"
    BROKEN = "broken"
    """The connection failed or broke."""


class Trouble(Enum):
    """What an error text of the site means; `clients/site_words.py` recognises it."""

    VARIABLE_MISSING = "variable_missing"
    URL_MISSING = "url_missing"
    KEY_MISSING = "key_missing"
    URL_INVALID = "url_invalid"
    KEY_REJECTED = "key_rejected"
    UNREACHABLE = "unreachable"
    WEB_PAGE = "web_page"
    """An error page of the database's host: the project is paused or gone."""
    RESTARTING = "restarting"
    SCHEMA = "schema"
    POOL = "pool"
    SLOTS = "slots"
    STATEMENT_TIMEOUT = "statement_timeout"
    POLICY = "policy"
    PERMISSION = "permission"
    NOT_CONFIGURED = "not_configured"
    CONNECTION_CLOSED = "connection_closed"
    CREDENTIALS_REJECTED = "credentials_rejected"
    QUOTA_EXHAUSTED = "quota_exhausted"
    CACHE = "cache"
    """The site hides the true error of its Redis behind this text."""
    TIMED_OUT = "timed_out"
    OTHER = "other"


UNAVAILABLE = (
    SiteAnswer.NOT_FOUND,
    SiteAnswer.CLIENT_ERROR,
    SiteAnswer.SERVER_ERROR,
    SiteAnswer.EDGE_ERROR,
    SiteAnswer.SILENT,
    SiteAnswer.BROKEN,
)
"""Answers that give a visitor nothing. A refusal or a limit is an answer of a site that works."""

DATABASE_TROUBLES = frozenset(
    {
        Trouble.KEY_REJECTED,
        Trouble.RESTARTING,
        Trouble.SCHEMA,
        Trouble.POOL,
        Trouble.SLOTS,
        Trouble.STATEMENT_TIMEOUT,
        Trouble.POLICY,
        Trouble.PERMISSION,
    }
)
"""Those that come from the database or from its REST API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConnection:
    """One connection to the site, layer by layer. A time is `None` where its layer was not reached."""

    host: str
    addresses: int
    dns_s: float | None = None
    tcp_s: float | None = None
    tls_s: float | None = None
    failed_at: Layer | None = None
    reason: str = ""
    """`unresolved`, `refused`, `timed_out`, `expired`, `wrong_name`, `untrusted` or `broken`."""
    is_encrypted: bool = True
    certificate_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAnswers:
    """Several GETs of one path of the site, one after another. `answer` is that of the last."""

    path: str
    kind: str
    """`page`, `endpoint`, or `ready`: the address that needs neither middleware nor dependency."""
    answer: SiteAnswer
    asked: int
    failed: int
    """Answers that give a visitor nothing: those of `UNAVAILABLE`."""
    status_code: int | None = None
    latencies_s: tuple[float, ...] = ()
    """Of complete answers, in the order asked."""
    edge_code: str = ""
    """Vercel's own word, such as `FUNCTION_INVOCATION_FAILED`."""
    trouble: Trouble | None = None
    variable: str = ""
    """Name of the variable that an error text says is missing."""
    is_edge_seen: bool = False
    """The answer carries the headers of Vercel's edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePages:
    """The profile's pages and endpoints, and the liveness reference, each asked by itself."""

    paths: tuple[PathAnswers, ...]
    unread: tuple[str, ...] = ()
    """Pages and endpoints that were asked and of which nothing can be told."""
    left_out: int = 0
    """Pages and endpoints of the profile beyond what one run may ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What `/api/health` says of one dependency. `status` is its own word: `ok`, `error`, `skipped` or another."""

    status: str
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendHealth:
    """One answer of `/api/health`, and one of `/api/health/db`, which uses the service-role key.

    A dependency is `None` where the answer does not mention it.
    """

    answer: SiteAnswer
    status_code: int | None = None
    latency_s: float | None = None
    edge_code: str = ""
    uptime_s: float | None = None
    version: str = ""
    is_newer_form: bool = False
    """The form that also tells of queue and rate limit."""
    overall_status: str = ""
    database: Dependency | None = None
    redis: Dependency | None = None
    rate_limit: Dependency | None = None
    queue: Dependency | None = None
    openrouter: Dependency | None = None
    service_answer: SiteAnswer | None = None
    service_database: Dependency | None = None
    service_latency_s: float | None = None
    service_drift: str = ""
    """The field of `/api/health/db` that is not as documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VercelDeployment:
    """One deployment for production. Instants are Vercel's own."""

    id: str
    state: str
    """`READY`, `ERROR`, `BUILDING` …: Vercel's words."""
    created_at: datetime
    ready_at: datetime | None = None
    source: str = ""
    commit: str = ""
    error_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRequest:
    """The newest change of which deployment serves, by promote or rollback."""

    kind: str
    status: str
    to_id: str
    requested_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VercelDeployments:
    """The project's production deployments, newest first, and which of them serves."""

    serving: VercelDeployment | None
    deployments: tuple[VercelDeployment, ...]
    is_paused: bool = False
    aliases: tuple[str, ...] = ()
    """Hosts that point to the serving deployment."""
    alias_request: AliasRequest | None = None
    build_id: str = ""
    """The failed deployment whose build log was read."""
    build_errors: tuple[str, ...] | None = None
    """Its error lines, oldest first, masked; `None` where the log could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VercelVariable:
    """One variable of the project. Its value never leaves the client."""

    name: str
    targets: tuple[str, ...]
    kind: str
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VercelVariables:
    """The project's variables. `hidden` counts those of production that the token may not see."""

    variables: tuple[VercelVariable, ...]
    hidden: int = 0
    is_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VercelRequests:
    """Rows of the request log, oldest first, as parallel columns. Instants are epoch milliseconds.

    `is_read` is false where the log could not be read: it is no documented API.
    """

    is_read: bool
    since_ms: int = 0
    """From here on the log holds every request."""
    until_ms: int = 0
    failures_since_ms: int = 0
    """From here on it holds every request that failed: often further back."""
    routes: tuple[str, ...] = ()
    at_ms: tuple[int, ...] = ()
    route: tuple[int, ...] = ()
    """Index into `routes`."""
    status: tuple[int, ...] = ()
    trouble: tuple[str, ...] = ()
    """Of requests that failed: a word of `Trouble`, else empty."""
    variables: tuple[str, ...] = ()
    """Names of variables that the site's own log lines call missing."""
    why_unread: str = ""
    """Where it could not be read: what the read said, without a secret."""
