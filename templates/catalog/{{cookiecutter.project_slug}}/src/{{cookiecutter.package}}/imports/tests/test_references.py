"""References: to what later lines bring, and to what none does."""

import httpx
import pytest

from tests.catalog import product, variant

from .. import settling
from .importing import file_of, imported


async def test_reference_to_a_later_line_resolves(catalog: httpx.AsyncClient) -> None:
    """Also in a circle; what no line brings is left out, and said at the line."""
    content = file_of(
        product("c20", related=["c40", "nowhere"]),
        product(
            "c40", related=["c20"], variants=[variant("C40", attributes={"material": "steel", "fits": ["c20", "no"]})]
        ),
    )
    _, found = await imported(catalog, content)
    products = {each["key"]: each for each in (await catalog.get("/v1/products")).json()["items"]}

    assert [each["outcome"] for each in found] == ["created", "created"]
    assert [each["reasons"][0]["detail"] for each in found] == [
        "left out, because they are not there: nowhere",
        "left out, because they are not there: no",
    ]
    assert (products["c20"]["related"], products["c40"]["related"]) == (["c40"], ["c20"])
    assert products["c40"]["variants"][0]["attributes"]["fits"] == ["c20"]


async def test_references_left_out_change_nothing_again(catalog: httpx.AsyncClient) -> None:
    """A file that is sent every night changes nothing, though it names what is not there; once that comes, it does."""
    fits = [variant("C20", attributes={"material": "steel", "fits": ["c40", "no"]})]
    content = file_of(product("c20", related=["nowhere"], variants=fits))
    await imported(catalog, content)
    again, left_out = await imported(catalog, content)
    same = (await catalog.get("/v1/products")).json()["items"]
    come, lines_ = await imported(catalog, content + b"\n" + file_of(product("c40", related=["c20"])))
    (changed, _) = (await catalog.get("/v1/products")).json()["items"]

    assert (again["unchanged"], again["updated"]) == (1, 0)
    assert [(each["outcome"], each["reasons"][0]["detail"]) for each in left_out] == [
        ("unchanged", "left out, because they are not there: c40, no, nowhere")
    ]
    assert [each["version"] for each in same] == [2], "the first import wrote it, and left out what never came"
    assert (come["updated"], come["created"], come["unchanged"]) == (1, 1, 0)
    assert [each["outcome"] for each in lines_] == ["updated", "created"]
    assert [each["reasons"][0]["detail"] for each in lines_[:1]] == [
        "left out, because they are not there: no, nowhere"
    ]
    assert (changed["related"], changed["variants"][0]["attributes"]["fits"]) == ([], ["c40"])


async def test_many_lost_references_are_settled_in_turns(
    catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One turn is one transaction, and stays short however many lines name what is not there."""
    monkeypatch.setattr(settling, "_SETTLED_AT_ONCE", 2)
    _, lines = await imported(catalog, file_of(*(product(f"c{n}", related=["no", "neither"]) for n in range(5))))
    made = (await catalog.get("/v1/products")).json()["items"]

    assert [each["reasons"][0]["detail"] for each in lines] == ["left out, because they are not there: neither, no"] * 5
    assert [each["related"] for each in made] == [[]] * 5
