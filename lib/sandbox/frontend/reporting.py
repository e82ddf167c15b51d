"""What the frontend tells Sentry, if it has an address to tell it to: errors, and how each request went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

FLUSH_WITHIN_S = 1.0
UNTRACED = frozenset((*range(300, 304), *range(305, 400), *range(401, 405)))
"""Statuses whose requests become no spans, as in the JavaScript SDK: redirects, and refusals of the visitor."""


class Reporting:
    """Sentry's SDK, started when there is a DSN; otherwise nothing is loaded and nothing happens."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._is_on = bool(environ.get("SENTRY_DSN"))
        if self._is_on:
            import sentry_sdk  # noqa: PLC0415  (slow to import, and often not needed)

            sentry_sdk.init(
                dsn=environ["SENTRY_DSN"],
                environment=environ.get("VERCEL_ENV", "production"),
                # The build has no Sentry plugin: events name no release, and their users are never set.
                release="",
                default_integrations=False,
                traces_sample_rate=1.0,
                trace_ignore_status_codes=UNTRACED,
            )

    @contextmanager
    def request(self, method: str, path: str) -> Iterator[Callable[[int], None]]:
        """One request as a transaction; whoever answers it tells the status."""
        if not self._is_on:
            yield lambda _status: None
            return
        import sentry_sdk  # noqa: PLC0415

        with (
            sentry_sdk.isolation_scope(),
            sentry_sdk.start_transaction(name=f"{method} {path}", op="http.server") as transaction,
        ):
            yield transaction.set_http_status

    def capture(self, error: Exception, *, tags: Mapping[str, str], details: Mapping[str, object]) -> None:
        """Send one error."""
        if not self._is_on:
            return
        import sentry_sdk  # noqa: PLC0415

        with sentry_sdk.new_scope() as scope:
            for name, value in tags.items():
                scope.set_tag(name, value)
            scope.set_extra("details", dict(details))
            sentry_sdk.capture_exception(error, scope=scope)

    def flush(self) -> None:
        """Send what is still waiting."""
        if self._is_on:
            import sentry_sdk  # noqa: PLC0415

            sentry_sdk.flush(timeout=FLUSH_WITHIN_S)
