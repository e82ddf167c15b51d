"""A request that Vercel's stand-in does not grant."""

from __future__ import annotations


class Refusal(Exception):
    """Becomes an error envelope with this HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
