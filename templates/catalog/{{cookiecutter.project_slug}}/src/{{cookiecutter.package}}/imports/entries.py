"""One line of a file: what it says, and what becomes of it. Nothing here knows the database."""

import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.bulk import JsonText
from chassis.json_body import JsonLimits, parse
from chassis.problems import FieldError, Problem, invalid

from ..product_types.definitions import Definitions
from ..products import rules
from ..products.holdings import Value
from ..products.schemas import ProductDraft
from .schemas import ImportedProduct, Outcome, Source

UNKNOWN = Definitions()
"""The attributes of a type that is not known."""

_LIMITS = JsonLimits(depth=16, string=20_000, items=5_000)


@dataclass(kw_only=True, slots=True)
class Verdict:
    """What becomes of one line. ``product_id`` is set where the product was written."""

    line: int
    outcome: Outcome
    key: str | None = None
    reasons: list[FieldError] = field(default_factory=list)
    product_id: UUID | None = None
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line that could be read. ``text`` is its product's document, written as it will be stored."""

    line: int
    draft: ProductDraft
    source: Source | None
    text: JsonText

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document, to be compared with what is stored."""
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """An entry beside its product type: what it breaks, what it claims and what it refers to.

    ``definitions`` are the attributes that it was compared with; of a type that is not known, none. ``values`` are
    what it claims, without where that stands.
    """

    entry: Entry
    definitions: Definitions
    misfits: Sequence[FieldError]
    claims: Sequence[rules.Claim]
    values: Set[Value]
    references: Sequence[tuple[str, str, str]]

    def referred(self, wanted: str) -> Iterator[str]:
        """Yield the keys of what it refers to: of every ``product``, or of every ``category``."""
        return (key for _, target, key in self.references if target == wanted)


def read(number: int, text: bytes) -> Entry | Verdict:
    """Read a line; one that cannot be read has its verdict at once."""
    try:
        found = ImportedProduct.model_validate(parse(text, _LIMITS))
    except Problem as problem:
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=[reason("", problem.detail)])
    except ValidationError as error:
        reasons = list(invalid(error.errors(), prefix=("body",)).errors)
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=reasons)
    source = found.source
    if source is not None:
        found.external_references[source.system] = source.reference
    text_of = JsonText(found.model_dump_json(exclude={"source"}))
    return Entry(line=number, draft=found, source=source, text=text_of)


def look_at(entry: Entry, definitions: Definitions) -> Looked:
    """Compare an entry with the attributes of its type; there is nothing to see without one."""
    if definitions is UNKNOWN:
        return Looked(entry=entry, definitions=UNKNOWN, misfits=(), claims=(), values=frozenset(), references=())
    claims = list(rules.claims_of(entry.draft, definitions))
    return Looked(
        entry=entry,
        definitions=definitions,
        misfits=rules.misfits(entry.draft, definitions),
        claims=claims,
        values={(claim.namespace, claim.value) for claim in claims},
        references=list(rules.references(entry.draft, definitions)),
    )


def reason(pointer: str, detail: str) -> FieldError:
    """Return why a line was refused, or what of it was left out."""
    return FieldError(pointer=pointer, parameter=None, detail=detail)
