"""Publishing: freezing what is being worked on, and taking it back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now
from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from ..assortments.service import relist
from ..channels.models import ChannelRow
from ..channels.schemas import ChannelDraft
from ..product_types import attributes
from ..product_types.schemas import AttributeDefinition
from ..products import rules
from ..products import service as products
from ..products.models import ProductRow
from ..products.schemas import ProductDraft, ProductState
from ..search.index import Text, index_for
from ..vocabulary.moments import microseconds, window
from ..vocabulary.rows import insert_rows
from . import events
from .models import Entry, PublicationCategory, PublicationReference, PublicationRow, Term
from .representation import Shown, Subject, order_by_price, show, terms
from .schemas import PublicationDraft


@dataclass(frozen=True, kw_only=True)
class Item:
    """A product that is to be published."""

    row: ProductRow
    draft: ProductDraft
    definitions: Sequence[AttributeDefinition]


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

    :raises Problem: 409 when it has changed since it was looked at, 422 when it is not fit to be seen.
    """
    if wanted.product_version not in (None, row.version):
        raise Problem(409, "other-version", f"The product is at version {row.version}; look at it again.")
    draft = products.draft_of(row)
    definitions = await products.definitions_of(session, row.product_type)
    channels = await channels_of(session, wanted.channels)
    item = Item(row=row, draft=draft, definitions=definitions)
    errors = unfit(item, channels) + await products.dangling(session, draft, definitions)
    if errors:
        raise Problem(422, "not-publishable", "The product is not fit to be seen; see the errors.", errors=errors)
    (made,) = await freeze(session, [item], channels, wanted.valid_from or now(), wanted.valid_until)
    return made


async def channels_of(session: AsyncSession, keys: Sequence[str] | None) -> list[ChannelDraft]:
    """Return the channels with these keys, or all.

    :raises Problem: 422 when one is not there, or none is.
    """
    query = select(ChannelRow).order_by(ChannelRow.key)
    rows = await session.scalars(query if keys is None else query.where(ChannelRow.key.in_(keys)))
    found = {row.key: ChannelDraft.model_validate(row) for row in rows}
    missing = [
        FieldError(pointer=f"/channels/{index}", parameter=None, detail=f"there is no channel {key}")
        for index, key in enumerate(keys or ())
        if key not in found
    ]
    if missing or not found:
        raise Problem(422, "no-channel", "Publish for channels that are there; create one first.", errors=missing)
    return list(found.values())


def unfit(item: Item, channels: Iterable[ChannelDraft]) -> list[FieldError]:
    """Return everything that keeps a product from being seen in these channels."""
    errors = rules.unfinished(item.draft, item.definitions)
    for channel in channels:
        for locale in channel.locales:
            for member, texts in (("name", item.draft.name), ("slug", item.draft.slug)):
                if texts and not any(each in texts for each in locale.chain):
                    detail = f"channel {channel.key} needs one of {', '.join(locale.chain)}"
                    errors.append(FieldError(pointer=f"/{member}", parameter=None, detail=detail))
    return errors


async def freeze(
    session: AsyncSession,
    items: Sequence[Item],
    channels: Sequence[ChannelDraft],
    begin: datetime,
    end: datetime | None,
) -> list[PublicationRow]:
    """Publish products that were found fit; many cost hardly more round trips than one."""
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
            channels=[channel.key for channel in channels],
            valid_from=begin,
            valid_until=end,
            withdrawn_at=None,
            ended=False,
            document=item.row.document,
        )
        session.add(publication)
        made.append(publication)
    await session.flush()
    await _write(session, list(zip(items, made, strict=True)), channels)
    await settle(session, [item.row.key for item in items])
    await relist(session, [publication.id for publication in made])
    for item, publication in zip(items, made, strict=True):
        await events.tell(session, events.PUBLISHED, item.row, publication)
    return made


