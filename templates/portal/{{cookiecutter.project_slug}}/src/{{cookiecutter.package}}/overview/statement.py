"""The sections of the overview as SQL that gives JSON: all in one statement, or each by itself.

What a person may see is decided by the same conditions as everywhere (`access`); here all sections share one look at
who asks and what was granted. The statements are made once: only ``$1``, the tenant, and ``$2``, the subject, differ.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
)

from chassis.database import Document

from ..access.permissions import Permission
from ..access.service import Standing, granted_to, person_of
from ..approvals.models import ApprovalRequestRow
from ..approvals.states import ApprovalState
from ..cases.models import CaseRow
from ..cases.states import CASE
from ..devices.models import DeviceRow
from ..members.models import MembershipRole, MembershipRow
from ..orders.models import OrderAxisRow, OrderRow
from ..people.models import PersonRow, PreferencesRow
from ..quotes.models import QuoteRow
from ..quotes.states import QUOTE, QuoteState
from ..units.models import UnitRow
from .json_sql import JsonObject, json_list

_MOST = 5
_MOST_PLACES = 50
_TENANT: ColumnElement[str] = literal_column("$1", String)
_SUBJECT: ColumnElement[str] = literal_column("$2", String)
_OK: ColumnElement[str] = literal_column("'ok'", String)


def _person(who: Standing) -> ColumnElement[Any]:
    preferred, none = PreferencesRow.document, literal_column("'{}'", Document)
    profile = JsonObject(
        name=PersonRow.name,
        email=PersonRow.email,
        phone=PersonRow.phone,
        locale=PersonRow.locale,
        version=func.coalesce(PersonRow.version, 0),
    )
    preferences = JsonObject(
        currency=preferred["currency"],
        default_unit_id=preferred["default_unit_id"],
        notifications=case((PreferencesRow.id.is_(None), none), else_=preferred["notifications"]),
        version=func.coalesce(PreferencesRow.version, 0),
    )
    anyone = select(true().label("there")).subquery()  # a newcomer has no row, and is greeted all the same
    return (
        select(JsonObject(status=_OK, profile=profile, preferences=preferences))
        .select_from(anyone)
        .outerjoin(PersonRow, PersonRow.id == who.person)
        .outerjoin(PreferencesRow, PreferencesRow.person_id == PersonRow.id)
        .scalar_subquery()
    )


def _places(who: Standing) -> ColumnElement[Any]:
    roles = select(MembershipRole.role).where(MembershipRole.membership_id == MembershipRow.id)
    shown = JsonObject(
        unit_id=UnitRow.id,
        unit_name=UnitRow.name,
        account_id=UnitRow.account_id,
        roles=json_list(roles.order_by(MembershipRole.role).correlate(MembershipRow)),
    )
    query = select(shown).select_from(MembershipRow).join(UnitRow, UnitRow.id == MembershipRow.unit_id)
    own = query.where(MembershipRow.tenant == who.tenant, MembershipRow.person_id == who.person)
    return _items(own.order_by(MembershipRow.id), most=_MOST_PLACES)


def _orders(who: Standing) -> ColumnElement[Any]:
    shown = JsonObject(
        id=OrderRow.id,
        unit_id=OrderRow.unit_id,
        number=OrderRow.number,
        purchase_order_number=OrderRow.purchase_order_number,
        placed_at=OrderRow.placed_at,
        state=OrderRow.state,
        payment_state=_axis("payment"),
        shipment_state=_axis("shipment"),
        total=JsonObject(amount=OrderRow.total, currency=OrderRow.currency),
    )
    query = select(shown).where(who.covers(OrderRow, Permission.VIEW_ORDERS))
    return _items(query.order_by(OrderRow.placed_at.desc(), OrderRow.id.desc()))


def _axis(name: str) -> ScalarSelect[str]:
    of_order = and_(OrderAxisRow.tenant == OrderRow.tenant, OrderAxisRow.id == OrderRow.id)
    return select(OrderAxisRow.state).where(of_order, OrderAxisRow.axis == name).correlate(OrderRow).scalar_subquery()


def _quotes(who: Standing) -> ColumnElement[Any]:
    shown = JsonObject(id=QuoteRow.id, title=QuoteRow.title, state=QuoteRow.state, valid_until=QuoteRow.valid_until)
    # An offer expires whether or not somebody has written it down.
    live = or_(QuoteRow.state != QuoteState.OFFERED, QuoteRow.valid_until > func.now())
    query = select(shown).where(
        who.covers(QuoteRow, Permission.VIEW_QUOTES), QuoteRow.state.not_in(sorted(QUOTE.final)), live
    )
    return _items(query.order_by(QuoteRow.id.desc()))


def _approvals(who: Standing) -> ColumnElement[Any]:
    row = ApprovalRequestRow
    shown = JsonObject(
        id=row.id,
        kind=row.kind,
        amount=JsonObject(amount=row.amount, currency=row.currency),
        mine=row.person_id == who.person,
    )
    query = select(shown).where(who.covers(row, Permission.VIEW_APPROVALS), row.state == ApprovalState.PENDING)
    return _items(query.order_by(row.id))


def _cases(who: Standing) -> ColumnElement[Any]:
    shown = JsonObject(id=CaseRow.id, title=CaseRow.title, state=CaseRow.state)
    query = select(shown).where(who.covers(CaseRow, Permission.VIEW_CASES), CaseRow.state.not_in(sorted(CASE.final)))
    return _items(query.order_by(CaseRow.id.desc()))


def _devices(who: Standing) -> ColumnElement[Any]:
    row = DeviceRow
    shown = JsonObject(
        id=row.id,
        name=row.name,
        product=row.product,
        serial_number=row.serial_number,
        warranty_until=row.warranty_until,
    )
    query = select(shown).where(who.covers(row, Permission.VIEW_DEVICES))
    return _items(query.order_by(row.id.desc()))


def _items(query: Select[Any], *, most: int = _MOST) -> ColumnElement[Any]:
    return JsonObject(status=_OK, items=json_list(query.limit(most)))


_SECTIONS: Mapping[str, Callable[[Standing], ColumnElement[Any]]] = {
    "person": _person,
    "places": _places,
    "orders": _orders,
    "quotes": _quotes,
    "approvals": _approvals,
    "cases": _cases,
    "devices": _devices,
}


@cache
def sql(driver: str, names: tuple[str, ...]) -> str:
    """Return the SQL of one row with one value: a JSON object of these sections.

    To compile it takes tens of milliseconds, so it is done once a process.

    :param driver: the database and how it is spoken to, as in a URL: ``postgresql+asyncpg``.
    """
    asks = person_of(_TENANT, _SUBJECT).cte("asks")
    person: ColumnElement[Any] = select(asks.c.id).scalar_subquery()
    who = Standing(tenant=_TENANT, person=person, granted=granted_to(_TENANT, person).cte("granted"))
    statement = select(JsonObject(**{name: _SECTIONS[name](who) for name in names}))
    dialect = URL.create(driver).get_dialect()()
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
