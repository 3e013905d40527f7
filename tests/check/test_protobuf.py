"""gRPC contracts: what the rules about contracts ask of Protocol Buffers."""

from collections.abc import Mapping

import pytest

from machgen.check.api_first.protobuf import read_definition
from machgen.check.api_first.protobuf_rules import breaking
from machgen.check.document import Unreadable
from tests.check.judging import found

ROOT = {
    "cart/go.mod": "module example.com/cart\nrequire github.com/gin-gonic/gin v1.11.0\n",
    "cart/main.go": "package main\n\nfunc main() {}\n",
}
SERVICE = "service Cart { rpc ListItems(Page) returns (Items); }\n"
PAGE = "message Page { int32 page_size = 1; }\n"


def cart(text: str, **more: str) -> dict[str, str]:
    """A service with this definition."""
    return {**ROOT, "cart/cart.proto": f'syntax = "proto3";\npackage shop.v1;\n{text}', **more}


VIOLATIONS = [
    pytest.param("A002", cart(SERVICE + PAGE + "message Items { repeated string items 1; }\n"), ["5 the contract cannot be read: `=` is missing before `1`"], id="no grammar"),
    pytest.param("A002", cart(SERVICE + PAGE + "message Items { repeated string items = 1; int32 total = 1; }\n"), ["5 Items.total has the number 1 of items"], id="one number twice"),
    pytest.param("A002", cart(SERVICE + PAGE + "message Items {\n  reserved 2, 4 to 6;\n  repeated Item items = 5;\n}\n"), ["7 Items.items has the number 5, which is reserved", "7 Items.items is of the type Item, which is not defined"], id="reserved and unknown"),
    pytest.param("A008", cart(SERVICE + "message Page {}\nmessage Items { repeated string items = 1; }\n"), ["3 Cart.ListItems returns a list without pagination"], id="a list without an end"),
    pytest.param("A010", cart(SERVICE + PAGE + "message Items { repeated string itemIds = 1; }\n"), ["5 the field Items.itemIds is not snake_case, as Protocol Buffers names fields"], id="camelCase"),
    pytest.param("A011", cart(SERVICE + PAGE + "message Items { repeated Item items = 1; }\nmessage Item {\n  double unit_price = 1;\n}\n"), ["7 Item.unit_price is money as binary floating point; google.type.Money is exact"], id="a price as double"),
    pytest.param("A012", cart(SERVICE + PAGE + "message Items { repeated string items = 1; string created_at = 2; }\n"), ["5 Items.created_at is a time as a text; google.protobuf.Timestamp is one"], id="a time as text"),
]  # fmt: skip

