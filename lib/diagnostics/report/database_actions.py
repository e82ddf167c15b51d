"""What each action on the database is: its clicks, what it changes, how to undo it."""

from __future__ import annotations

from diagnostics.report.sheet import NEEDLESS, NOTHING, Sheet
from diagnostics.text import text

_PROJECT = "https://supabase.com/dashboard/project/_"
"""Supabase asks there which project is meant; `of_project` names it."""

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        id="restore-database",
        title=text("Restore the paused project"),
        clicks=(
            text("Supabase → the project: read why it is paused, and ask whoever paused it"),
            text("Press Restore project and wait until its status is healthy; this takes minutes"),
        ),
        changes=text("The database runs again; jobs and visitors reach it, all at once."),
        undo=text("Pause it again: Settings → General → Pause project."),
        link=_PROJECT,
    ),
    Sheet(
        id="cancel-backend",
        title=text("Cancel one statement that runs in the database"),
        clicks=(
            text("Ask the owner of the application that the finding names"),
            text("psql \"$DATABASE_URL\" -c 'select pg_cancel_backend(PID)' with the PID of the finding"),
        ),
        changes=text("One statement ends with an error; its session stays and its transaction is rolled back."),
        undo=text("None: the statement must be sent again by its owner."),
        link=f"{_PROJECT}/advisors/query-performance",
    ),
    Sheet(
        id="terminate-backend",
        title=text("End one session that holds a lock or a connection"),
        clicks=(
            text("Ask the owner of the application that the finding names: a migration may have to begin anew"),
            text("psql \"$DATABASE_URL\" -c 'select pg_terminate_backend(PID)' with the PID of the finding"),
        ),
        changes=text("One session is closed, its transaction rolled back, its locks released."),
        undo=text("None: its owner connects again and repeats the work."),
        link=f"{_PROJECT}/advisors/query-performance",
    ),
    Sheet(
        id="reload-schema-cache",
        title=text("Let the REST interface read the schema anew"),
        clicks=(
            text('psql "$DATABASE_URL" -c "notify pgrst, \'reload schema\'", or Supabase → SQL Editor'),
            text("Wait some seconds, then run this diagnosis again"),
        ),
        changes=text("The REST interface reads tables, columns and functions again; requests go on meanwhile."),
        undo=NEEDLESS,
        link=f"{_PROJECT}/sql/new",
    ),
    Sheet(
        id="open-supabase-project",
        title=text("Look at the project"),
        clicks=(text("Supabase → the project: status, services, use of resources"),),
        changes=NOTHING,
        undo=NEEDLESS,
        link=_PROJECT,
    ),
    Sheet(
        id="open-supabase-usage",
        title=text("Look at the usage against the plan"),
        clicks=(text("Supabase → the organisation → Usage: which limit is near or exceeded?"),),
        changes=NOTHING,
        undo=NEEDLESS,
        link="https://supabase.com/dashboard/org/_/usage",
    ),
    Sheet(
        id="open-supabase-plan",
        title=text("Consider a larger plan or compute size"),
        clicks=(
            text("Supabase → Settings → Compute and Disk: a larger size has more connections; it restarts"),
            text("Supabase → the organisation → Billing: a larger plan has higher limits; it costs money"),
        ),
        changes=NOTHING,
        undo=NEEDLESS,
        link=f"{_PROJECT}/settings/compute-and-disk",
    ),
    Sheet(
        id="open-supabase-replicas",
        title=text("Consider a read replica"),
        clicks=(text("Supabase → Settings → Infrastructure → Read replicas: for reads only, it costs money"),),
        changes=NOTHING,
        undo=NEEDLESS,
        link=f"{_PROJECT}/settings/infrastructure",
    ),
    Sheet(
        id="open-supabase-queries",
        title=text("Look at slow statements"),
        clicks=(text("Supabase → Advisors → Query Performance: sort by total time, then by mean time"),),
        changes=NOTHING,
        undo=NEEDLESS,
        link=f"{_PROJECT}/advisors/query-performance",
    ),
    Sheet(
        id="open-supabase-keys",
        title=text("Look at the project's keys"),
        clicks=(text("Supabase → Settings → API Keys: which keys are in force, and when was one changed?"),),
        changes=NOTHING,
        undo=NEEDLESS,
        link=f"{_PROJECT}/settings/api-keys",
    ),
)


def of_project(link: str, ref: str) -> str:
    """`link` to a page of the profile's project; as it is where the profile has none, or it leads elsewhere."""
    return link.replace(_PROJECT, f"{_PROJECT[:-1]}{ref}") if ref else link
