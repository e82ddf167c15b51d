"""Causes in the site's releases, variables and address. Whatever else makes the site fail has its root elsewhere."""

from __future__ import annotations

from diagnostics.causes.rule import FRONTEND, SITE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

_DATABASE_KEYS = ("url_missing", "key_missing", "url_invalid")
_SITE_FAILS = ("frontend.site", "frontend.health", "frontend.availability", "frontend.errors")

RULES = (
    Rule(
        id="frontend.build_failed",
        title=text("The newest build of the site failed; the release before it goes on serving"),
        runbook=FRONTEND,
        branch="3.A1",
        needs=(Sign("frontend.deployment", ("attempt_failed",), 0.8),),
        supports=(Sign("frontend.build", ("failed",), 0.5),),
        explains=("frontend.deployment", "frontend.build"),
        remediations=("open-vercel-build-log", "redeploy-frontend"),
        steps=(
            text("Visitors notice nothing: no outage. Read the first error line of the build log and mend the code."),
            text("Deploy again. Do not redeploy the failed commit: it will fail again."),
            text("Verify: the newest deployment is READY and serves."),
        ),
    ),
    Rule(
        id="frontend.bad_release",
        title=text("The release that serves does not run"),
        runbook=FRONTEND,
        branch="3.A2",
        needs=(
            Sign("frontend.site", ("function",), 0.75),
            Sign("frontend.site", ("handlers",), 0.4),
            Sign("frontend.availability", ("down", "partly"), 0.3),
        ),
        supports=(Sign("frontend.deployment", ("recent",), 0.5), Sign("frontend.errors", ("failing",), 0.1)),
        against=(
            Sign("frontend.deployment", ("settled", "older_serves"), 0.4),
            Sign("frontend.environment", ("missing", "missing_public"), 0.4),
            Sign("frontend.availability", ("variable_missing", "database"), 0.7),
            Sign("frontend.errors", ("variable_missing", "database"), 0.7),
            Sign("frontend.site", ("edge", "deployment", "dns", "tcp", "tls", "silent"), 0.8),
            Sign("frontend.site", ("middleware", "dependency", "api"), 0.6),
        ),
        explains=SITE_SYMPTOMS,
        remediations=("rollback-frontend", "promote-deployment"),
        steps=(
            text(
                "Roll back to the last release that worked: Vercel → Deployments → that release → Instant Rollback. It "
                "takes seconds and builds nothing."
            ),
            text("Then look for the reason: the function's log names the module or variable that failed at its start."),
            text("Verify: /api/health/ready answers 200, then the pages."),
        ),
    ),
    Rule(
        id="frontend.environment_missing",
        title=text("A variable that the site's code needs is not set for production, or not in effect yet"),
        runbook=FRONTEND,
        branch="3.B1",
        needs=(
            Sign("frontend.availability", ("variable_missing",), 0.85),
            Sign("frontend.environment", ("missing",), 0.7),
            Sign("frontend.errors", ("variable_missing",), 0.8),
            Sign("frontend.environment", ("pending",), 0.4),
        ),
        against=(Sign("frontend.database", _DATABASE_KEYS, 0.4),),
        explains=("frontend.environment", *_SITE_FAILS),
        masks=("frontend.bad_release",),
        remediations=("set-frontend-variable", "redeploy-frontend"),
        steps=(
            text(
                "Set the variable that the findings name: Vercel → Settings → Environment Variables, environment "
                "Production. Then redeploy: a running release does not see it. A rollback helps only to a release that "
                "was made while it was set."
            ),
            text("Compare its value with where it is issued; a stray line break or a placeholder counts as missing."),
            text("Verify: the address that failed answers, and no line 'environment validation failed' is new."),
        ),
    ),
    Rule(
        id="frontend.public_variable_missing",
        title=text("A NEXT_PUBLIC_ variable was missing when the serving release was built"),
        runbook=FRONTEND,
        branch="3.B3",
        needs=(
            Sign("frontend.database", _DATABASE_KEYS, 0.8),
            Sign("frontend.environment", ("missing_public", "pending_public"), 0.7),
        ),
        against=(Sign("frontend.availability", ("variable_missing",), 0.3),),
        explains=("frontend.environment", "frontend.database", *_SITE_FAILS),
        masks=("frontend.bad_release", "frontend.environment_missing"),
        remediations=("set-frontend-variable", "redeploy-frontend"),
        steps=(
            text(
                "Set the NEXT_PUBLIC_ variable for Production, then redeploy without the build cache: such values are "
                "baked in when the site is built, so setting one alone changes nothing."
            ),
            text("Do not roll back: an older build holds the value of its own day, or none."),
            text("Verify: /api/health says database ok."),
        ),
    ),
    Rule(
        id="frontend.alias_missing",
        title=text("The site's address points to no deployment that may serve"),
        runbook=FRONTEND,
        branch="3.A2",
        needs=(Sign("frontend.site", ("deployment",), 0.9), Sign("frontend.deployment", ("none", "paused"), 0.6)),
        explains=("frontend.deployment", *SITE_SYMPTOMS),
        masks=("frontend.bad_release", "frontend.build_failed"),
        remediations=("promote-deployment", "open-vercel-domains"),
        steps=(
            text(
                "Vercel → Settings → Domains: is the address there, and does it point to production? Put it back, or "
                "promote the last deployment that worked."
            ),
            text("Is the project paused, or a deployment deleted? Vercel's own word in the finding says which."),
            text("Verify: the site answers without DEPLOYMENT_NOT_FOUND."),
        ),
    ),
    Rule(
        id="frontend.session_secret_changed",
        title=text("The secret or address of the login changed with the newest release: everybody is logged out"),
        runbook=FRONTEND,
        branch="3.B2",
        needs=(Sign("frontend.environment", ("session",), 0.75),),
        explains=("frontend.environment",),
        remediations=("set-frontend-variable", "redeploy-frontend", "notify-team"),
        steps=(
            text(
                "Ask who changed it. If nobody meant to: set the former value again and redeploy; sessions come back."
            ),
            text("If it was meant (a leaked secret): tell users to log in again. The site itself is healthy."),
            text("Verify: logging in leads to the first page and not back to the login."),
        ),
    ),
    Rule(
        id="frontend.credentials_rejected",
        title=text("Redis refuses the site's token: its middleware fails every API request"),
        runbook=FRONTEND,
        branch="3.B2",
        needs=(Sign("frontend.redis", ("credentials_rejected",), 0.85),),
        supports=(Sign("frontend.site", ("middleware",), 0.4), Sign("worker.redis", ("connected",), 0.2)),
        against=(Sign("worker.redis", ("credentials_rejected", "auth_timed_out"), 0.5),),
        explains=("frontend.redis", *SITE_SYMPTOMS),
        masks=("frontend.bad_release",),
        remediations=("set-frontend-variable", "redeploy-frontend", "open-upstash-console"),
        steps=(
            text(
                "Copy the current token from the Upstash console before anything is reset there, put it into "
                "UPSTASH_REDIS_REST_TOKEN on Vercel, and redeploy. The worker has a token of its own: leave it alone."
            ),
            text("Verify: /api/health says rateLimit ok, and an API address answers."),
        ),
    ),
    Rule(
        id="frontend.stale_connection",
        title=text("Instances of the site hold a dead connection to a Redis that is back"),
        runbook=FRONTEND,
        branch="3.A2",
        needs=(Sign("frontend.redis", ("connection_closed",), 0.7),),
        supports=(Sign("redis.connection", ("reachable",), 0.2), Sign("worker.redis", ("connected",), 0.2)),
        against=(
            Sign("worker.redis", ("refused", "timed_out", "reset", "name_unresolved", "credentials_rejected"), 0.7),
            Sign("redis.connection", ("unreachable", "refused", "timed_out"), 0.7),
        ),
        explains=("frontend.redis", "frontend.health"),
        remediations=("redeploy-frontend",),
        steps=(
            text("Redeploy the serving release: new instances connect anew. The old ones never try again."),
            text("Verify: /api/health says queue ok."),
        ),
    ),
)
