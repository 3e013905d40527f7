"""What those who operate the catalog do by hand: ``python -m <package> rebuild [channel ...]``."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from sqlalchemy import select

from chassis.database import Database
from chassis.settings import Settings

from .channels.models import ChannelRow
from .publications import rebuild


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m " + __name__.partition(".")[0])
    commands = parser.add_subparsers(required=True)
    again = commands.add_parser("rebuild", help="have everything written anew that channels show")
    again.add_argument("channel", nargs="*", help="keys of the channels; left out: all there are")
    wanted = parser.parse_args(arguments).channel
    ordered = asyncio.run(order(Settings(), wanted))
    if missing := set(wanted) - set(ordered):
        sys.stderr.write(f"There is no channel {', '.join(sorted(missing))}.\n")
        return 1
    sys.stdout.write(f"A worker of the service writes anew: {', '.join(ordered) or 'nothing, there is no channel'}.\n")
    return 0


async def order(settings: Settings, wanted: Sequence[str]) -> list[str]:
    """Order rebuilds of these channels, or of all; nothing is ordered when one of them is not there.

    :returns: the keys of the channels that are there.
    """
    database = Database(settings)
    async with database.opened(), database.transaction() as session:
        query = select(ChannelRow.key).order_by(ChannelRow.key)
        keys = list(await session.scalars(query.where(ChannelRow.key.in_(wanted)) if wanted else query))
        if set(wanted) <= set(keys):
            for key in keys:
                await rebuild.order(session, "channel", key)
        return keys


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
