"""The command line: ``python -m chassis COMMAND``."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from chassis.collector import resting

if TYPE_CHECKING:
    from chassis.database import Database
    from chassis.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    :returns: the exit code: 0 done, 1 the answer is no, 2 the settings are wrong.
    """
    parsed = _parser().parse_args(arguments)
    with resting():
        settings = _settings(whole=parsed.command in (_serve, _openapi))
    if settings is None:
        return 2
    command: Callable[[Settings, argparse.Namespace], int] = parsed.command
    return command(settings, parsed)


def _settings(*, whole: bool) -> "Settings | None":
    """Read the settings, or tell what is wrong with them.

    :param whole: the domain's as well, which takes longer; only what makes the app needs them.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - loaded while the collector rests

    from chassis.settings import Settings  # noqa: PLC0415 - as above

    try:
        if not whole:
            return Settings()
        from chassis import deferred  # noqa: F401, PLC0415 - its switch comes before all models
        from chassis.domain import load_domain  # noqa: PLC0415 - as above

        return load_domain().settings()
    except ValidationError as error:
        for one in error.errors():
            where = "_".join(str(part) for part in one["loc"]).upper() + ": " if one["loc"] else ""
            print(f"settings: {where}{one['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chassis", description="Run and look after this service.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[["Settings", argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=run)
        return command

    add("serve", _serve, "Serve HTTP on HOST and PORT until SIGTERM.")
    migrate = add("migrate", _migrate, "Bring the database's tables up to the newest migrations.")
    migrate.add_argument("--check", action="store_true", help="change nothing; exit 1 if anything is missing")
    migrate.add_argument("--down", metavar="REVISION", help="take migrations back, down to REVISION (or `base`)")
    migration = add(
        "migration", _migration, "Migrate the database, and write a migration for what the models have more."
    )
    migration.add_argument("message", help="what it does, in words")
    add("openapi", _openapi, "Print the contract as YAML.")
    add("asyncapi", _asyncapi, "Print the contract of the events as YAML.")
    add("relay", _relay, "Deliver events until SIGTERM, without serving HTTP.")
    outbox = add("outbox", _outbox, "Show which events wait to be delivered, and which were given up.")
    outbox.add_argument("--retry", metavar="DESTINATION", help="deliver after all what was given up")
    outbox.add_argument("--drop", metavar="DESTINATION", help="forget everything owed to a destination that is gone")
    add("check-ready", _check_ready, "Exit 0 when the service on PORT is ready.")
    token = add("token", _token, "Print a bearer token for ENVIRONMENT=dev.")
    token.add_argument("--subject", default="developer", help="who the token is for (default: %(default)s)")
    token.add_argument("--tenant", default="", help="whose customer or employee that is (default: one tenant for all)")
    token.add_argument("--account", default="", help="the customer that the subject acts for (default: none)")
    token.add_argument("--scope", action="append", help="a scope to grant; repeat it; default: all there are")
    token.add_argument("--seconds", type=int, default=8 * 3600, help="validity (default: eight hours)")
    return parser


def _serve(settings: "Settings", _arguments: argparse.Namespace) -> int:
    with resting():
        from chassis.server import serve  # noqa: PLC0415 - the other commands start without the server

    return serve(settings)


def _migrate(settings: "Settings", arguments: argparse.Namespace) -> int:
    from alembic.util import CommandError  # noqa: PLC0415 - only this command needs the database

    from chassis import migrations, revisions  # noqa: PLC0415 - as above

    async def work(database: "Database") -> int:
        if arguments.down:
            await migrations.downgrade(database.engine, arguments.down)
        elif arguments.check:
            await migrations.check(database.engine)
        else:
            await migrations.upgrade(database.engine)
        present = (await revisions.state(database.engine)).present
        print(f"The database is at {' and '.join(present) or 'base'}.")
        return 0

    try:
        return _with_database(settings, "migrate", work)
    except CommandError as error:  # also when the models have changed and no migration was written
        print(f"migrate: {error}", file=sys.stderr)
        return 1


def _with_database(settings: "Settings", command: str, work: "Callable[[Database], Awaitable[int]]") -> int:
    """Do a command's work; a database that is away, or lets nobody in, is told in one line."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - the other commands start without the database

    from chassis.circuit import Unreachable  # noqa: PLC0415 - as above
    from chassis.database import DRIVER_ERRORS, Database, unavailable_as_problem  # noqa: PLC0415 - as above
    from chassis.problems import Problem  # noqa: PLC0415 - as above

    async def run() -> int:
        database = Database(settings)
        try:
            with unavailable_as_problem():
                return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except (Problem, OSError, Unreachable, *DRIVER_ERRORS) as error:
        reason = error.__cause__ if isinstance(error, Problem) else error
    except DBAPIError as error:
        if not (getattr(error.orig, "sqlstate", None) or "").startswith(_NOT_LET_IN):
            raise
        reason = error
    reason = getattr(reason, "orig", reason)
    print(f"{command}: the database of DATABASE_URL cannot be used: {reason}", file=sys.stderr)
    return 1


