"""What each proposed action is: its clicks, what it changes, how to undo it. Plain data: nothing is done here."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.report import database_actions
from diagnostics.report.sheet import NEEDLESS as _NEEDLESS
from diagnostics.report.sheet import NOTHING as _NOTHING
from diagnostics.report.sheet import Sheet
from diagnostics.text import text

_VERCEL = "https://vercel.com/dashboard"
_RAILWAY = "https://railway.app/dashboard"
_UPSTASH = "https://console.upstash.com"
_OPENROUTER = "https://openrouter.ai/settings/credits"
_SENTRY = "https://world-wide-services.sentry.io"


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        id="set-worker-variable",
        title=text("Correct a variable of the worker"),
        clicks=(
            text(
                "Railway → gpt-agent-platform (the worker) → Variables: write down the present value's host or length"
            ),
            text(
                "Copy the right value from where it is issued (Redis: Upstash console → database → REST API), paste it"
            ),
            text("Press Deploy on the banner: Railway restarts both replicas"),
        ),
        changes=text("One variable; both replicas restart, jobs in progress are picked up again within 60 s."),
        undo=text("Set the old value again; Railway restarts the worker once more."),
        link=_RAILWAY,
    ),
    Sheet(
        id="restart-worker",
        title=text("Restart the worker"),
        clicks=(text("Railway → gpt-agent-platform (the worker) → Deployments → latest → ⋮ → Restart"),),
        changes=text(
            "Both replicas restart with the same release; jobs in progress are run again and may repeat effects."
        ),
        undo=text("None needed: release and variables stay as they are."),
        link=_RAILWAY,
    ),
    Sheet(
        id="redeploy-worker",
        title=text("Redeploy the worker, or return to its last good release"),
        clicks=(
            text("Railway → gpt-agent-platform (the worker) → Deployments: find the last release that worked"),
            text("⋮ → Redeploy (the same release) or Rollback (the older one)"),
        ),
        changes=text("The release that runs; a used-up limit of ten restarts starts anew."),
        undo=text("Redeploy the release that ran before; its id is in the list of deployments."),
        link=_RAILWAY,
    ),
    Sheet(
        id="set-job-concurrency",
        title=text("Set JOB_CONCURRENCY"),
        clicks=(
            text(
                "Railway → gpt-agent-platform (the worker) → Variables → JOB_CONCURRENCY: write down the present number"
            ),
            text("Set the number of the verdict's next step and press Deploy"),
        ),
        changes=text("Slots per replica; both replicas restart. More load on OpenRouter, Supabase and memory."),
        undo=text("Set the number you wrote down."),
        link=_RAILWAY,
    ),
    Sheet(
        id="set-replicas",
        title=text("Set the number of replicas"),
        clicks=(text("Railway → gpt-agent-platform (the worker) → Settings → Scaling: set the number of replicas"),),
        changes=text("Replicas that run, and the bill. Running replicas stay up."),
        undo=text("Set the old number."),
        link=_RAILWAY,
    ),
    Sheet(
        id="resume-queue",
        title=text("Resume the paused queue"),
        clicks=(
            text("Ask who paused it and why: a pause is somebody's decision"),
            text("From a BullMQ shell: await queue.resume() on the queue named in the verdict"),
        ),
        changes=text("Workers take jobs again, the whole backlog at once."),
        undo=text("await queue.pause()"),
    ),
    Sheet(
        id="retry-failed-jobs",
        title=text("Retry failed jobs, after their cause is gone"),
        clicks=(text("From a BullMQ shell: await queue.retryJobs({ state: 'failed', count: 100 })"),),
        changes=text("Failed jobs return to the queue; handlers run again and may repeat effects such as messages."),
        undo=text("None: a job that ran cannot be unrun. Start with a small count."),
    ),
    Sheet(
        id="park-failed-jobs",
        title=text("Set the failing jobs aside"),
        clicks=(
            text("Where a whole type fails, stop its producer first; move the failing jobs out with a BullMQ shell"),
        ),
        changes=text("The jobs set aside no longer run; all others do."),
        undo=text("Add the parked jobs again."),
    ),
    Sheet(
        id="retry-dead-letters",
        title=text("Retry dead-lettered jobs"),
        clicks=(text("POST /api/admin/dlq with the id of the entry, one first, then the rest"),),
        changes=text("Dead-lettered jobs return to the queue."),
        undo=text("None: a job that ran cannot be unrun."),
    ),
    Sheet(
        id="redeploy-frontend",
        title=text("Redeploy the site: a new build from the same commit"),
        clicks=(
            text("Vercel → the project → Deployments: pick the deployment that serves, ⋮ → Redeploy"),
            text("Clear 'Use existing Build Cache' where a NEXT_PUBLIC_ variable changed"),
        ),
        changes=text("The site's code is built again with the variables of now, and takes over when it is ready."),
        undo=text("Instant Rollback to the deployment that serves now; write down its id first."),
        link=_VERCEL,
    ),
    Sheet(
        id="promote-deployment",
        title=text("Promote a deployment to production"),
        clicks=(text("Vercel → the project → Deployments: pick a production build that worked, ⋮ → Promote"),),
        changes=text("The site's addresses point to that deployment; nothing is built."),
        undo=text("Promote the deployment that serves now; write down its id first."),
        link=_VERCEL,
    ),
    Sheet(
        id="rollback-frontend",
        title=text("Roll the site back to its last good release"),
        clicks=(
            text("Vercel → the project → Deployments: find the last release that worked"),
            text("⋮ → Instant Rollback; on the Hobby plan only the one just before is offered"),
        ),
        changes=text("The older build serves within seconds, with the variables of its own day."),
        undo=text("Vercel → the project → Undo Rollback, or promote the newer release."),
        link=_VERCEL,
    ),
    Sheet(
        id="set-frontend-variable",
        title=text("Set a variable of the site"),
        clicks=(
            text("Vercel → the project → Settings → Environment Variables: the name, environment Production"),
            text("Copy the right value from where it is issued, paste it without a line break, save"),
            text("Redeploy: the running release does not see it"),
        ),
        changes=text("Nothing before the next deployment; then the site runs with the new value."),
        undo=text("Set the former value, or remove the variable, and redeploy."),
        link=_VERCEL,
    ),
    Sheet(
        id="open-vercel-build-log",
        title=text("Read the build log"),
        clicks=(text("Vercel → the project → Deployments → the newest → Build Logs: the first red line"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link=_VERCEL,
    ),
    Sheet(
        id="open-vercel-domains",
        title=text("Look at the site's addresses"),
        clicks=(text("Vercel → the project → Settings → Domains: each address and what it points to"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link=_VERCEL,
    ),
    Sheet(
        id="send-test-job",
        title=text("Send one test job"),
        clicks=(text("Add a job named test-job to the worker's queue and wait for its completion"),),
        changes=text("One harmless job is added."),
        undo=_NEEDLESS,
    ),
    Sheet(
        id="report-to-sentry",
        title=text("Create an incident in Sentry"),
        clicks=(text("Sentry → Alerts → Incidents: create one and attach this report"),),
        changes=text("People are notified."),
        undo=text("Close the incident."),
        link=_SENTRY,
    ),
    Sheet(
        id="notify-team",
        title=text("Notify the development team"),
        clicks=(text("Send the verdict and the report to the contacts of the escalation section"),),
        changes=text("People are notified."),
        undo=text("Tell them when it is over."),
    ),
    Sheet(
        id="open-sentry",
        title=text("Look at Sentry's settings"),
        clicks=(
            text("Sentry → Stats: errors accepted, filtered and dropped"),
            text("Sentry → Project Settings → Inbound Filters, and Settings → Subscription for the quota"),
        ),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://world-wide-services.sentry.io",
    ),
    Sheet(
        id="open-upstash-console",
        title=text("Look at Upstash"),
        clicks=(text("Upstash console → the database: status, usage against the plan, REST API credentials"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link=_UPSTASH,
    ),
    Sheet(
        id="open-upstash-status",
        title=text("Look at Upstash's status page"),
        clicks=(text("Upstash status: is an incident open for the region of our database?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://status.upstash.com",
    ),
    Sheet(
        id="open-vercel-status",
        title=text("Look at Vercel's status page"),
        clicks=(text("Vercel status: which incident is open, since when, and does it name what we use?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://www.vercel-status.com",
    ),
    Sheet(
        id="open-railway-status",
        title=text("Look at Railway's status page"),
        clicks=(text("Railway status: which incident is open, since when, and does it name what we use?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://status.railway.com",
    ),
    Sheet(
        id="open-supabase-status",
        title=text("Look at Supabase's status page"),
        clicks=(text("Supabase status: which incident is open, since when, and does it name what we use?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://status.supabase.com",
    ),
    Sheet(
        id="open-sentry-status",
        title=text("Look at Sentry's status page"),
        clicks=(text("Sentry status: which incident is open, since when, and does it name what we use?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://status.sentry.io",
    ),
    Sheet(
        id="open-openrouter-status",
        title=text("Look at OpenRouter's status page"),
        clicks=(text("OpenRouter status: which incident is open, since when, and does it name what we use?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link="https://status.openrouter.ai",
    ),
    Sheet(
        id="open-railway-deployments",
        title=text("Look at the worker's deployments"),
        clicks=(text("Railway → gpt-agent-platform (the worker) → Deployments: what changed just before the onset?"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link=_RAILWAY,
    ),
    Sheet(
        id="open-openrouter",
        title=text("Look at OpenRouter's credit and keys"),
        clicks=(text("OpenRouter → Settings → Credits, then Keys; then https://status.openrouter.ai"),),
        changes=_NOTHING,
        undo=_NEEDLESS,
        link=_OPENROUTER,
    ),
    *database_actions.SHEETS,
)


def sheet(action: str, *, supabase_ref: str = "") -> Sheet | None:
    """The sheet of an action id, its link to that project of Supabase; `None` when nobody has written one."""
    found = next((s for s in SHEETS if s.id == action), None)
    return replace(found, link=database_actions.of_project(found.link, supabase_ref)) if found else None
