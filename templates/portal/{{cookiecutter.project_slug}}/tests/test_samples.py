"""The made-up company: made as a real one would be, once, and with something to see for everybody."""

from pathlib import Path
from typing import Any

import httpx

from chassis.keys import DevelopmentKeys
from samples.company import PEOPLE
from samples.load import Person, load
from tests.processes import servers


def test_samples_load_once_and_show_something_to_everybody(tmp_path: Path) -> None:
    """A second time changes nothing; each role finds what it is for."""
    with servers(tmp_path) as start:
        server = start(LOG_LEVEL="warning")
        server.wait_until_ready()
        keys = DevelopmentKeys(tmp_path)

        def mint(subject: str, *scopes: str) -> str:
            return keys.mint(subject=subject, scopes=frozenset(scopes), seconds=600)

        with httpx.Client(base_url=server.url, timeout=30) as client:

            def seen(subject: str, path: str) -> list[dict[str, Any]]:
                items: list[dict[str, Any]] = Person(client, mint(subject, "portal:read")).read(path)["items"]
                return items

            account, again = load(client, mint), load(client, mint)
            quotes = [(one["state"], one["offer"]["total"]["amount"]) for one in seen("ben", "quotes")]
            counts = {path: len(seen("carla", path)) for path in ("members", "addresses", "approval-rules", "devices")}

            assert (account is not None, again) == (True, None)
            assert quotes == [("offered", 410_000)]
            assert counts == {"members": 1 + len(PEOPLE), "addresses": 3, "approval-rules": 1, "devices": 1}
            assert [len(seen(subject, "cases")) for subject in ("tim", "ben")] == [1, 0]
            assert [len(seen(subject, "quotes")) for subject in ("amy", "dora")] == [1, 0]
