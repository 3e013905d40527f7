"""Reading the overview: all sections in one round trip, and each by itself while that fails."""

import asyncio
import time
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from chassis.auth import Principal
from chassis.database import DRIVER_ERRORS, Database
from chassis.logs import logger
from chassis.problems import Problem

from .schemas import Overview
from .statement import sql

WHOLE_SECONDS = 1.0
SECTION_SECONDS = 2.0
APART_SECONDS = 5.0
"""How long sections are read one by one after they could not be read together."""

_TROUBLE = (SQLAlchemyError, *DRIVER_ERRORS, Problem, TimeoutError, OSError)


class OverviewReader:
    """Reads the overview of whoever asks, as finished JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database
        driver = database.engine.url.drivername
        self._whole = sql(driver, tuple(Overview.model_fields))
        self._apart = {name: sql(driver, (name,)) for name in Overview.model_fields}
        self._apart_until = 0.0

    async def read(self, caller: Principal) -> bytes:
        """Return the overview. A section that fails says so, and the rest is there.

        :raises Problem: 503 when not a single section can be read.
        """
        if time.monotonic() >= self._apart_until:
            try:
                return (await self._ask(self._whole, caller, WHOLE_SECONDS)).encode()
            except _TROUBLE as error:
                logger().warning("overview read in sections", reason=type(error).__name__)
                self._apart_until = time.monotonic() + APART_SECONDS
        names = list(self._apart)
        found = await asyncio.gather(*(self._section(name, caller) for name in names))
        if not any(found):
            raise Problem(503, "database-unavailable", "Nothing can be read now.", headers={"Retry-After": "5"})
        return _joined({name: one or _unavailable(name) for name, one in zip(names, found, strict=True)})

    async def _section(self, name: str, caller: Principal) -> str | None:
        try:
            return await self._ask(self._apart[name], caller, SECTION_SECONDS)
        except _TROUBLE as error:
            logger().warning("section left out", section=name, reason=type(error).__name__)
            return None

    async def _ask(self, statement: str, caller: Principal, seconds: float) -> str:
        async with asyncio.timeout(seconds):
            ((document,),) = await self._database.fetch(statement, caller.tenant, caller.subject)
        return str(document)


def _unavailable(name: str) -> str:
    shape = Overview.model_fields[name].annotation
    assert shape is not None  # noqa: S101 - tells the type checker what the class says
    empty: str = shape(status="unavailable").model_dump_json()
    return f'{{"{name}":{empty}}}'


def _joined(sections: Mapping[str, str]) -> bytes:
    # Each is an object with the section as its only member: without the braces they are the members of one.
    return f"{{{','.join(one.strip()[1:-1] for one in sections.values())}}}".encode()
