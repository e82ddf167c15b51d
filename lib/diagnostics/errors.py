"""The exception tree.

DiagnosticsError
├── SettingsError            profile, parameter or environment is wrong: the user's to mend
├── ClientError              a system could not be read
│   ├── ConnectFailed        refused, unreachable, TLS failure
│   │   └── NameUnresolved   the host name has no address
│   ├── NotAccepting         a database server answers and takes no connection, with `code`
│   ├── ClientTimeout        connected, no complete answer in time
│   ├── Unauthorized         401/403, WRONGPASS, NOAUTH, NOPERM
│   ├── RateLimited          429, with `retry_after_s`
│   ├── QuotaExhausted       the vendor's plan limit, told by an error reply
│   ├── BadStatus            any other unexpected HTTP status, with `status_code`
│   ├── Oversized            the answer exceeds what we are willing to read
│   └── SchemaError          the answer does not have the documented form, with `path`
├── BudgetExhausted          the run may not spend more on this system
│   └── SqlBudgetExhausted   … in SQL statements
└── OperationRefused         our own allow-list does not contain the operation
"""

from __future__ import annotations


class DiagnosticsError(Exception):
    """Root of every error this library raises on purpose."""


class SettingsError(DiagnosticsError):
    """A profile, parameter or variable is wrong. `str()` is one line for the user."""


class ClientError(DiagnosticsError):
    """A system could not be read. The message never holds a secret, query or user part."""


class ConnectFailed(ClientError):
    """No connection: refused, unreachable or TLS failure."""


class NameUnresolved(ConnectFailed):
    """The host name has no address."""


class NotAccepting(ClientError):
    """The database server answers and takes no connection of ours; `code` is its SQLSTATE, such as 53300."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class ClientTimeout(ClientError):
    """Connected, but no complete answer in time."""


class Unauthorized(ClientError):
    """The credentials were refused, or do not permit the operation."""


class RateLimited(ClientError):
    """The vendor asks us to slow down; `retry_after_s` is `None` when it does not say for how long."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QuotaExhausted(ClientError):
    """The plan's limit of requests is reached."""


class BadStatus(ClientError):
    """An unexpected HTTP status."""

    def __init__(self, message: str, *, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code


class Oversized(ClientError):
    """The answer is larger than we are willing to read."""


class SchemaError(ClientError):
    """The answer does not have the documented form; `path` names the field."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class BudgetExhausted(DiagnosticsError):
    """The run's budget for this system is spent."""


class SqlBudgetExhausted(BudgetExhausted):
    """The run may send no further SQL statement; no option raises this limit."""


class OperationRefused(DiagnosticsError):
    """The operation is not on the allow-list of its client."""
