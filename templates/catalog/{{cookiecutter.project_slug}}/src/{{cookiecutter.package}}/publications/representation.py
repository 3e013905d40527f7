"""What touchpoints get of a product, written once at publication: pure functions from a document to bytes.

What must never leave (internal attributes, traits of other namespaces, external references) is not in here, so no
read has to take care of it. Neither are other products: whether those are published changes without this one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from pydantic_core import to_json

from chassis.measures import unit_price

from ..channels.schemas import ChannelDraft, ChannelLocale
from ..product_types import attributes as kinds
from ..product_types.schemas import AttributeDefinition, SetType
from ..products.schemas import ProductDraft, VariantDraft
from ..search.words import bare, marked
from ..vocabulary.currencies import decimal_text
from ..vocabulary.localized import choose
from ..vocabulary.moments import NEVER_ENDING


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What those read of a product who read it in the same languages, whatever the channel.

    :param attributes: of each variant.
    :param words: what the product is found by, besides name and description.
    """

    attributes: Sequence[Sequence[Mapping[str, Any]]]
    words: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is to be shown."""

    product_id: UUID
    draft: ProductDraft
    definitions: Sequence[AttributeDefinition]
    _readings: dict[tuple[str, ...], Reading] = field(default_factory=dict, init=False, repr=False, compare=False)

    def reading(self, chain: Sequence[str]) -> Reading:
        """Return what is read of it in the languages of a chain, worked out once for all channels."""
        key = tuple(chain)
        if key not in self._readings:
            public = [each for each in self.definitions if not (each.internal or _refers_to_products(each))]
            self._readings[key] = Reading(
                attributes=[_attributes(variant, public, chain) for variant in self.draft.variants],
                words=" ".join([*_numbers(self.draft.variants), *_searchable(self, chain)]),
            )
        return self._readings[key]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A product as one channel shows it in one language. ``price`` is the lowest list price in minor units."""

    slug: str
    sort_name: str
    price: int | None
    etag: str
    body: bytes
    linked_data: bytes
    card: bytes
    name: str
    words: str
    description: str


def _numbers(variants: Iterable[VariantDraft]) -> Iterator[str]:
    """Yield what is printed on the thing and its packaging, which tills and devices scan."""
    for each in variants:
        yield each.sku
        if each.gtin is not None:
            yield marked(each.gtin)


def show(subject: Subject, channel: ChannelDraft, locale: ChannelLocale) -> Shown | None:
    """Return what a channel shows; nothing when no language of the chain has a name and a slug."""
    draft, chain = subject.draft, locale.chain
    name, slug = choose(draft.name, chain), choose(draft.slug, chain)
    if name is None or slug is None:
        return None
    description = choose(draft.description, chain)
    reading = subject.reading(chain)
    pairs = zip(draft.variants, reading.attributes, strict=True)
    variants = [_variant(variant, attributes, channel) for variant, attributes in pairs]
    prices = [variant["list_price"]["amount"] for variant in variants if "list_price" in variant]
    head = {"id": str(subject.product_id), "key": draft.key, "slug": slug, "name": name}
    body: dict[str, Any] = head | {
        "locale": locale.locale,
        "product_type": draft.product_type,
        "description": description,
        "categories": draft.categories,
        "media": [{"url": each.url, "alt": choose(each.alt, chain)} for each in draft.media],
        "seo": {"title": choose(draft.seo.title, chain), "description": choose(draft.seo.description, chain)},
        "slugs": {each.locale: found for each in channel.locales if (found := choose(draft.slug, each.chain))},
        "variants": variants,
        "traits": {each: draft.traits[each] for each in channel.traits if each in draft.traits},
    }
    card: dict[str, Any] = head | {
        "media": body["media"][:1],
        "list_price": min((each["list_price"] for each in variants if "list_price" in each), key=_amount, default=None),
        "variants": len(variants),
    }
    data, linked_data = to_json(body), to_json(_linked_data(body, channel))
    return Shown(
        slug=slug,
        sort_name=bare(name)[:40],
        price=min(prices, default=None),
        etag=hashlib.sha256(data + linked_data).hexdigest()[:32],  # both are known by it
        body=data,
        linked_data=linked_data,
        card=to_json(card),
        name=f"{name} {draft.key}",
        words=reading.words,
        description=description or "",
    )


def order_by_price(price: int | None) -> tuple[int, int]:
    """Return the numbers to sort by, upwards and downwards; without a price it comes last both ways."""
    return (NEVER_ENDING, NEVER_ENDING) if price is None else (price, -price)


def _amount(price: Mapping[str, int]) -> int:
    return price["amount"]


def _attributes(
    variant: VariantDraft, public: Sequence[AttributeDefinition], chain: Sequence[str]
) -> Sequence[Mapping[str, Any]]:
    values = variant.attributes
    return [_attribute(each, values[each.name], chain) for each in public if each.name in values]


