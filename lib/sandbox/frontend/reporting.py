"""What the frontend tells Sentry, if it has an address to tell it to."""

from __future__ import annotations

from collections.abc import Mapping

FLUSH_WITHIN_S = 1.0


class Reporting:
    """Sentry's SDK, started when there is a DSN; otherwise nothing is loaded and nothing happens."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._is_on = bool(environ.get("SENTRY_DSN"))
        if self._is_on:
            import sentry_sdk  # noqa: PLC0415  (slow to import, and often not needed)

            sentry_sdk.init(
                dsn=environ["SENTRY_DSN"],
                environment=environ.get("VERCEL_ENV", "production"),
                default_integrations=False,
                traces_sample_rate=0.0,
            )

    def capture(self, error: Exception, *, tags: Mapping[str, str], details: Mapping[str, object]) -> None:
        """Send one error."""
        if not self._is_on:
            return
        import sentry_sdk  # noqa: PLC0415

        with sentry_sdk.new_scope() as scope:
            for name, value in tags.items():
                scope.set_tag(name, value)
            scope.set_context("details", dict(details))
            sentry_sdk.capture_exception(error, scope=scope)

    def flush(self) -> None:
        """Send what is still waiting."""
        if self._is_on:
            import sentry_sdk  # noqa: PLC0415

            sentry_sdk.flush(timeout=FLUSH_WITHIN_S)