LOOKALIKES = [
    pytest.param("A002", cart('import "google/type/money.proto";\n' + SERVICE + PAGE + "/* a price */ message Items {\n  map<string, google.type.Money> items = 1 [deprecated = true];\n  oneof end { string next = 2; bool last = 3; }\n  message Kind { enum Of { NONE = 0; } }\n  optional Kind.Of message = 4;\n}\n"), id="maps, oneofs, options and a field called message"),
    pytest.param("A008", cart("service Cart { rpc ListItems(Page) returns (stream Items); }\nmessage Page {}\nmessage Items { repeated string items = 1; }\n"), id="a stream"),
    pytest.param("A008", cart(SERVICE + PAGE + "message Items { repeated string items = 1; }\n"), id="a page"),
    pytest.param("A010", cart(SERVICE + PAGE + "message Items { repeated string item_ids2 = 1; }\n"), id="snake_case with a number"),
    pytest.param("A011", cart(SERVICE + PAGE + "message Items { repeated string items = 1; double price_change_rate = 2; int64 price_minor = 3; }\n"), id="a rate, and minor units"),
    pytest.param("A012", cart(SERVICE + PAGE + "message Items { repeated string items = 1; int64 created_at = 2; }\n"), id="a time as a number"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files", "expected"), VIOLATIONS)
def test_what_violates_is_found_at_its_line(rule: str, files: Mapping[str, str], expected: list[str]) -> None:
    """In the definition itself."""
    assert [f"cart/cart.proto:{each}" for each in expected] == found(rule, files)


@pytest.mark.parametrize(("rule", "files"), LOOKALIKES)
def test_what_only_looks_like_it_is_not_found(rule: str, files: Mapping[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


BASE = """
syntax = "proto3";
package shop.v1;
service Cart {
  rpc Get(Id) returns (Item);
  rpc Watch(Id) returns (stream Item);
}
message Id { string id = 1; }
message Item {
  string name = 1;
  int32 count = 2;
  Kind kind = 3;
  repeated string tags = 4;
}
enum Kind { NONE = 0; BOOK = 1; }
"""
EDITS = [
    ("string name = 1;", "string title = 1;", "the field Item.name (1) is now called title, in JSON too"),
    ("string name = 1;", "", "the field Item.name (1) is gone"),
    ("string name = 1;", "bytes name = 1;", ""),
    ("string name = 1;", "int64 name = 1;", "the field Item.name (1) is of type int64 instead of string"),
    ("int32 count = 2;", "int64 count = 2;", ""),
    ("int32 count = 2;", "sint32 count = 2;", "the field Item.count (2) is of type sint32 instead of int32"),
    ("int32 count = 2;", "int32 count = 5;", "the field Item.count (2) is gone"),
    ("int32 count = 2;", "int32 count = 2; string note = 9;", ""),
    ("Kind kind = 3;", "shop.v1.Kind kind = 3;", ""),
    ("repeated string tags = 4;", "string tags = 4;", "the field Item.tags (4) is not repeated any more"),
    ("BOOK = 1;", "", "the value Kind.BOOK is gone"),
    ("BOOK = 1;", "BOOK = 2;", "the value Kind.BOOK has the number 2 and had 1"),
    ("BOOK = 1;", "BOOK = 1; GAME = 2;", ""),
    ("rpc Get(Id) returns (Item);", "", "the method Cart.Get is gone"),
    ("rpc Get(Id) returns (Item);", "rpc Get(Item) returns (Item);", "Cart.Get takes Item instead of Id"),
    ("rpc Get(Id) returns (Item);", "rpc Get(Id) returns (Item); rpc Put(Item) returns (Item);", ""),
    ("(stream Item)", "(Item)", "Cart.Watch returns no stream any more"),
    ("service Cart {", "service Basket {", "the service Cart is gone"),
    ("package shop.v1;", "package shop.v2;", "the package is shop.v2 and was shop.v1: every call has another path"),
    ("message Id { string id = 1; }", "message Id { string id = 1; // the cart's\n }", ""),
]


@pytest.mark.parametrize(("old", "new", "said"), EDITS)
def test_an_edit_breaks_or_does_not(old: str, new: str, said: str) -> None:
    """Whoever was built from the definition of before: what it sends, what it reads, and how it calls."""
    flaws = breaking(read_definition("a.proto", BASE), read_definition("a.proto", BASE.replace(old, new)))

    assert ([said] if said else []) == [each.message for each in flaws][:1]


def test_copies_that_contradict_each_other_are_found() -> None:
    """A copy may hold less than the original, but not something else."""
    other = {path.replace("cart/", "shop/"): text.replace("cart", "shop") for path, text in ROOT.items()}
    mine = SERVICE + PAGE + "message Items { repeated string items = 1; int32 total = 2; }\n"
    less = 'syntax = "proto3";\npackage shop.v1;\nmessage Items { repeated string items = 1; }\n'

    assert [] == found("L002", {**cart(mine), **other, "shop/cart.proto": less})
    assert ["shop/cart.proto:3 shop/cart.proto and cart/cart.proto part: the field Items.items (1) is not repeated any more"] == found(
        "L002", {**cart(mine), **other, "shop/cart.proto": less.replace("repeated ", "")}
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["message " * 3, "message A { oneof b {" * 3_000, "message A {" + " oneof b {" * 3_000, "x" * 600_000, "message A { message", "message A {" * 100, "message A { reserved 1 to; }", "enum A { B = x; }", "service A { rpc B(C) gives (D); }", "@", 'import "a'],
)  # fmt: skip
def test_broken_text_is_refused_with_its_line(text: str) -> None:
    """Never a traceback, and never a guess."""
    with pytest.raises(Unreadable):
        read_definition("a.proto", text)