async def withdraw(session: AsyncSession, product: ProductRow, publication: PublicationRow) -> None:
    """Take a publication back: from now on touchpoints do not see it.

    :raises Problem: 409 when it was withdrawn before.
    """
    if publication.withdrawn_at is not None:
        raise Problem(409, "withdrawn", "The publication was withdrawn before.")
    publication.withdrawn_at = now()
    publication.ended = True
    await session.flush()
    await settle(session, [product.key])
    left = await session.scalar(listed(product.id).where(PublicationRow.ended.is_(False)).limit(1))
    if left is None:
        product.state = ProductState.DRAFT
        product.published_version = product.published_at = None
        await session.flush()
    await events.tell(session, events.UNPUBLISHED, product, publication)


async def settle(session: AsyncSession, keys: Sequence[str]) -> None:
    """Decide which publication of each product is seen when, and drop what will never be seen again.

    In each channel a publication is seen from its beginning until its end, its withdrawal, or the beginning of the
    next one. One that was withdrawn before it began is as if it had never been.
    """
    query = select(PublicationRow).where(PublicationRow.product.in_(keys), _still_counts())
    by_product: dict[str, list[PublicationRow]] = {}
    for row in await session.scalars(query.order_by(PublicationRow.valid_from, PublicationRow.id)):
        by_product.setdefault(row.product, []).append(row)
    present = microseconds(now())
    for rows in by_product.values():
        for row in rows:
            alive = False
            for channel in row.channels:
                begin, end = _window(row, channel, rows)
                alive = alive or (end > present and begin < end)
                values = {"visible_from": begin, "visible_until": end}
                if len(rows) > 1 or row.withdrawn_at is not None:
                    await session.execute(
                        update(Entry).where(Entry.publication_id == row.id, Entry.channel == channel).values(values)
                    )
            if not alive:
                row.ended = True
                await forget(session, [row.id])
    await session.flush()


def _still_counts() -> ColumnElement[bool]:
    return PublicationRow.ended.is_(False) | PublicationRow.withdrawn_at.is_not(None)


def _window(row: PublicationRow, channel: str, timeline: Sequence[PublicationRow]) -> tuple[int, int]:
    begin, end = window(row.valid_from, row.valid_until)
    if row.withdrawn_at is not None:
        end = min(end, microseconds(row.withdrawn_at))
    for later in timeline[timeline.index(row) + 1 :]:
        never_began = later.withdrawn_at is not None and later.withdrawn_at <= later.valid_from
        if channel in later.channels and not never_began:
            end = min(end, microseconds(later.valid_from))
    return begin, end


async def forget(session: AsyncSession, publications: Sequence[UUID]) -> None:
    """Delete what touchpoints read of publications that are over; the frozen documents stay for the record."""
    ids = list(await session.scalars(select(Entry.id).where(Entry.publication_id.in_(publications))))
    await index_for(session).remove(session, ids)
    for table in (Entry, Term, PublicationCategory, PublicationReference):
        await session.execute(delete(table).where(table.publication_id.in_(publications)))


async def _write(
    session: AsyncSession, made: Sequence[tuple[Item, PublicationRow]], channels: Sequence[ChannelDraft]
) -> None:
    """Write everything that touchpoints read, in a few statements for all products together."""
    values: list[dict[str, object]] = []
    places: list[dict[str, object]] = []
    references: list[dict[str, object]] = []
    subjects = []
    for item, publication in made:
        subject = Subject(product_id=item.row.id, draft=item.draft, definitions=item.definitions)
        subjects.append((subject, publication))
        values += [
            {"name": name, "value": value, "publication_id": publication.id, "number": number}
            for (name, value), number in terms(subject).items()
        ]
        places += [{"category": key, "publication_id": publication.id} for key in item.draft.categories]
        references += [
            {"publication_id": publication.id, "relation": relation, "position": position, "product": key}
            for position, (relation, key) in enumerate(_referred(item))
        ]
    await _write_entries(session, subjects, channels)
    await insert_rows(session, Term, values)
    await insert_rows(session, PublicationCategory, places)
    await insert_rows(session, PublicationReference, references)


