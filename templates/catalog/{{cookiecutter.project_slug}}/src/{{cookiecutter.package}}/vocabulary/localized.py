"""Texts in several languages, and which one a reader gets."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from chassis.patterns import worded
from chassis.values import Locale

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"\S")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"\S")]

LocalizedText = Annotated[
    dict[Locale, Text],
    Field(max_length=50, description="the text in each language", examples=[{"de": "Pumpe", "en": "Pump"}]),
]

LocalizedName = Annotated[
    dict[Locale, Label],
    Field(
        min_length=1,
        max_length=50,
        description="the name in at least one language",
        examples=[{"de": "Umwälzpumpe C40", "en": "Circulation pump C40"}],
    ),
]

Slug = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^[a-z0-9]+(-[a-z0-9]+)*$", "takes lower-case letters (a to z) and digits, with single `-` between them"
        ),
        max_length=200,
    ),
    Field(description="the part of a URL that names it", examples=["circulation-pump-c40"]),
]

LocalizedSlug = Annotated[
    dict[Locale, Slug],
    Field(
        max_length=50,
        description="the part of a URL that names it; nothing else of its kind has it",
        examples=[{"de": "umwaelzpumpe-c40", "en": "circulation-pump-c40"}],
    ),
]

LocalizedTextPatch = Annotated[
    dict[Locale, Text | None],
    Field(max_length=50, description="texts to change; null removes one", examples=[{"de": "Pumpe", "en": None}]),
]

LocalizedNamePatch = Annotated[
    dict[Locale, Label | None],
    Field(
        max_length=50,
        description="names to change; null removes one",
        examples=[{"de": "Umwälzpumpe C40", "en": None}],
    ),
]

LocalizedSlugPatch = Annotated[
    dict[Locale, Slug | None],
    Field(max_length=50, description="slugs to change; null removes one", examples=[{"de": "pumpe-c40", "en": None}]),
]


def choose(texts: Mapping[str, str], chain: Iterable[str]) -> str | None:
    """Return the text of the first language in the chain that there is one in."""
    return next((texts[locale] for locale in chain if locale in texts), None)
