"""A failure of the cache, in a module that does not need its client."""

from __future__ import annotations


class CacheError(Exception):
    """In the words of the Node client."""
