"""What can be done with customers."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
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


def reference_of(caller: Principal) -> str:
    """Return by which reference the shop knows a caller as its customer."""
    return caller.account or caller.subject


def is_caller(caller: Principal) -> ColumnElement[bool]:
    """Return the condition for the customer that a caller is; nobody names their own."""
    return and_(CustomerRow.tenant == caller.tenant, CustomerRow.reference == reference_of(caller))
