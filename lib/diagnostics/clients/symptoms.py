"""Error texts of the platform, recognised; everything else in them is dropped.

Sources: Node and ioredis error codes, Upstash and BullMQ messages as the platform logs them.
"""

from __future__ import annotations

import re

from diagnostics.readings import Symptom

_TABLE: tuple[tuple[Symptom, str], ...] = (
    (Symptom.NAME_TEMPORARY, r"EAI_AGAIN|Temporary failure in name resolution"),
    (Symptom.NAME_UNRESOLVED, r"ENOTFOUND|Name or service not known|nodename nor servname"),
    (Symptom.REFUSED, r"ECONNREFUSED|connection refused"),
    (Symptom.AUTH_TIMED_OUT, r"DB connection timed-out or wrong username-password"),
    (Symptom.CREDENTIALS_REJECTED, r"WRONGPASS|NOAUTH|NOPERM|invalid username-password"),
    (
        Symptom.QUOTA_EXHAUSTED,
        r"max (daily |monthly )?requests? limit|max concurrent connections|max requests? size",
    ),
    (Symptom.OUT_OF_MEMORY, r"OOM command not allowed"),
    (Symptom.HEAP_FULL, r"JavaScript heap out of memory|Reached heap limit"),
    (Symptom.READ_ONLY, r"READONLY"),
    (Symptom.ENVIRONMENT_INVALID, r"Environment validation (error|failed)|ZodError"),
    (
        Symptom.MODULE_MISSING,
        r"ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|Cannot find (module|package)|does not provide an export",
    ),
    (Symptom.QUEUE_NAME_ILLEGAL, r"Queue name cannot contain"),
    (Symptom.HANDLER_MISSING, r"No handler registered for job"),
    (Symptom.OPENROUTER_RATE_LIMITED, r"(LLM API error|OpenRouter [a-z]* ?(API )?error):? 429"),
    (
        Symptom.OPENROUTER_CREDENTIALS,
        r"(LLM API error|OpenRouter [a-z]* ?(API )?error):? 40[13]|OPENROUTER_API_KEY is not",
    ),
    (Symptom.OPENROUTER_CREDIT, r"(LLM API error|OpenRouter [a-z]* ?(API )?error):? 402"),
    (Symptom.OPENROUTER_DOWN, r"(LLM API error|OpenRouter [a-z]* ?(API )?error):? 5\d\d"),
    (Symptom.LOCK_LOST, r"Missing lock for job|could not renew lock"),
    (Symptom.STALLED, r"stalled"),
    (Symptom.KOMMO_TOKEN, r"Kommo (API error|request failed): 40[01]|CRM connection missing refresh token"),
    (Symptom.DATABASE_PAUSED, r"project (is|was|has been) paused|Tenant or user not found"),
    (Symptom.DATABASE_QUOTA, r"exceed_[a-z_]+_quota|overdue_payment"),
    (Symptom.DATABASE_SLOTS, r"53300|too many clients already|remaining connection slots"),
    (
        Symptom.DATABASE_POOL,
        r"PGRST003|acquiring connection from connection pool|MaxClientsInSessionMode|max client conn",
    ),
    (
        Symptom.DATABASE_DOWN,
        r"PGRST00[0-2]|Could not query the database|57P0[1-3]|database system is (starting|shutting|in recovery)"
        r"|TypeError: fetch failed",
    ),
    (Symptom.DATABASE_KEY, r"Invalid API key|No API key found|JWT expired|JWSError|PGRST30[0-3]|28P01"),
    (Symptom.DATABASE_READ_ONLY, r"25006|read-only transaction"),
    (
        Symptom.DATABASE_DENIED,
        r"42501|42P17|permission denied for|row-level security policy|recursion detected in policy",
    ),
    (Symptom.DATABASE_SCHEMA, r"PGRST20\d|42P01|42703|in the schema cache"),
    (Symptom.DATABASE_TIMEOUT, r"57014|55P03|(statement|lock) timeout"),
    (
        Symptom.DATABASE,
        r"PGRST\d{3}|schema cache|connection pool",
    ),
    (Symptom.RESET, r"ECONNRESET|EPIPE|Connection is closed|Socket closed"),
    (Symptom.TIMED_OUT, r"ETIMEDOUT|timed? ?out"),
)
_COMPILED = tuple((symptom, re.compile(pattern, re.IGNORECASE)) for symptom, pattern in _TABLE)
_KNOWN_CODE = re.compile(
    r"E[A-Z]{3,24}|ERR_[A-Z_]{3,40}|PGRST\d{3}|57014|42501|42P01|42P17|53300|57P0\d|25006|[1-5]\d\d|WRONGPASS|NOAUTH|NOPERM|OOM"
)
_WORDS = frozenset(
    """a access acquiring address after again allowed an and api app are argument at bad be been by cannot closed code
    column command connect connected connection contain could crashed database deadlock denied disk does down empty
    error exceeded exhausted exist exited expected expired export failed fetch file for found from full function get
    getaddrinfo handler has host id import in insufficient internal invalid is it job json key killed limit loaded
    lock lost malformed max memory message missing module must name network no not null object of on open or out
    packet page parse payload permission pool post process protocol queue rate read ready reason redis refused
    registered relation remote renew request required reset response retry running schema server service signal size
    socket space stalled start statement status stopped stream string table terminated text than the timed timeout
    to token too unable unauthorized undefined unexpected unhandled unknown unreachable unsupported url user value
    variable version was when while with worker write wrong""".split()
)


def recognise(message: str) -> Symptom | None:
    """The symptom behind `message`; `OTHER` for a text nobody has described, `None` for no text."""
    if not message.strip():
        return None
    for symptom, pattern in _COMPILED:
        if pattern.search(message):
            return symptom
    return Symptom.OTHER


def plain_words(message: str, *, limit: int = 120) -> str:
    """`message` reduced to a fixed vocabulary and known error codes: no other word can pass, so no secret can.

    Everything else becomes `…`; runs of it become one.
    """
    kept: list[str] = []
    for token in message.split():
        core = token.strip(".,;:!?()[]{}\"'`")
        if _KNOWN_CODE.fullmatch(core) or core.lower() in _WORDS:
            kept.append(core)
        elif not kept or kept[-1] != "…":
            kept.append("…")
    return " ".join(kept)[:limit]
