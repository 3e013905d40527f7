"""One line of a file: what it says, and what becomes of it. Nothing here knows the database."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.bulk import JsonText
from chassis.json_body import JsonLimits, parse
from chassis.problems import FieldError, Problem, invalid

from ..product_types.definitions import Definitions
from ..products import rules
from ..products.holdings import Value, values_of
from .files import REFUSALS
from .schemas import ImportedProduct, Outcome, Source

UNKNOWN = Definitions()
"""The attributes of a type that is not known."""

_NOT_STORED = {"source"}
_LIMITS = JsonLimits(depth=16, string=20_000, items=5_000)


@dataclass(kw_only=True, slots=True)
class Verdict:
    """What becomes of one line.

    ``product_id`` is set where the product was written. ``pending`` are products that it refers to and that are not
    there, and ``said`` the line where it was not written because nothing but that would change.
    """

    line: int
    outcome: Outcome
    key: str | None = None
    reasons: list[FieldError] = field(default_factory=list)
    product_id: UUID | None = None
    pending: tuple[str, ...] = ()
    said: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line that could be read, beside its product type: what it says, breaks, claims and refers to.

    The models that it was read with are let go: thousands of entries wait at a time, and the collector of garbage
    would go through all that hangs on them. What is seldom wanted is read from the text again.

    :param text: its product's document, written as it will be stored.
    :param definitions: the attributes that it was compared with; of a type that is not known, none.
    :param values: what only one product may hold.
    :param references: JSON pointer, ``product`` or ``category``, and key.
    :param raw: the line as it came.
    """

    line: int
    raw: bytes
    text: JsonText
    source: Source | None
    key: str
    product_type: str
    archived: bool
    categories: Sequence[str]
    definitions: Definitions
    misfits: Sequence[FieldError]
    values: Set[Value]
    references: Sequence[tuple[str, str, str]]

    def document(self) -> dict[str, Any]:
        """Return the document, to be compared with what is stored."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    def without(self, gone: Set[str]) -> dict[str, Any]:
        """Return the document without its references to some products."""
        return leave_out(self.document(), self.definitions, gone)

    def claims(self) -> Iterator[rules.Claim]:
        """Yield what only one product may hold, and where it stands."""
        return rules.claims(self.document(), self.definitions)

    def referred(self, wanted: str) -> Iterator[str]:
        """Yield the keys of what it refers to: of every ``product``, or of every ``category``."""
        return (key for _, target, key in self.references if target == wanted)


def read(number: int, text: bytes, types: Mapping[str, Definitions]) -> Entry | Verdict:
    """Read a line and compare it with its type; one that cannot be read has its verdict at once.

    :param types: the attributes of the product types; there is nothing to compare with where a type is not there.
    """
    try:
        said = parse(text, _LIMITS)
    except Problem as problem:
        detail = REFUSALS.get(text, problem.detail.replace("The body", "it", 1))
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=[reason("", detail)])
    if not isinstance(said, dict):
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=[reason("", "it is no JSON object")])
    try:
        found = ImportedProduct.model_validate(said)
    except ValidationError as error:
        reasons = list(invalid(error.errors(), prefix=("body",)).errors)
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=reasons)
    if found.source is not None:
        found.external_references[found.source.system] = found.source.reference
    definitions = types.get(found.product_type, UNKNOWN)
    known = definitions is not UNKNOWN
    return Entry(
        line=number,
        raw=text,
        text=JsonText(found.model_dump_json(exclude=_NOT_STORED)),
        source=found.source,
        key=found.key,
        product_type=found.product_type,
        archived=found.archived,
        categories=found.categories,
        definitions=definitions,
        misfits=rules.misfits(found, definitions) if known else (),
        values=values_of(rules.claims_of(found, definitions)) if known else frozenset(),
        references=list(rules.references(found, definitions)) if known else (),
    )


def leave_out(document: dict[str, Any], definitions: Definitions, gone: Set[str]) -> dict[str, Any]:
    """Take a product's references to some products out of its document."""
    document["related"] = [key for key in document["related"] if key not in gone]
    for name in (name for name, target in definitions.referring if target == "product"):
        for variant in document["variants"]:
            value = variant["attributes"].get(name)
            if isinstance(value, list):
                variant["attributes"][name] = [key for key in value if key not in gone]
            elif value in gone:
                del variant["attributes"][name]
    return document


def reason(pointer: str, detail: str) -> FieldError:
    """Return why a line was refused, or what of it was left out."""
    return FieldError(pointer=pointer, parameter=None, detail=detail)
