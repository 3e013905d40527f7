# ruff: noqa: RUF001 - these letters are what the languages are written in
"""Yes and no, in the languages of Europe."""

from collections.abc import Mapping, Sequence

from .localized import choose

_ANSWERS = {
    "bg": ("Да", "Не"),
    "cs": ("Ano", "Ne"),
    "da": ("Ja", "Nej"),
    "de": ("Ja", "Nein"),
    "el": ("Ναι", "Όχι"),
    "en": ("Yes", "No"),
    "es": ("Sí", "No"),
    "et": ("Jah", "Ei"),
    "fi": ("Kyllä", "Ei"),
    "fr": ("Oui", "Non"),
    "hr": ("Da", "Ne"),
    "hu": ("Igen", "Nem"),
    "it": ("Sì", "No"),
    "lt": ("Taip", "Ne"),
    "lv": ("Jā", "Nē"),
    "nb": ("Ja", "Nei"),
    "nl": ("Ja", "Nee"),
    "no": ("Ja", "Nei"),
    "pl": ("Tak", "Nie"),
    "pt": ("Sim", "Não"),
    "ro": ("Da", "Nu"),
    "sk": ("Áno", "Nie"),
    "sl": ("Da", "Ne"),
    "sv": ("Ja", "Nej"),
    "tr": ("Evet", "Hayır"),
    "uk": ("Так", "Ні"),
}
"""By the primary subtag of the language (BCP 47); Irish and Maltese have no single word that fits here."""


def answer(value: bool, labels: Mapping[str, str], chain: Sequence[str]) -> str:
    """Return what people read for a truth value.

    :param labels: what it is called in each language; yes or no where none of the chain is among them.
    """
    if own := choose(labels, chain):
        return own
    known = [_ANSWERS[tag.partition("-")[0]] for tag in chain if tag.partition("-")[0] in _ANSWERS]
    yes, no = known[0] if known else _ANSWERS["en"]
    return yes if value else no
