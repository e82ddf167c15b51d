"""The four answers a check can give."""

from enum import Enum


class Severity(Enum):
    """How bad; UNKNOWN is never folded into OK."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
