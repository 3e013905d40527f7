"""Some thousand made-up products, the same ones whenever they are made from the same seed.

``python -m samples.products [count] > products.ndjson`` writes them for ``POST /v1/product-imports``.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

SEED = 20_260
COUNT = 2_400

_MATERIALS = {
    "cast-iron": ("Grauguss", "cast iron"),
    "stainless-steel": ("Edelstahl", "stainless steel"),
    "bronze": ("Bronze", "bronze"),
    "brass": ("Messing", "brass"),
}
_FINISH = ("Classic", "Plus", "Eco", "Pro", "Compact", "Duo", "Solar", "Marine", "Silent", "Basic", "Max", "Nova")
_CONNECTIONS = (15, 20, 25, 32, 40, 50, 65, 80, 100)


def products(count: int = COUNT, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Yield ``count`` products as an import takes them."""
    chance = random.Random(seed)  # noqa: S311 - the same numbers every time are the point
    makers: list[tuple[int, Callable[[int, random.Random], dict[str, Any]]]] = [
        (1, _spare_part), (5, _pump), (4, _valve), (1, _sensor), (1, _consumable)
    ]  # fmt: skip
    turn = [make for weight, make in makers for _ in range(weight)]
    for number in range(count):
        made = turn[number % len(turn)](number, chance)
        made["source"] = {"system": "erp", "reference": f"{40_000 + number}", "version": 1}
        yield made


def _product(number: int, kind: str, key: str, names: tuple[str, str], **members: Any) -> dict[str, Any]:
    german, english = names
    return {
        "key": f"{key}-{number:05d}",
        "product_type": kind,
        "name": {"de": german, "en": english},
        "slug": {"de": f"{_slug(german)}-{number:05d}", "en": f"{_slug(english)}-{number:05d}-en"},
        "media": [
            {
                "url": f"/media/{key}/{number:05d}-{view}.webp",
                "alt": {"de": f"{german}, {de}", "en": f"{english}, {en}"},
            }
            for view, de, en in (("front", "Vorderseite", "front"), ("drawing", "Maßzeichnung", "drawing"))
        ],
        "traits": {"logistics": {"pallet": 12 + number % 36, "customs": f"8413{number % 10_000:04d}"}},
    } | members


def _slug(text: str) -> str:
    plain = text.lower()
    for letter, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(letter, letters)
    return "-".join("".join(each if each.isascii() and each.isalnum() else " " for each in plain).split())


def _gtin(number: int, position: int) -> str:
    body = f"4012345{number % 10_000:04d}{position % 10}"
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return body + str(-weighted % 10)


def _variant(number: int, position: int, sku: str, cents: int, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "sku": sku,
        "gtin": _gtin(number, position),
        "attributes": attributes | {"cost": round(cents * 0.6)},
        "list_prices": [{"amount": cents, "currency": "EUR"}],
    }


