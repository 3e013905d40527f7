"""What the made-up manufacturer is like: its types, categories four deep, channels and assortments."""

from dataclasses import dataclass
from typing import Any


def attribute(name: str, german: str, english: str, kind: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return a searchable attribute definition."""
    label = {"de": german, "en": english}
    return {"name": name, "label": label, "type": kind, "searchable": True} | members


def options(**labels: tuple[str, str]) -> dict[str, Any]:
    """Return an enum of options with their German and English labels."""
    named = [{"key": key.replace("_", "-"), "label": {"de": de, "en": en}} for key, (de, en) in labels.items()]
    return {"kind": "enum", "options": named}


def measured(unit: str) -> dict[str, Any]:
    """Return a measurement in a unit."""
    return {"kind": "measurement", "unit": unit}


MATERIAL = attribute(
    "material",
    "Werkstoff",
    "Material",
    options(
        cast_iron=("Grauguss", "Cast iron"),
        stainless_steel=("Edelstahl", "Stainless steel"),
        bronze=("Bronze", "Bronze"),
        brass=("Messing", "Brass"),
    ),
    required=True,
)
CONNECTION = attribute("connection", "Anschluss", "Connection", measured("mm"), required=True)
PRESSURE = attribute("pressure", "Nenndruck", "Nominal pressure", measured("bar"), constraint="same_for_all")
DRINKING_WATER = attribute("drinking_water", "Trinkwasser", "Drinking water", {"kind": "boolean"})
COST = {
    "name": "cost",
    "label": {"de": "Selbstkosten", "en": "Cost price"},
    "type": {"kind": "number"},
    "internal": True,
}
FITS = {
    "name": "fits",
    "label": {"de": "Passt zu", "en": "Fits"},
    "type": {"kind": "set", "element": {"kind": "reference", "target": "product"}},
}

TYPES: list[dict[str, Any]] = [
    {
        "key": "pump",
        "name": {"de": "Pumpe", "en": "Pump"},
        "attributes": [
            MATERIAL,
            CONNECTION,
            attribute("max_head", "Förderhöhe", "Maximum head", measured("m"), required=True),
            attribute("max_flow", "Förderstrom", "Maximum flow", measured("m3/h")),
            attribute("power", "Leistung", "Power", measured("W")),
            attribute("voltage", "Spannung", "Voltage", measured("V"), constraint="combination_unique"),
            PRESSURE,
            DRINKING_WATER,
            COST,
        ],
    },
    {
        "key": "valve",
        "name": {"de": "Armatur", "en": "Valve"},
        "attributes": [
            MATERIAL,
            attribute(
                "connection", "Anschluss", "Connection", measured("mm"), required=True, constraint="combination_unique"
            ),
            PRESSURE,
            attribute(
                "actuator",
                "Antrieb",
                "Actuator",
                options(
                    hand=("Handrad", "Hand wheel"), motor=("Stellmotor", "Motor"), thermal=("Thermisch", "Thermal")
                ),
            ),
            DRINKING_WATER,
            COST,
        ],
    },
    {
        "key": "sensor",
        "name": {"de": "Messgerät", "en": "Sensor"},
        "attributes": [
            attribute(
                "quantity",
                "Messgröße",
                "Measured quantity",
                options(
                    temperature=("Temperatur", "Temperature"),
                    pressure=("Druck", "Pressure"),
                    flow=("Durchfluss", "Flow"),
                ),
                required=True,
            ),
            attribute("length", "Fühlerlänge", "Probe length", measured("mm"), constraint="combination_unique"),
            attribute("accuracy", "Genauigkeit", "Accuracy", measured("%")),
            COST,
        ],
    },
    {
        "key": "consumable",
        "name": {"de": "Verbrauchsmaterial", "en": "Consumable"},
        "attributes": [
            attribute("application", "Anwendung", "Application", {"kind": "localized_text"}),
            attribute(
                "hazard",
                "Gefahrstoff",
                "Hazardous",
                {"kind": "boolean"},
            ),
            FITS,
            COST,
        ],
    },
    {
        "key": "spare-part",
        "name": {"de": "Ersatzteil", "en": "Spare part"},
        "attributes": [MATERIAL | {"required": False}, CONNECTION | {"required": False}, FITS, COST],
    },
]


@dataclass(frozen=True)
class Place:
    """A category: key, German and English name, and what is below it."""

    key: str
    german: str
    english: str
    below: tuple["Place", ...] = ()


TREE = (
    Place(
        "pumps",
        "Pumpen",
        "Pumps",
        (
            Place(
                "circulation",
                "Umwälzpumpen",
                "Circulation pumps",
                (
                    Place(
                        "circulation-heating",
                        "Heizung",
                        "Heating",
                        (
                            Place("circulation-heating-small", "Ein- und Zweifamilienhaus", "Houses"),
                            Place("circulation-heating-large", "Große Gebäude", "Large buildings"),
                        ),
                    ),
                    Place("circulation-drinking-water", "Trinkwasser", "Drinking water"),
                ),
            ),
            Place(
                "pressure-boosting",
                "Druckerhöhung",
                "Pressure boosting",
                (
                    Place(
                        "boosting-sets",
                        "Anlagen",
                        "Booster sets",
                        (Place("boosting-sets-compact", "Kompaktanlagen", "Compact sets"),),
                    ),
                ),
            ),
            Place("submersible", "Tauchpumpen", "Submersible pumps"),
        ),
    ),
    Place(
        "valves",
        "Armaturen",
        "Valves",
        (
            Place(
                "shut-off",
                "Absperrarmaturen",
                "Shut-off valves",
                (
                    Place(
                        "ball-valves",
                        "Kugelhähne",
                        "Ball valves",
                        (
                            Place("ball-valves-threaded", "Mit Gewinde", "Threaded"),
                            Place("ball-valves-flanged", "Mit Flansch", "Flanged"),
                        ),
                    ),
                    Place("gate-valves", "Schieber", "Gate valves"),
                ),
            ),
            Place("control-valves", "Regelventile", "Control valves"),
            Place("check-valves", "Rückschlagklappen", "Check valves"),
        ),
    ),
    Place(
        "measuring",
        "Messtechnik",
        "Measuring",
        (
            Place("temperature", "Temperatur", "Temperature"),
            Place("pressure", "Druck", "Pressure"),
            Place("flow", "Durchfluss", "Flow"),
        ),
    ),
    Place(
        "service",
        "Service",
        "Service",
        (
            Place("consumables", "Verbrauchsmaterial", "Consumables"),
            Place("spare-parts", "Ersatzteile", "Spare parts"),
        ),
    ),
)

CHANNELS: list[dict[str, Any]] = [
    {
        "key": "web",
        "name": {"de": "Webshop", "en": "Web shop"},
        "currency": "EUR",
        "locales": [{"locale": "de", "fallbacks": ["en"]}, {"locale": "en", "fallbacks": ["de"]}],
        "site": "https://shop.hydrotherm.example/p",
    },
    {
        "key": "portal",
        "name": {"de": "Kundenportal", "en": "Customer portal"},
        "currency": "EUR",
        "locales": [{"locale": "de", "fallbacks": ["en"]}, {"locale": "en", "fallbacks": ["de"]}],
        "traits": ["logistics"],
    },
    {
        "key": "counter",
        "name": {"de": "Abholtheke", "en": "Trade counter"},
        "currency": "EUR",
        "locales": [{"locale": "de", "fallbacks": ["en"]}],
    },
]

ASSORTMENTS: list[dict[str, Any]] = [
    {
        "key": "web",
        "name": {"de": "Webshop", "en": "Web shop"},
        "channels": ["web"],
        "categories": ["circulation", "valves", "measuring", "consumables"],
    },
    {"key": "everything", "name": {"de": "Alles", "en": "Everything"}, "channels": ["portal"], "everything": True},
    {
        "key": "counter",
        "name": {"de": "Abholtheke", "en": "Trade counter"},
        "channels": ["counter"],
        "categories": ["ball-valves", "consumables", "spare-parts"],
    },
]
