"""Loads a made-up company into a running portal: ``python -m samples.load URL``, in ``ENVIRONMENT=dev``."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from chassis.keys import DevelopmentKeys
from chassis.settings import Environment, Settings
from samples.company import (
    ADDRESSES,
    ADMIN,
    CASE,
    DEVICE,
    LIMIT,
    NAME,
    OFFER_DAYS,
    OFFERED,
    PEOPLE,
    QUOTE,
    RULE,
    SHOPPING_LIST,
    WORKSHOPS,
)

Mint = Callable[..., str]
"""Signs a token of somebody, by subject and scopes."""

CUSTOMER, STAFF = ("portal:read", "portal:write"), ("portal:staff",)


@dataclass(frozen=True)
class Person:
    """Somebody who talks to the portal."""

    client: httpx.Client
    token: str = field(repr=False)

    def read(self, path: str) -> Any:
        """Read something."""
        answer = self.client.get(f"/v1/{path}", headers={"Authorization": f"Bearer {self.token}"})
        return answer.raise_for_status().json()

    def make(self, path: str, thing: dict[str, Any] | None = None) -> Any:
        """Make something, whatever version it is made of."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4()), "If-Match": "*"}
        return self.client.post(f"/v1/{path}", json=thing, headers=headers).raise_for_status().json()


def load(client: httpx.Client, mint: Mint) -> str | None:
    """Put the company there, with everything that its people would have done.

    :returns: the account's id, or nothing when the company is there already.
    :raises httpx.HTTPStatusError: when the service refuses something.
    """
    carla = Person(client, mint(ADMIN, *CUSTOMER))
    if any(account["name"] == NAME for account in carla.read("accounts")["items"]):
        return None
    account = carla.make("accounts", {"kind": "company", "name": NAME})
    units = {"": account["unit_id"]}
    for name, cost_centre in WORKSHOPS.items():
        draft = {"parent_id": account["unit_id"], "name": f"Workshop {name}", "cost_centre": cost_centre}
        units[name] = carla.make("business-units", draft)["id"]
    people = {}
    for subject, (unit, roles) in PEOPLE.items():
        people[subject] = Person(client, mint(subject, *CUSTOMER))
        draft = {"unit_id": units[unit], "email": f"{subject}@hansen.example", "roles": roles}
        invitation = carla.make("invitations", draft)
        told = carla.make(f"invitations/{invitation['id']}/tokens")
        people[subject].make("invitation-acceptances", {"token": told["token"]})
    for unit, address in ADDRESSES.items():
        carla.make("addresses", address | {"unit_id": units[unit], "country": "DE"})
    carla.make("approval-rules", RULE | {"unit_id": units[""]})
    carla.make("spending-limits", LIMIT | {"unit_id": units[""]})
    _ask(people["ben"], Person(client, mint("sam", *STAFF)), units["Hamburg"])
    people["tim"].make("cases", CASE | {"unit_id": units["Hamburg"]})
    people["tim"].make("devices", DEVICE | {"unit_id": units["Hamburg"]})
    return str(account["id"])


def _ask(ben: Person, sam: Person, unit: str) -> None:
    """Let a buyer ask for a price, and the house offer one."""
    ben.make("shopping-lists", SHOPPING_LIST | {"unit_id": unit})
    quote = ben.make("quotes", QUOTE | {"unit_id": unit})
    path = f"staff/quotes/{quote['id']}"
    sam.make(f"{path}/transitions", {"action": "review"})
    until = (datetime.now(UTC) + timedelta(days=OFFER_DAYS)).isoformat()
    sam.make(f"{path}/offers", {"lines": OFFERED, "valid_until": until})


def main(arguments: Sequence[str]) -> int:
    """Load the samples into the service that the arguments name."""
    settings = Settings()
    if len(arguments) != 1 or settings.environment is not Environment.DEV or settings.auth_issuer:
        sys.stderr.write("python -m samples.load URL   (in ENVIRONMENT=dev, where tokens are made here)\n")
        return 2
    keys = DevelopmentKeys(settings.var_dir)

    def mint(subject: str, *scopes: str) -> str:
        return keys.mint(subject=subject, scopes=frozenset(scopes), seconds=600)

    with httpx.Client(base_url=arguments[0], timeout=60) as client:
        account = load(client, mint)
    if account is None:
        sys.stdout.write(f"{NAME} is there already.\n")
        return 0
    sys.stdout.write(
        f"{NAME}: {1 + len(WORKSHOPS)} business units, {1 + len(PEOPLE)} people, rules, a quote, a case, a device.\n"
        f'Look at it as one of them: make token ARGS="--subject ben --account {account}"\n'
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
