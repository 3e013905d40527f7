"""What can be done with documents: see that they are there, and read them."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.problems import Problem

from ..access.permissions import Permission
from ..access.service import the_one
from ..orders.models import DocumentRow
from ..orders.service import told


def listed(caller: Principal, order_id: UUID | None = None) -> Select[DocumentRow]:
    """Return the query for the documents within the caller's reach, or those of one order."""
    query = told(caller, DocumentRow, Permission.VIEW_DOCUMENTS).where(DocumentRow.withdrawn.is_(False))
    return query if order_id is None else query.where(DocumentRow.order_id == order_id)


async def find(session: AsyncSession, caller: Principal, document_id: UUID) -> DocumentRow:
    """Return one document.

    :raises Problem: 404 when there is none for this caller.
    """
    return await the_one(session, listed(caller).where(DocumentRow.id == document_id), name="document")


async def linked(session: AsyncSession, target: tuple[str, UUID] | None) -> DocumentRow:
    """Return the document that a link leads to.

    :raises Problem: 404 when the link leads nowhere; whether it is wrong, over or withdrawn is not told.
    """
    tenant, document_id = target or ("", None)
    query = select(DocumentRow).where(
        DocumentRow.tenant == tenant, DocumentRow.id == document_id, DocumentRow.withdrawn.is_(False)
    )
    row = await session.scalar(query)
    if row is None:
        raise Problem(404, "not-found", "There is no such document, or the link is over; ask for a new one.")
    return row