def _m(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def _pump(number: int, chance: random.Random) -> dict[str, Any]:
    head, size = chance.choice((4, 6, 8, 10, 12, 16, 20)), chance.choice(_CONNECTIONS)
    material = chance.choice(("cast-iron", "stainless-steel", "bronze"))
    water = material != "cast-iron"
    german, english = _MATERIALS[material]
    finish = chance.choice(_FINISH)
    place = chance.choice(
        ("circulation-drinking-water",) if water and head < 10
        else ("circulation-heating-small", "circulation-heating-large", "boosting-sets-compact", "submersible")
    )  # fmt: skip
    cents = 4_900 + head * 1_150 + size * 210 + chance.randrange(0, 40) * 100
    shared = {
        "material": material,
        "connection": _m(size, "mm"),
        "max_head": _m(head, "m"),
        "max_flow": _m(round(size / 12, 1), "m3/h"),
        "pressure": _m(10, "bar"),
        "drinking_water": water,
    }
    sku = f"HP{number:05d}"
    variants = [
        _variant(number, index, f"{sku}-{volts}", cents + index * 2_500, shared
                 | {"voltage": _m(volts, "V"), "power": _m(head * 9 + size, "W")})
        for index, volts in enumerate((230, 400)[: chance.randint(1, 2)])
    ]  # fmt: skip
    return _product(
        number,
        "pump",
        "pump",
        (f"Kreiselpumpe {finish} {size}/{head} {german}", f"Centrifugal pump {finish} {size}/{head} {english}"),
        description={
            "de": f"Leise Kreiselpumpe aus {german} mit {head} m Förderhöhe und Anschluss DN {size}.",
            "en": f"Quiet centrifugal pump made of {english} with {head} m of head and connection DN {size}.",
        },
        categories=[place],
        variants=variants,
    )


def _valve(number: int, chance: random.Random) -> dict[str, Any]:
    material, finish = chance.choice(("brass", "stainless-steel", "bronze")), chance.choice(_FINISH)
    german, english = _MATERIALS[material]
    kind, place = chance.choice((
        (("Kugelhahn", "Ball valve"), "ball-valves-threaded"),
        (("Kugelhahn mit Flansch", "Flanged ball valve"), "ball-valves-flanged"),
        (("Schieber", "Gate valve"), "gate-valves"),
        (("Regelventil", "Control valve"), "control-valves"),
        (("Rückschlagklappe", "Check valve"), "check-valves"),
    ))  # fmt: skip
    sizes = sorted(chance.sample(_CONNECTIONS, chance.randint(1, 5)))
    shared = {
        "material": material,
        "pressure": _m(chance.choice((10, 16, 25)), "bar"),
        "actuator": chance.choice(("hand", "motor", "thermal")),
        "drinking_water": material != "brass",
    }
    variants = [
        _variant(number, index, f"HV{number:05d}-{size}", 890 + size * 95, shared | {"connection": _m(size, "mm")})
        for index, size in enumerate(sizes)
    ]
    return _product(
        number,
        "valve",
        "valve",
        (f"{kind[0]} {finish} {german}", f"{kind[1]} {finish} {english}"),
        description={
            "de": f"{kind[0]} aus {german} für {len(sizes)} Nennweiten.",
            "en": f"{kind[1]} made of {english} in {len(sizes)} sizes.",
        },
        categories=[place],
        variants=variants,
    )


def _sensor(number: int, chance: random.Random) -> dict[str, Any]:
    quantity, german, english = chance.choice((
        ("temperature", "Temperaturfühler", "Temperature probe"),
        ("pressure", "Druckmessumformer", "Pressure transmitter"),
        ("flow", "Durchflussmesser", "Flow meter"),
    ))  # fmt: skip
    finish = chance.choice(_FINISH)
    variants = [
        _variant(number, index, f"HS{number:05d}-{length}", 3_900 + length * 12,
                 {"quantity": quantity, "length": _m(length, "mm"), "accuracy": _m(0.5, "%")})
        for index, length in enumerate((50, 100, 200)[: chance.randint(1, 3)])
    ]  # fmt: skip
    return _product(
        number,
        "sensor",
        "sensor",
        (f"{german} {finish}", f"{english} {finish}"),
        categories=[quantity],
        variants=variants,
    )


def _consumable(number: int, chance: random.Random) -> dict[str, Any]:
    german, english = chance.choice(
        (("Dichtmittel", "Sealant"), ("Frostschutz", "Antifreeze"), ("Schmierfett", "Grease"))
    )
    finish = chance.choice(_FINISH)
    variants = []
    for index, (value, unit) in enumerate(((250, "ml"), (1, "l"), (5, "l"))):
        one = _variant(
            number,
            index,
            f"HC{number:05d}-{index + 1}",
            (690, 1_990, 7_490)[index],
            {
                "application": {"de": "Für Heizung und Kühlung", "en": "For heating and cooling"},
                "hazard": german == "Frostschutz",
            },
        )
        variants.append(one | {"content": _m(value, unit)})
    return _product(
        number, "consumable", "consumable", (f"{german} {finish}", f"{english} {finish}"),
        categories=["consumables"], variants=variants,
    )  # fmt: skip


def _spare_part(number: int, chance: random.Random) -> dict[str, Any]:
    german, english = chance.choice(
        (("Laufrad", "Impeller"), ("Gleitringdichtung", "Mechanical seal"), ("Stator", "Stator"))
    )
    # A pump that comes before this line, and one that comes right after it.
    pumps = [f"pump-{each:05d}" for each in (number - 11, number + 1) if each >= 0]
    one = _variant(number, 0, f"HE{number:05d}", 1_490 + chance.randrange(0, 90) * 50, {"fits": pumps})
    return _product(
        number, "spare-part", "part", (f"{german} für Kreiselpumpen", f"{english} for centrifugal pumps"),
        categories=["spare-parts"], variants=[one], related=pumps[:1],
    )  # fmt: skip


if __name__ == "__main__":
    for product in products(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT):
        sys.stdout.write(json.dumps(product, ensure_ascii=False) + "\n")
