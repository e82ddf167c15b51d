"""Check our requests and our stand-ins' answers against the vendors' published descriptions.

    python tests/contracts/vendors/contract.py DIR

DIR holds the descriptions, which are not part of the project. The exit code is 1 if a request is
unlisted or a request or an answer is invalid, 2 if the descriptions are not there.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[3])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

# After the line above: started as a script, this file alone knows where the tests are.
from tests.contracts.vendors.openrouter_contract import OPENAPI, openrouter_tally  # noqa: E402
from tests.contracts.vendors.railway_contract import INTROSPECTION, railway_tally  # noqa: E402
from tests.contracts.vendors.sentry_contract import OPENAPI as SENTRY  # noqa: E402
from tests.contracts.vendors.sentry_contract import sentry_tally  # noqa: E402
from tests.contracts.vendors.status_pages_contract import status_pages_tally  # noqa: E402
from tests.contracts.vendors.supabase_contract import DESCRIPTION, supabase_tally  # noqa: E402
from tests.contracts.vendors.tally import Tally, render  # noqa: E402
from tests.contracts.vendors.upstash_contract import OPENAPI as UPSTASH  # noqa: E402
from tests.contracts.vendors.upstash_contract import upstash_tally  # noqa: E402
from tests.contracts.vendors.vercel_contract import vercel_tally  # noqa: E402


async def check(specs: Path) -> tuple[Tally, ...]:
    """Every vendor we have a stand-in for."""
    return (
        await railway_tally(specs),
        await openrouter_tally(specs),
        await supabase_tally(specs),
        await vercel_tally(),
        await sentry_tally(specs),
        await upstash_tally(specs),
        await status_pages_tally(),
    )


def main(arguments: Sequence[str]) -> int:
    """Print the account and say by the exit code whether it is clean."""
    if len(arguments) != 1:
        print("usage: contract.py DIR", file=sys.stderr)
        return 2
    specs = Path(arguments[0])
    needed = (INTROSPECTION, OPENAPI, DESCRIPTION, SENTRY, UPSTASH)
    if missing := [name for name in needed if not (specs / name).is_file()]:
        print(f"{specs} lacks {', '.join(missing)}", file=sys.stderr)
        return 2
    tallies = asyncio.run(check(specs))
    print(render(tallies))
    return int(any(tally.problems for tally in tallies))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
