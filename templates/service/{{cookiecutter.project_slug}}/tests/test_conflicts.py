"""What only the database notices is an answer too."""

import asyncio

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError

from chassis.database import Database, Session, take_turns
from chassis.operation import public, resource_router
from chassis.problems import Problem
from tests.fixtures import Service, SettingsFor

TABLES = (
    "CREATE TEMPORARY TABLE houses (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL UNIQUE)",
    "CREATE TEMPORARY TABLE rooms (id INTEGER PRIMARY KEY, house INTEGER REFERENCES houses (id))",
    "INSERT INTO houses VALUES (1, 'red')",
    "INSERT INTO rooms VALUES (1, 1)",
)
router = resource_router("/v1/statements", tag="statements")


@router.post("", status_code=204)
@public
async def run(session: Session, statement: str) -> None:
    """Run a statement on a house with a room; nothing of it stays when it fails."""
    for each in (*TABLES, statement):
        await session.execute(text(each))


@router.post("/lost", status_code=204)
@public
async def lose(_session: Session) -> None:
    """Find what was to be changed changed already, as SQLAlchemy tells it."""
    raise StaleDataError


async def test_lost_race_is_told_by_what_was_asked(service: Service) -> None:
    """412 tells that a precondition failed; whoever sent none gets a 409, which the contract of a POST has."""
    service.app.router.routes.extend(router.routes)
    answers = [
        await service.anonymous.post("/v1/statements/lost", headers=headers) for headers in ({}, {"If-Match": '"1"'})
    ]

    assert [(each.status_code, each.json()["type"]) for each in answers] == [
        (409, "urn:problem-type:overtaken"),
        (412, "urn:problem-type:stale-version"),
    ]


@pytest.mark.parametrize(
    ("statement", "status", "kind"),
    [
        ("INSERT INTO houses VALUES (2, 'red')", 409, "taken"),
        ("INSERT INTO houses VALUES (1, 'blue')", 409, "taken"),
        ("INSERT INTO rooms VALUES (2, 7)", 409, "broken-reference"),
        ("DELETE FROM houses", 409, "broken-reference"),
        ("INSERT INTO houses VALUES (2, NULL)", 500, "internal-error"),
    ],
    ids=["value", "key", "nothing to refer to", "referred to", "defect"],
)
async def test_broken_constraint_is_a_conflict(service: Service, statement: str, status: int, kind: str) -> None:
    """Who was slower by a blink gets a 409; a constraint that the service itself has to keep is its defect."""
    service.app.router.routes.extend(router.routes)
    response: httpx.Response = await service.anonymous.post("/v1/statements", params={"statement": statement})

    assert (response.status_code, response.json()["type"]) == (status, f"urn:problem-type:{kind}")


async def test_of_two_that_wait_for_each_other_one_is_taken_back(database_url: str, settings_for: SettingsFor) -> None:
    """Its caller is told to try again: that is nobody's mistake, and no defect."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer, who waits for nobody")
    database = Database(settings_for(database_url))
    both_have_one = asyncio.Barrier(2)

    async def take(first: str, second: str) -> str:
        try:
            async with database.transaction() as session:
                await take_turns(session, first)
                await both_have_one.wait()
                await take_turns(session, second)
        except Problem as problem:
            return str(problem.kind)
        return "done"

    async with database.opened():
        outcomes = await asyncio.gather(take("left", "right"), take("right", "left"))

    assert sorted(outcomes) == ["done", "taken-back"]
