"""Plays the demonstration: ``python -m tools.demo [PRODUCTS]``; `make demo` makes the environment first."""

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex

from tools.demo.browsing import browse
from tools.demo.buying import buy
from tools.demo.company import STAFF, Addresses, Person, open_company, set_terms
from tools.demo.fulfilling import fulfil
from tools.demo.quoting import agree
from tools.demo.stage import Failed, free_ports, generate, running, shell
from tools.demo.talking import Caller, say, title

TEMPLATES = ("catalog", "portal", "shop")
PRODUCTS = 240
"""Enough to search in; `make samples` loads ten times as many."""


def main(arguments: Sequence[str]) -> int:
    """Play the demonstration; return the process's exit code.

    :param arguments: at most one: how many products to load.
    """
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="machgen-demo-") as directory:
            _play(Path(directory), int(arguments[0]) if arguments else PRODUCTS)
    except Failed as failure:
        print(f"\nfailed: {failure}", file=sys.stderr)
        return 1
    title(f"Done in {time.monotonic() - began:.0f} seconds; nothing is left behind")
    print(
        "Now your own:  .venv/bin/machgen new catalog my-catalog   (or portal, shop; or service: a service of your own)"
    )
    print("The same wiring by hand: docs/tutorial/three-services.md")
    return 0


def _play(directory: Path, products: int) -> None:
    title("Generate a catalog, a customer portal and a shop")
    projects = [generate(template, directory) for template in TEMPLATES]
    shell("machgen check catalog portal shop", directory)
    ports = free_ports(len(projects))
    where = Addresses(*(f"http://127.0.0.1:{port}" for port in ports))
    title("Start them on SQLite, each as a process of its own")
    say("The shop asks the catalog by HTTP. Shop and portal tell each other what has happened by signed events.")
    say("In development one directory of keys (VAR_DIR) makes one identity that all three accept.")
    shell("make -s token > /dev/null", projects[0], {"VAR_DIR": str(directory / "var")})
    with running(dict(zip(projects, settings(directory, ports, where), strict=True))):
        _tell(directory, projects, where, products)


def settings(directory: Path, ports: Sequence[int], where: Addresses) -> list[Mapping[str, str]]:
    """Return the settings of catalog, portal and shop: how each finds the others, and the secrets they sign with."""
    shops, portals = token_hex(16), token_hex(16)
    own = [{"PORT": str(port), "VAR_DIR": str(directory / "var")} for port in ports]
    by_http = {"EVENTS_PUBLISHER": "http"}
    portal = by_http | {
        "EVENTS_SUBSCRIBERS": f"shop={where.shop}/v1/events",
        "EVENTS_SECRETS": f"shop={portals}",
        "EVENTS_SENDERS": f"shop={shops}",
    }
    shop = by_http | {
        "EVENTS_SUBSCRIBERS": f"portal={where.portal}/v1/events",
        "EVENTS_SECRETS": f"portal={shops}",
        "EVENTS_SENDERS": f"portal={portals}",
        "CATALOG_URL": where.catalog,
        "CATALOG_LOCALE": "en",
    }
    return [own[0], own[1] | portal, own[2] | shop]


def _tell(directory: Path, projects: Sequence[Path], where: Addresses, products: int) -> None:
    def mint(subject: str, *, account: str = "", scopes: Sequence[str]) -> str:
        words = [f"--subject {subject}", f"--account {account}" if account else "", *(f"--scope {it}" for it in scopes)]
        arguments = " ".join(word for word in words if word)
        return shell(f'make -s token ARGS="{arguments}"', projects[0], {"VAR_DIR": str(directory / "var")}, show=False)

    visitor, sam = Caller("visitor", where.catalog), Person("sam", mint("sam", scopes=STAFF), where)
    title("Load the catalog of a made-up manufacturer")
    shell(f"make -s samples URL={where.catalog} COUNT={products}", projects[0], {"VAR_DIR": str(directory / "var")})
    browse(visitor, sam.catalog)
    company = open_company(mint, where)
    goods = set_terms(sam, visitor, company)
    order = buy(sam, company, goods)
    fulfil(sam, company, order)
    agree(sam, company, goods)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
