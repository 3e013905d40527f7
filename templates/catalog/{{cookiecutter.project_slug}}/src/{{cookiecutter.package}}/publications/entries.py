"""Writing what touchpoints read of publications: entries, terms, references, and the words that search finds."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import insert_rows

from ..channels.schemas import ChannelDraft, ChannelLocale
from ..product_types import attributes
from ..search.index import Text, index_for
from ..vocabulary.moments import window
from .models import Entry, PublicationCategory, PublicationReference, PublicationRow, Term
from .representation import Shown, Subject, order_by_price, show, terms

_SHOWN_AT_ONCE = 8
"""So many products are shown before requests have their turn: some milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A channel and the languages that it is written in: while these change, the former ones too."""

    channel: ChannelDraft
    locales: Sequence[ChannelLocale]


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A publication, and what it shows."""

    publication: PublicationRow
    subject: Subject


async def write(session: AsyncSession, made: Sequence[Frozen], targets: Sequence[Target]) -> None:
    """Write everything that touchpoints read of new publications, in a few statements for all of them."""
    rows, texts = [], []
    for number, each in enumerate(made, start=1):
        if number % _SHOWN_AT_ONCE == 0:
            await asyncio.sleep(0)  # requests have their turn
        for entry, found in _shown(each, targets):
            rows.append(entry)
            texts.append(found)
    await _insert(session, rows, texts)
    await _insert_facts(session, made)
    places = [
        {"category": key, "publication_id": each.publication.id}
        for each in made
        for key in each.subject.draft.categories
    ]
    await insert_rows(session, PublicationCategory, places)


async def rewrite(session: AsyncSession, live: Sequence[Frozen], targets: Sequence[Target]) -> None:
    """Write anew what touchpoints read of publications, where it stands; cursors keep their places.

    Entries in languages that are not among the targets' stay as they are.
    """
    ids = [each.publication.id for each in live]
    channels = [each.channel.key for each in targets]
    query = select(Entry.id, Entry.publication_id, Entry.channel, Entry.locale)
    query = query.where(Entry.publication_id.in_(ids), Entry.channel.in_(channels))
    places = {(row.publication_id, row.channel, row.locale): row.id for row in await session.execute(query)}
    changed, changed_texts, rows, texts = [], [], [], []
    for each in live:
        named = [target for target in targets if target.channel.key in each.publication.channels]
        for entry, found in _shown(each, named):
            place = places.get((each.publication.id, entry["channel"], entry["locale"]))
            if place is None:
                rows.append(entry)
                texts.append(found)
            else:
                changed.append({f"new_{name}": entry[name] for name in _CONTENT} | {"which": place})
                changed_texts.append(found)
    if changed:
        statement = update(Entry).where(Entry.id == bindparam("which"))
        connection = await session.connection()
        await connection.execute(statement.values({name: bindparam(f"new_{name}") for name in _CONTENT}), changed)
        found_at = [each["which"] for each in changed]
        await index_for(session).remove(session, found_at)
        await index_for(session).add(session, dict(zip(found_at, changed_texts, strict=True)))
    await _insert(session, rows, texts)
    for table in (Term, PublicationReference):
        await session.execute(delete(table).where(table.publication_id.in_(ids)))
    await _insert_facts(session, live)


async def forget(session: AsyncSession, publications: Sequence[UUID]) -> None:
    """Delete what touchpoints read of publications that are over; the frozen documents stay for the record."""
    await forget_entries(
        session, list(await session.scalars(select(Entry.id).where(Entry.publication_id.in_(publications))))
    )
    for table in (Term, PublicationCategory, PublicationReference):
        await session.execute(delete(table).where(table.publication_id.in_(publications)))


async def forget_entries(session: AsyncSession, entries: Sequence[int]) -> None:
    """Delete entries and what search knows of them."""
    if entries:
        await index_for(session).remove(session, entries)
        await session.execute(delete(Entry).where(Entry.id.in_(entries)))


_CONTENT = ("slug", "sort_name", "price", "price_descending", "etag", "body", "linked_data", "card")
"""The columns of an entry that follow from the document and the channel."""


def _shown(each: Frozen, targets: Iterable[Target]) -> Iterable[tuple[dict[str, Any], Text]]:
    for target in targets:
        for locale in target.locales:
            if shown := show(each.subject, target.channel, locale):
                entry = _entry(each.publication, target.channel.key, locale.locale, shown)
                yield entry, Text(name=shown.name, words=shown.words, description=shown.description)


async def _insert(session: AsyncSession, entries: Sequence[dict[str, Any]], texts: Sequence[Text]) -> None:
    if entries:
        ids = await _next_ids(session, len(entries))
        await insert_rows(session, Entry, [each | {"id": number} for each, number in zip(entries, ids, strict=True)])
        await index_for(session).add(session, dict(zip(ids, texts, strict=True)))


async def _insert_facts(session: AsyncSession, made: Sequence[Frozen]) -> None:
    values: list[dict[str, object]] = []
    references: list[dict[str, object]] = []
    for each in made:
        here = {"publication_id": each.publication.id}
        values += [
            here | {"name": name, "value": value, "number": number}
            for (name, value), number in terms(each.subject).items()
        ]
        references += [
            here | {"relation": relation, "position": position, "product": key}
            for position, (relation, key) in enumerate(_referred(each.subject))
        ]
    await insert_rows(session, Term, values)
    await insert_rows(session, PublicationReference, references)


async def _next_ids(session: AsyncSession, count: int) -> list[int]:
    """Take numbers for entries beforehand: inserting without asking for them back is several times as fast."""
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT nextval('entries_id_seq') FROM generate_series(1, :count)")
        return list(await session.scalars(query, {"count": count}))
    # SQLite has one writer, and this is it.
    first = (await session.scalar(select(func.max(Entry.id))) or 0) + 1
    return list(range(first, first + count))


def _referred(subject: Subject) -> list[tuple[str, str]]:
    found = [("related", key) for key in subject.draft.related]
    public = [each for each in subject.definitions if not each.internal]
    for variant in subject.draft.variants:
        for name, target, key in attributes.references(public, variant.attributes):
            if target == "product":
                found.append((name, key))
    return list(dict.fromkeys(found))


def _entry(publication: PublicationRow, channel: str, locale: str, shown: Shown) -> dict[str, Any]:
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
