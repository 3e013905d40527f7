"""When releases stop getting security fixes: the table behind C010.

Dates are the projects' own, gathered at endoflife.date; only releases past their date at `TABLE_DATE` are listed, and
only those whose date is published. To bring it up to date: add rows and set the date.
"""

import re
from collections.abc import Iterator

from machgen.check.dockerfile import ImageName, is_official

TABLE_DATE = "2026-11-21"

_PYTHON = {
    "2": "2020-01-01", "3.4": "2019-03-18", "3.5": "2020-09-13", "3.6": "2021-12-23", "3.7": "2023-06-27",
    "3.8": "2024-10-07", "3.9": "2025-10-31", "3.10": "2026-10-31",
}  # fmt: skip
_NODE = {
    "4": "2018-04-30", "6": "2019-04-30", "8": "2019-12-31", "9": "2018-06-30", "11": "2019-06-01", "13": "2020-06-01",
    "10": "2021-04-30", "12": "2022-04-30", "14": "2023-04-30", "15": "2021-06-01", "16": "2023-09-11",
    "17": "2022-06-01",
    "18": "2025-04-30", "19": "2023-06-01", "20": "2026-04-30", "21": "2024-06-01", "23": "2025-06-01",
    "25": "2026-06-01",
}  # fmt: skip
_DOTNET = {
    "2.1": "2021-08-21", "3.1": "2022-12-13", "5.0": "2022-05-10", "6.0": "2024-11-12", "7.0": "2024-05-14",
    "8.0": "2026-11-10", "9.0": "2026-11-10",
}  # fmt: skip
_JAVA = {
    "9": "2018-03-20", "10": "2018-09-25", "12": "2019-09-17", "13": "2020-03-17", "14": "2020-09-15",
    "15": "2021-03-16",
    "16": "2021-09-14", "18": "2022-09-20", "19": "2023-03-21", "20": "2023-09-19", "22": "2024-09-17",
    "23": "2025-03-18",
    "24": "2025-09-16",
}  # fmt: skip
_GO = {
    "1.8": "2018-02-16", "1.9": "2018-08-24", "1.10": "2019-02-25", "1.11": "2019-09-03", "1.12": "2020-02-25",
    "1.13": "2020-08-11", "1.14": "2021-02-16", "1.15": "2021-08-16", "1.16": "2022-03-15", "1.17": "2022-08-02",
    "1.18": "2023-02-01", "1.19": "2023-08-08", "1.20": "2024-02-06", "1.21": "2024-08-13", "1.22": "2025-02-11",
    "1.23": "2025-08-12",
}  # fmt: skip
_PHP = {"5": "2018-12-31", "7": "2022-11-28", "8.0": "2023-11-26", "8.1": "2025-12-31"}
_RUBY = {"2": "2023-03-31", "3.0": "2024-04-23", "3.1": "2025-03-26", "3.2": "2026-03-31"}
_DEBIAN = {"9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-31"}
_DEBIAN_NAMES = {"jessie": "2020-06-30", "stretch": "2022-06-30", "buster": "2024-06-30", "bullseye": "2026-08-31"}
_UBUNTU = {
    "14.04": "2019-04-25", "16.04": "2021-04-30", "18.04": "2023-05-31", "20.04": "2025-05-31", "22.10": "2023-07-20",
    "23.04": "2024-01-25", "23.10": "2024-07-11", "24.10": "2025-07-10",
}  # fmt: skip
_UBUNTU_NAMES = {"xenial": "2021-04-30", "bionic": "2023-05-31", "focal": "2025-05-31"}
_ALPINE = {
    "3.5": "2018-11-01", "3.6": "2019-05-01", "3.7": "2019-11-01", "3.8": "2020-05-01", "3.9": "2020-11-01",
    "3.10": "2021-05-01", "3.11": "2021-11-01", "3.12": "2022-05-01", "3.13": "2022-11-01",
    "3.14": "2023-05-01", "3.15": "2023-11-01", "3.16": "2024-05-23", "3.17": "2024-11-22", "3.18": "2025-05-09",
    "3.19": "2025-11-01", "3.20": "2026-04-01", "3.21": "2026-11-01",
}  # fmt: skip
_POSTGRES = {
    "9": "2021-11-11",
    "10": "2022-11-10",
    "11": "2023-11-09",
    "12": "2024-11-21",
    "13": "2025-11-13",
    "14": "2026-11-12",
}

PRODUCTS: dict[str, tuple[str, dict[str, str]]] = {
    "python": ("Python", _PYTHON),
    "node": ("Node.js", _NODE),
    "golang": ("Go", _GO),
    "php": ("PHP", _PHP),
    "ruby": ("Ruby", _RUBY),
    "eclipse-temurin": ("Java", _JAVA),
    "amazoncorretto": ("Java", _JAVA),
    "debian": ("Debian", _DEBIAN | _DEBIAN_NAMES),
    "ubuntu": ("Ubuntu", _UBUNTU | _UBUNTU_NAMES),
    "alpine": ("Alpine Linux", _ALPINE),
    "centos": ("CentOS", {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"}),
    "postgres": ("PostgreSQL", _POSTGRES),
    "mysql": ("MySQL", {"5": "2023-10-31", "8.0": "2026-04-30"}),
    "mongo": (
        "MongoDB",
        {"2": "2019-03-31", "3": "2021-04-30", "4": "2024-02-29", "5": "2024-10-31", "6": "2025-07-31"},
    ),
    "java": ("the java image", dict.fromkeys(["6", "7", "8", "9"], "2017-01")),
    "openjdk": ("the openjdk image", dict.fromkeys(["8", "11", *map(str, range(12, 22))], "2022-07")),
}
"""Short image name → what it is, and release → last day with security fixes."""


def end_of_life(name: ImageName) -> Iterator[tuple[str, str, str]]:
    """Give what in an image's name is past its end of life: product, release, date (ISO 8601)."""
    official = is_official(name)
    if name.name.startswith("mcr.microsoft.com/dotnet/"):
        yield from _released(".NET", _DOTNET, name.tag)
    elif official and name.short in PRODUCTS:
        product, table = PRODUCTS[name.short]
        yield from _released(product, table, name.tag)
    if not official and not name.name.startswith("mcr.microsoft.com/"):
        return
    for variant in name.tag.split("-")[1:]:
        if match := re.fullmatch(r"alpine(\d+\.\d+)(?:\.\d+)?", variant):
            yield from _released("Alpine Linux", _ALPINE, match[1])
        for product, names in (("Debian", _DEBIAN_NAMES), ("Ubuntu", _UBUNTU_NAMES)):
            if variant in names:
                yield product, variant, names[variant]


def _released(product: str, table: dict[str, str], tag: str) -> Iterator[tuple[str, str, str]]:
    head = tag.split("-", maxsplit=1)[0]
    if head in table:
        yield product, head, table[head]
        return
    match = re.match(r"v?(\d+)(?:\.(\d+))?", head)
    if match:
        for release in (f"{match[1]}.{match[2]}", match[1]) if match[2] else (match[1],):
            if release in table and (match[2] or release == match[1]):
                yield product, release, table[release]
                return
