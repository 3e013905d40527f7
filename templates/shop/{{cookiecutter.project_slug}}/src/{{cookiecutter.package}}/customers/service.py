"""What can be done with customers."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.problems import Problem

from .models import CustomerRow
from .schemas import CustomerDraft


def listed(tenant: str, reference: str | None = None) -> Select[CustomerRow]:
    """Return the query for the customers of a house, or for the one with that reference."""
    query = select(CustomerRow).where(CustomerRow.tenant == tenant)
    return query if reference is None else query.where(CustomerRow.reference == reference)


async def find(session: AsyncSession, tenant: str, customer_id: UUID) -> CustomerRow:
    """Return one customer.

    :raises Problem: 404 when the house has no such customer.
    """
    row = await session.scalar(listed(tenant).where(CustomerRow.id == customer_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such customer.")
    return row


async def create(session: AsyncSession, tenant: str, draft: CustomerDraft) -> CustomerRow:
    """Store a new customer.

    :raises Problem: 409 when the reference is taken.
    """
    if await session.scalar(listed(tenant, draft.reference)):
        raise Problem(409, "reference-taken", f"There is a customer {draft.reference} already.")
    row = CustomerRow(tenant=tenant, **draft.model_dump())
    session.add(row)
    await session.flush()
    return row


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of a buyer: the group whose prices it gets, and whether its orders need approval."""

    customer_group: str | None = None
    needs_approval: bool = False


async def standing_of(session: AsyncSession, caller: Principal) -> Standing:
    """Return what is known of a caller; nobody names their own group."""
    query = select(CustomerRow.customer_group, CustomerRow.needs_approval).where(
        CustomerRow.tenant == caller.tenant, CustomerRow.reference == (caller.account or caller.subject)
    )
    found = (await session.execute(query)).one_or_none()
    return Standing() if found is None else Standing(customer_group=found[0], needs_approval=found[1])
