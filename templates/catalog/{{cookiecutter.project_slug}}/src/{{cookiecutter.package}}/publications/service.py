"""What can be done with publications: freezing a product, scheduling it, taking it back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now, take_turns
from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from ..assortments.service import LISTINGS, relist
from ..channels.models import ChannelRow
from ..channels.schemas import ChannelDraft, ChannelLocale
from ..product_types.schemas import AttributeDefinition
from ..products import rules
from ..products import service as products
from ..products.models import ProductRow
from ..products.schemas import ProductDraft, ProductState
from . import events
from .entries import Frozen, Target, write
from .models import PublicationRow
from .representation import Subject
from .schemas import PublicationDraft
from .timeline import close, settle


@dataclass(frozen=True, kw_only=True)
class Item:
    """A product that is to be published."""

    row: ProductRow
    draft: ProductDraft
    definitions: Sequence[AttributeDefinition]

    @property
    def subject(self) -> Subject:
        """What is shown of it."""
        return Subject(product_id=self.row.id, draft=self.draft, definitions=self.definitions)


def listed(product_id: UUID) -> Select[PublicationRow]:
    """Return the query for the publications of a product."""
    return select(PublicationRow).where(PublicationRow.product_id == product_id)


async def find(session: AsyncSession, product_id: UUID, publication_id: UUID) -> PublicationRow:
    """Return one publication of a product.

    :raises Problem: 404 when there is none.
    """
    row = await session.scalar(listed(product_id).where(PublicationRow.id == publication_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such publication.")
    return row


async def publish(session: AsyncSession, row: ProductRow, wanted: PublicationDraft) -> PublicationRow:
    """Freeze a product as it stands.

    A beginning that is past means now: what came before cannot be changed.

    :raises Problem: 409 when it has changed since it was looked at, 422 when it is not fit to be seen, or never would.
    """
    present = now()
    begin = max(wanted.valid_from or present, present)
    if wanted.valid_until is not None and wanted.valid_until <= begin:
        over = FieldError(pointer="/valid_until", parameter=None, detail="is past; nobody would ever see it")
        raise Problem(422, "not-publishable", "The product would not be seen at any time.", errors=[over])
    if wanted.product_version not in (None, row.version):
        raise Problem(409, "other-version", f"The product is at version {row.version}; look at it again.")
    draft = products.draft_of(row)
    definitions = await products.definitions_of(session, row.product_type)
    targets = await targets_of(session, wanted.channels)
    item = Item(row=row, draft=draft, definitions=definitions)
    errors = unfit(item, targets) + await products.dangling(session, draft, definitions)
    if errors:
        raise Problem(422, "not-publishable", "The product is not fit to be seen; see the errors.", errors=errors)
    (made,) = await freeze(session, [item], targets, begin, wanted.valid_until)
    return made


async def targets_of(session: AsyncSession, keys: Sequence[str] | None) -> list[Target]:
    """Return the channels with these keys, or all; they stay as they are until this transaction ends.

    :raises Problem: 422 when one is not there, or none is.
    """
    query = select(ChannelRow).order_by(ChannelRow.key)
    query = query if keys is None else query.where(ChannelRow.key.in_(keys))
    found = {row.key: target_of(row) for row in await session.scalars(query.with_for_update(read=True))}
    missing = [
        FieldError(pointer=f"/channels/{index}", parameter=None, detail=f"there is no channel {key}")
        for index, key in enumerate(keys or ())
        if key not in found
    ]
    if missing or not found:
        raise Problem(422, "no-channel", "Publish for channels that are there; create one first.", errors=missing)
    return list(found.values())


def target_of(row: ChannelRow) -> Target:
    """Return a channel as it is written: in its languages, and in those that it is leaving and still answers in."""
    channel = ChannelDraft.model_validate(row)
    names = {each.locale for each in channel.locales}
    leaving = [each for each in map(ChannelLocale.model_validate, row.live_locales) if each.locale not in names]
    return Target(channel=channel, locales=[*channel.locales, *leaving])


def unfit(item: Item, targets: Iterable[Target]) -> list[FieldError]:
    """Return everything that keeps a product from being seen in these channels."""
    errors = rules.unfinished(item.draft, item.definitions)
    for target in targets:
        for locale in target.channel.locales:
            for member, texts in (("name", item.draft.name), ("slug", item.draft.slug)):
                if texts and not any(each in texts for each in locale.chain):
                    detail = f"channel {target.channel.key} needs one of {', '.join(locale.chain)}"
                    errors.append(FieldError(pointer=f"/{member}", parameter=None, detail=detail))
    return errors


async def freeze(
    session: AsyncSession,
    items: Sequence[Item],
    targets: Sequence[Target],
    begin: datetime,
    end: datetime | None,
) -> list[PublicationRow]:
    """Publish products that were found fit; many cost hardly more round trips than one."""
    # Whoever changes an assortment or moves a category sees these publications, or is seen by them.
    await take_turns(session, LISTINGS, together=True)
    made = []
    for item in items:
        item.row.state = ProductState.PUBLISHED
        item.row.published_at = now()
        # The version that this very change makes: as long as it is the present one, nothing has been edited since.
        item.row.published_version = item.row.version + 1
        publication = PublicationRow(
            id=uuid7(),
            product_id=item.row.id,
            product=item.row.key,
            product_version=item.row.version,
            channels=[target.channel.key for target in targets],
            valid_from=begin,
            valid_until=end,
            withdrawn_at=None,
            ended=False,
            document=item.row.document,
        )
        session.add(publication)
        made.append(publication)
    await session.flush()
    frozen = [Frozen(publication=each, subject=item.subject) for item, each in zip(items, made, strict=True)]
    await write(session, frozen, targets)
    await settle(session, [item.row for item in items])
    await relist(session, [publication.id for publication in made], new=True)
    pairs = [(item.row, publication) for item, publication in zip(items, made, strict=True)]
    await events.tell_all(session, events.PUBLISHED, pairs)
    return made


async def withdraw(session: AsyncSession, product: ProductRow, publication: PublicationRow) -> None:
    """Take a publication back: from now on touchpoints do not see it.

    :raises Problem: 409 when it was withdrawn before.
    """
    if publication.withdrawn_at is not None:
        raise Problem(409, "withdrawn", "The publication was withdrawn before.")
    publication.withdrawn_at = now()
    await session.flush()
    await settle(session, [product])
    await close(session, [product])
    await events.tell(session, events.UNPUBLISHED, product, publication)
