"""What must hold for a product: pure rules, shared by single changes, imports and publications."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chassis.problems import FieldError

from ..product_types import attributes
from ..product_types.canonical import distinctive
from ..product_types.definitions import Definitions
from ..product_types.schemas import AttributeDefinition, Constraint
from .schemas import ProductDraft


class Claim(NamedTuple):
    """A value that only one product may hold, and where in the document it stands."""

    namespace: str
    value: str
    pointer: str


def claims(document: Mapping[str, Any], definitions: Iterable[AttributeDefinition]) -> Iterator[Claim]:
    """Yield everything in a product's document that no other product may have."""
    variants = [(variant["sku"], variant["attributes"]) for variant in document["variants"]]
    yield from _of_variants(document["product_type"], variants, definitions)
    yield from _of_product(document["slug"], document["external_references"])


def claims_of(draft: ProductDraft, definitions: Iterable[AttributeDefinition]) -> Iterator[Claim]:
    """Yield everything in what a caller wrote that no other product may have: the same as in its document."""
    variants = [(variant.sku, variant.attributes) for variant in draft.variants]
    yield from _of_variants(draft.product_type, variants, definitions)
    yield from _of_product(draft.slug, draft.external_references)


def _of_variants(
    product_type: str, variants: Iterable[tuple[str, attributes.Values]], definitions: Iterable[AttributeDefinition]
) -> Iterator[Claim]:
    unique = unique_attributes(definitions)
    for index, (sku, values) in enumerate(variants):
        yield Claim("sku", sku, f"/variants/{index}/sku")
        for name in unique:
            if name in values:
                value = distinctive(values[name])
                yield Claim(unique_namespace(product_type, name), value, f"/variants/{index}/attributes/{name}")


def _of_product(slugs: Mapping[str, str], external_references: Mapping[str, str]) -> Iterator[Claim]:
    # A slug stands in for a missing translation, so no other product may have it in any language.
    for slug, locale in {slug: locale for locale, slug in slugs.items()}.items():
        yield Claim("slug", slug, f"/slug/{locale}")
    for system, reference in external_references.items():
        yield Claim(f"reference:{system}", reference, f"/external_references/{system}")


def unique_attributes(definitions: Iterable[AttributeDefinition]) -> Sequence[str]:
    """Return the names of the attributes whose values only one variant may have."""
    return Definitions.of(definitions).constrained(Constraint.UNIQUE)


def unique_namespace(product_type: str, name: str) -> str:
    """Return the namespace of the claims on the values of a unique attribute."""
    return f"attribute:{product_type}:{name}"


def misfits(draft: ProductDraft, definitions: Sequence[AttributeDefinition]) -> list[FieldError]:
    """Return everything in the attributes that does not fit the product's type."""
    values = [variant.attributes for variant in draft.variants]
    return [_error(fault) for fault in attributes.faults(definitions, values)]


def unfinished(draft: ProductDraft, definitions: Sequence[AttributeDefinition]) -> list[FieldError]:
    """Return everything that keeps a product from being published."""
    errors = []
    if not draft.slug:
        errors.append(_at("/slug", "a published product needs a slug in at least one language"))
    if not draft.variants:
        errors.append(_at("/variants", "a published product needs a variant"))
    if draft.archived:
        errors.append(_at("/archived", "an archived product cannot be published"))
    values = [variant.attributes for variant in draft.variants]
    errors += [_error(fault) for fault in attributes.missing(definitions, values)]
    return errors + misfits(draft, definitions)


def references(draft: ProductDraft, definitions: Sequence[AttributeDefinition]) -> Iterator[tuple[str, str, str]]:
    """Yield what a product refers to: JSON pointer, ``product`` or ``category``, key."""
    for index, key in enumerate(draft.categories):
        yield f"/categories/{index}", "category", key
    for index, key in enumerate(draft.related):
        yield f"/related/{index}", "product", key
    for index, variant in enumerate(draft.variants):
        for name, target, key in attributes.references(definitions, variant.attributes):
            yield f"/variants/{index}/attributes/{name}", target, key


def written(draft: ProductDraft) -> dict[str, Any]:
    """Return the document as it is stored."""
    return draft.model_dump(mode="json")


def _error(fault: attributes.Fault) -> FieldError:
    return _at("/variants/" + "/".join(map(str, fault.path)), fault.detail)


def _at(pointer: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, parameter=None, detail=detail)
