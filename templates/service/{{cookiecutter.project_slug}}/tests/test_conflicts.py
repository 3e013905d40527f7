"""What only the database notices is an answer too."""

import httpx
import pytest
from sqlalchemy import text

from chassis.database import Session
from chassis.operation import public, resource_router
from tests.fixtures import Service

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
