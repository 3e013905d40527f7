"""Ready-made customers of a small house, and ways to put them there."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.fixtures import Service

MERGE = {"Content-Type": "application/merge-patch+json"}
CUSTOMER = ("portal:read", "portal:write")
ABSENT = "0190a5e0-0000-7000-8000-000000000000"


async def post(client: httpx.AsyncClient, path: str, **members: Any) -> dict[str, Any]:
    """Create something and return it."""
    response = await client.post(f"/v1/{path}", json=members)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def invite(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    """Invite somebody and return the invitation with its token."""
    invitation = await post(client, "invitations", **members)
    answer = await client.post(f"/v1/invitations/{invitation['id']}/tokens")
    assert answer.status_code == 200, answer.text
    return invitation | {"token": answer.json()["token"]}


async def patch(client: httpx.AsyncClient, path: str, tag: str = "*", **members: Any) -> httpx.Response:
    """Change something, whatever its version is; return the answer."""
    return await client.patch(f"/v1/{path}", json=members, headers=MERGE | {"If-Match": tag})


async def delete(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """Delete something, whatever its version is; return the answer."""
    return await client.delete(f"/v1/{path}", headers={"If-Match": "*"})


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company's account, its own unit, and its first admin."""

    service: Service
    tenant: str
    account_id: str
    unit_id: str
    admin: httpx.AsyncClient

    async def hire(self, subject: str, *roles: str, unit_id: str = "") -> httpx.AsyncClient:
        """Make somebody a member, by invitation; return a client of theirs."""
        invitation = await invite(
            self.admin,
            unit_id=unit_id or self.unit_id,
            email=f"{subject}@example.com",
            roles=list(roles),
        )
        member = self.service.as_(subject, *CUSTOMER, tenant=self.tenant)
        await post(member, "invitation-acceptances", token=invitation["token"])
        return member


async def company(service: Service, subject: str = "ann", *, tenant: str = "", name: str = "Works") -> Company:
    """Open a company's account."""
    admin = service.as_(subject, *CUSTOMER, tenant=tenant)
    account = await post(admin, "accounts", kind="company", name=name)
    return Company(service=service, tenant=tenant, account_id=account["id"], unit_id=account["unit_id"], admin=admin)


async def member_of(client: httpx.AsyncClient, subject_email: str | None = None) -> list[dict[str, Any]]:
    """Return the memberships that a client sees, or those of one person by its address."""
    items: list[dict[str, Any]] = (await client.get("/v1/members")).json()["items"]
    return [one for one in items if subject_email is None or one["person"]["email"] == subject_email]