_NOT_LET_IN = ("28", "3D")
"""Classes of SQLSTATE (PostgreSQL, appendix A): a wrong user or password, and no such database."""


def _migration(settings: "Settings", arguments: argparse.Namespace) -> int:
    from chassis import migrations  # noqa: PLC0415 - only the commands about migrations need Alembic
    from chassis.database import Database  # noqa: PLC0415 - as above

    async def run() -> None:
        database = Database(settings)
        try:
            await migrations.upgrade(database.engine)
            await migrations.write(database.engine, arguments.message)
        finally:
            await database.close()

    asyncio.run(run())
    return 0


def _openapi(settings: "Settings", _arguments: argparse.Namespace) -> int:
    from chassis import contract  # noqa: PLC0415 - the other commands start without the app
    from chassis.app import create_app  # noqa: PLC0415 - as above

    print(contract.dump(create_app(settings).openapi()), end="")
    return 0


def _asyncapi(_settings: "Settings", _arguments: argparse.Namespace) -> int:
    from chassis import contract, event_contract  # noqa: PLC0415 - the other commands start without the app
    from chassis.domain import load_domain  # noqa: PLC0415 - as above
    from chassis.project import project  # noqa: PLC0415 - as above

    print(contract.dump(event_contract.build(project(), load_domain())), end="")
    return 0


def _relay(settings: "Settings", _arguments: argparse.Namespace) -> int:
    from chassis import logs, relay  # noqa: PLC0415 - the other commands start without the database
    from chassis.project import project  # noqa: PLC0415 - as above

    logs.configure(settings.log_level, project().name)
    asyncio.run(relay.serve(settings))
    return 0


def _outbox(settings: "Settings", arguments: argparse.Namespace) -> int:
    from chassis import deliveries  # noqa: PLC0415 - the other commands start without the database

    async def work(database: "Database") -> int:
        async with database.transaction() as session:
            owed = {one.destination for one in await deliveries.backlogs(session)}
            if unknown := {arguments.retry, arguments.drop} - owed - {None}:
                known = ", ".join(sorted(owed)) or "nobody"
                print(f"outbox: nothing is owed to {', '.join(sorted(unknown))}, but to: {known}", file=sys.stderr)
                return 1
            if arguments.retry:
                await deliveries.retry_dead(session, arguments.retry)
            if arguments.drop:
                await deliveries.drop(session, arguments.drop)
            lines = [
                f"{one.destination}: {one.waiting} wait, {one.oldest_seconds:.0f} s; {one.dead} given up"
                for one in await deliveries.backlogs(session)
            ]
        print("\n".join(lines) or "Nothing is owed to anybody.")
        return 0

    return _with_database(settings, "outbox", work)


def _check_ready(settings: "Settings", _arguments: argparse.Namespace) -> int:
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 - fast start: containers ask every few seconds

    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - comparing, not binding
    connection = HTTPConnection(host, settings.port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        print(response.read().decode())
    except (OSError, HTTPException) as error:
        print(f"http://{host}:{settings.port} does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return 0 if response.status == 200 else 1


def _token(settings: "Settings", arguments: argparse.Namespace) -> int:
    from chassis.domain import load_domain  # noqa: PLC0415 - the other commands start without the domain
    from chassis.keys import DevelopmentKeys  # noqa: PLC0415 - as above
    from chassis.settings import Environment  # noqa: PLC0415 - as above

    if settings.environment is not Environment.DEV or settings.auth_issuer:
        print("Tokens are made here only in ENVIRONMENT=dev without AUTH_ISSUER; ask the issuer.", file=sys.stderr)
        return 2
    scopes = frozenset(arguments.scope or load_domain().scopes)
    claims = {settings.auth_tenant_claim: arguments.tenant, "account": arguments.account}
    claims = {name: value for name, value in claims.items() if value}
    keys = DevelopmentKeys(settings.var_dir)
    print(keys.mint(subject=arguments.subject, scopes=scopes, seconds=arguments.seconds, claims=claims))
    return 0


if __name__ == "__main__":
    sys.exit(main())
