"""One request of the function: middleware, route, and what becomes of an error."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from sandbox.frontend import pages
from sandbox.frontend.backends import Backends
from sandbox.frontend.errors import classify
from sandbox.frontend.log import REQUEST
from sandbox.frontend.replies import MIDDLEWARE_FAILED, refusal
from sandbox.frontend.routes import ROUTES, Route
from sandbox.frontend.upstash import UpstashError, allowance
from sandbox.http import Answer, Request

EXEMPT = ("/api/health", "/api/metrics", "/api/crm/webhook")
"""Not rate-limited, and so not broken by a broken rate limit."""


class Application:
    """Answers for one instance."""

    def __init__(self, backends: Backends, routes: Mapping[tuple[str, str], Route] = ROUTES) -> None:
        self._backends = backends
        self._routes = routes

    async def __call__(self, request: Request) -> Answer:
        """Answer one request; the runtime gave it an id."""
        REQUEST.set(request.headers.get("x-vercel-id", ""))
        path = urlsplit(request.target).path
        with self._backends.reporting.request(request.method, path) as tell:
            answer = await self._answered(request, path)
            tell(answer.status)
        return answer

    async def _answered(self, request: Request, path: str) -> Answer:
        try:
            headers, answer = await self._limited(request, path)
        except UpstashError as error:
            self._backends.log("error", "Rate limiting error:", error=str(error))
            self._backends.log.console("error", f"[Error: {error}]")
            return Answer(status=500, headers={MIDDLEWARE_FAILED: "1"})
        if answer is None:
            answer = await self._routed(request, path)
        return Answer(status=answer.status, headers={**answer.headers, **headers}, body=answer.body)

    async def _limited(self, request: Request, path: str) -> tuple[dict[str, str], Answer | None]:
        """Middleware of the API: headers for the answer, and the answer itself when the limit is spent."""
        redis = self._backends.upstash()
        if not path.startswith("/api/") or path.startswith(EXEMPT) or redis is None:
            return {}, None
        address = request.headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip()
        left = await allowance(redis, address)
        return left.headers, refusal(429, "Too many requests") if left.is_spent else None

    async def _routed(self, request: Request, path: str) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        route = self._routes.get((method, path))
        if route is None:
            exists = any(known == path for _, known in self._routes)
            return Answer(status=405) if exists else pages.not_found()
        try:
            return await route(self._backends, request)
        except Exception as error:  # noqa: BLE001  (Next.js's own boundary: whatever a route throws ends here)
            return self._failed(error, route, path)

    def _failed(self, error: Exception, route: Route, path: str) -> Answer:
        """Log it, report what the classes allow, and answer in the page's or the API's way."""
        found = classify(error)
        text = f"{type(error).__name__ if type(error).__module__ == 'builtins' else 'Error'}: {error}"
        self._backends.log.console("error", f"⨯ {text}\n    at {route.__name__} (/var/task/.next/server/app{path}.js)")
        if found.is_reported or not path.startswith("/api/"):
            tags = {"error_type": found.kind, "error_code": f"{found.kind}_ERROR"}
            self._backends.reporting.capture(error, tags=tags, details={"path": path})
        if path.startswith("/api/"):
            return refusal(found.status, str(error))
        return pages.crashed(str(secrets.randbelow(10**10)))