async def _write_entries(
    session: AsyncSession, subjects: Sequence[tuple[Subject, PublicationRow]], channels: Sequence[ChannelDraft]
) -> None:
    entries: list[dict[str, object]] = []
    texts: list[Text] = []
    for subject, publication in subjects:
        for channel in channels:
            for locale in channel.locales:
                if shown := show(subject, channel, locale):
                    entries.append(_entry(publication, channel.key, locale.locale, shown))
                    texts.append(Text(name=shown.name, words=shown.words, description=shown.description))
    if entries:
        ids = await _next_ids(session, len(entries))
        for entry, number in zip(entries, ids, strict=True):
            entry["id"] = number
        await insert_rows(session, Entry, entries)
        await index_for(session).add(session, dict(zip(ids, texts, strict=True)))


async def _next_ids(session: AsyncSession, count: int) -> list[int]:
    """Take numbers for entries beforehand: inserting without asking for them back is several times as fast."""
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT nextval('entries_id_seq') FROM generate_series(1, :count)")
        return list(await session.scalars(query, {"count": count}))
    # SQLite has one writer, and this is it.
    first = (await session.scalar(select(func.max(Entry.id))) or 0) + 1
    return list(range(first, first + count))


def _referred(item: Item) -> list[tuple[str, str]]:
    found = [("related", key) for key in item.draft.related]
    public = [each for each in item.definitions if not each.internal]
    for variant in item.draft.variants:
        for name, target, key in attributes.references(public, variant.attributes):
            if target == "product":
                found.append((name, key))
    return list(dict.fromkeys(found))


def _entry(publication: PublicationRow, channel: str, locale: str, shown: Shown) -> dict[str, object]:
    begin, end = window(publication.valid_from, publication.valid_until)
    upwards, downwards = order_by_price(shown.price)
    return {
        "publication_id": publication.id,
        "product_id": str(publication.product_id),
        "product": publication.product,
        "channel": channel,
        "locale": locale,
        "slug": shown.slug,
        "visible_from": begin,
        "visible_until": end,
        "newness": -begin,  # ascending like every other order
        "sort_name": shown.sort_name,
        "price": upwards,
        "price_descending": downwards,
        "etag": shown.etag,
        "body": shown.body,
        "linked_data": shown.linked_data,
        "card": shown.card,
    }


async def reshow(session: AsyncSession, channel: ChannelDraft) -> None:
    """Write what a channel shows anew, because its languages, currency or traits have changed."""
    query = select(PublicationRow).where(PublicationRow.ended.is_(False)).order_by(PublicationRow.id)
    definitions: dict[str, list[AttributeDefinition]] = {}
    for publication in list(await session.scalars(query)):
        if channel.key not in publication.channels:
            continue
        mine = [Entry.publication_id == publication.id, Entry.channel == channel.key]
        kept = (await session.execute(select(Entry.id, Entry.visible_from, Entry.visible_until).where(*mine))).all()
        await index_for(session).remove(session, [each.id for each in kept])
        await session.execute(delete(Entry).where(*mine))
        draft = ProductDraft.model_validate(publication.document)
        if draft.product_type not in definitions:
            definitions[draft.product_type] = await products.definitions_of(session, draft.product_type)
        subject = Subject(product_id=publication.product_id, draft=draft, definitions=definitions[draft.product_type])
        await _write_entries(session, [(subject, publication)], [channel])
    live = select(PublicationRow.product).where(PublicationRow.ended.is_(False)).distinct()
    await settle(session, list(await session.scalars(live)))


async def unshow(session: AsyncSession, channel: str) -> None:
    """Delete what a channel shows, because it is no more."""
    ids = list(await session.scalars(select(Entry.id).where(Entry.channel == channel)))
    await index_for(session).remove(session, ids)
    await session.execute(delete(Entry).where(Entry.channel == channel))