def _variant(variant: VariantDraft, attributes: Sequence[Mapping[str, Any]], channel: ChannelDraft) -> dict[str, Any]:
    shown: dict[str, Any] = {"sku": variant.sku}
    if variant.gtin:
        shown["gtin"] = variant.gtin
    shown["attributes"] = attributes
    price = next((each for each in variant.list_prices if each.currency == channel.currency), None)
    if variant.content:
        shown["content"] = variant.content.model_dump()
    if price:
        shown["list_price"] = price.model_dump()
        if variant.content and (found := unit_price(price.amount, variant.content)):
            amount, unit = found
            shown["unit_price"] = {"amount": amount, "currency": price.currency, "unit": unit}
    return shown


def _attribute(definition: AttributeDefinition, value: Any, chain: Sequence[str]) -> dict[str, Any]:
    # A localized text reads in one language; which ones there are elsewhere is none of the reader's business.
    plain = choose(value, chain) if definition.type.kind == "localized_text" else value
    label = choose(definition.label, chain) or next(iter(definition.label.values()))
    return {
        "name": definition.name,
        "label": label,
        "value": plain,
        "text": kinds.shown(definition.type, value, chain),
    }


def _refers_to_products(definition: AttributeDefinition) -> bool:
    kind = definition.type.element if isinstance(definition.type, SetType) else definition.type
    return kind.kind == "reference" and kind.target == "product"


def _searchable(subject: Subject, chain: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}  # a set that keeps the order
    for definition in subject.definitions:
        if not definition.searchable or definition.type.kind == "boolean":  # nobody looks for products by yes or no
            continue
        for variant in subject.draft.variants:
            if definition.name in variant.attributes:
                text = kinds.shown(definition.type, variant.attributes[definition.name], chain)
                if text:
                    found[text] = None
    return list(found)


def terms(subject: Subject) -> dict[tuple[str, str], float | None]:
    """Return the searchable attributes' values, each with its number if it is one."""
    found: dict[tuple[str, str], float | None] = {}
    for definition in subject.definitions:
        if not definition.searchable:
            continue
        kind = definition.type.element if isinstance(definition.type, SetType) else definition.type
        numeric = kind.kind in ("number", "measurement")
        for variant in subject.draft.variants:
            if definition.name in variant.attributes:
                for term in kinds.terms(definition.type, variant.attributes[definition.name]):
                    found[definition.name, term[:300]] = float(term) if numeric else None
    return found


def _linked_data(body: Mapping[str, Any], channel: ChannelDraft) -> dict[str, Any]:
    """Describe the product in schema.org's words, as a search engine reads them.

    List prices are said to be list prices: what a customer pays is not the catalog's business.
    """
    site = channel.site.rstrip("/") if channel.site else None
    url = f"{site}/{body['slug']}" if site else None
    shared: dict[str, Any] = {}
    if body["description"]:
        shared["description"] = body["description"]
    if images := [urljoin(f"{site}/", each["url"]) if site else each["url"] for each in body["media"]]:
        shared["image"] = images
    if url:
        shared["url"] = url
    context = {"@context": "https://schema.org/"}
    variants = [_linked_variant(variant, url) for variant in body["variants"]]
    if len(variants) == 1:
        head = {"@type": "Product", "name": body["name"], "productID": body["key"]}
        return context | head | shared | variants[0]
    head = {"@type": "ProductGroup", "name": body["name"], "productGroupID": body["key"]}
    named = [{"@type": "Product", "name": f"{body['name']} {each['sku']}"} | each for each in variants]
    return context | head | shared | {"hasVariant": named}


def _linked_variant(variant: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    data: dict[str, Any] = {"sku": variant["sku"]}
    if "gtin" in variant:
        data["gtin"] = variant["gtin"]
    properties = [
        {"@type": "PropertyValue", "propertyID": each["name"], "name": each["label"], "value": each["text"]}
        for each in variant["attributes"]
        if each["text"]
    ]
    if properties:
        data["additionalProperty"] = properties
    if "list_price" in variant:
        offer: dict[str, Any] = {"@type": "Offer", "priceSpecification": _linked_prices(variant)}
        data["offers"] = offer | ({"url": url} if url else {})
    return data


def _linked_prices(variant: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the list price and, for what is sold by measure, the price of one unit of it (UN/CEFACT codes)."""
    kind: dict[str, Any] = {"@type": "UnitPriceSpecification", "priceType": "https://schema.org/ListPrice"}
    found = [kind | _linked_price(variant["list_price"])]
    if "unit_price" in variant:
        per = variant["unit_price"]
        one = {"@type": "QuantitativeValue", "value": 1, "unitCode": _UNIT_CODES[per["unit"]]}
        found.append(kind | _linked_price(per) | {"referenceQuantity": one})
    return found


def _linked_price(price: Mapping[str, Any]) -> dict[str, str]:
    return {"price": decimal_text(price["amount"], price["currency"]), "priceCurrency": price["currency"]}


_UNIT_CODES = {"kg": "KGM", "l": "LTR", "m": "MTR", "m2": "MTK"}
