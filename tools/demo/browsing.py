"""What touchpoints and those who look after the catalog see of it."""

from typing import Any
from urllib.parse import quote_plus

from tools.demo.talking import MERGE, Caller, equal, require, show, title

VIEW = "channel=web&locale=en"


def browse(visitor: Caller, editor: Caller) -> None:
    """Show what is refused, search, read conditionally, and edit."""
    _refuse(visitor, editor)
    _edit(visitor, editor, _search(visitor))


def article(visitor: Caller, words: str) -> tuple[str, Any]:
    """Return an article that a search finds: its SKU, and its product as the channel shows it."""
    found = visitor.get(f"/v1/storefront/search?{VIEW}&q={quote_plus(words)}&limit=1")["items"]
    require(bool(found), f"the catalog finds nothing for {words!r}")
    product = visitor.get(f"/v1/storefront/products/{found[0]['slug']}?{VIEW}")
    return str(product["variants"][0]["sku"]), product


def _refuse(visitor: Caller, editor: Caller) -> None:
    title("What must not happen is refused, and says why")
    visitor.ask("GET", "/v1/products", expected=401)
    found = editor.get("/v1/products?product_type=valve&limit=1")["items"][0]
    broken = {"variants": [found["variants"][0] | {"gtin": "4006381333932"}]}
    tag, path = f'"{found["version"]}"', f"/v1/products/{found['id']}"
    refused = editor.ask("PATCH", path, body=broken, expected=422, If_Match=tag, **MERGE)
    show(f"{refused.body['errors'][0]['pointer']}: {refused.body['errors'][0]['detail']}")
    editor.ask("PATCH", path, body={"related": []}, expected=428, **MERGE)
    editor.ask("DELETE", path, expected=409, If_Match=tag)


def _search(visitor: Caller) -> str:
    title("Search with facets, in the reader's language, in spite of a slip")
    words = quote_plus("bal valv")
    found = visitor.get(f"/v1/storefront/search?{VIEW}&q={words}&filter=material:brass&limit=3")
    show(f"{found['total']} found: {'; '.join(each['name'] for each in found['items'])}; …")
    for facet in found["facets"][:4]:
        counted = (f"{each['label']} ({each['count']})" for each in facet["values"][:5])
        show(f"{facet['label']}: {', '.join(counted)}")
    require(found["total"] > 0 and bool(found["facets"]), "nothing was found")
    slug: str = found["items"][0]["slug"]

    title("Read it conditionally: who has the present copy gets no second one")
    product = visitor.ask("GET", f"/v1/storefront/products/{slug}?{VIEW}")
    show(f"{product.headers['ETag']}  {product.headers['Cache-Control']}")
    visitor.ask("GET", f"/v1/storefront/products/{slug}?{VIEW}", expected=304, If_None_Match=product.headers["ETag"])
    linked = visitor.get(f"/v1/storefront/products/{slug}?{VIEW}", Accept="application/ld+json")
    show(f"as schema.org describes it: {linked['@type']} {linked['name']}")
    return slug


def _edit(visitor: Caller, editor: Caller, slug: str) -> None:
    title("A staged edit stays invisible until it is published")
    seen = f"/v1/storefront/products/{slug}?{VIEW}"
    before = visitor.ask("GET", seen)
    path = f"/v1/products/{before.body['id']}"
    tag = editor.ask("GET", path).headers["ETag"]
    editor.ask("PATCH", path, body={"name": {"en": "Ball valve of the year"}}, If_Match=tag, **MERGE)
    editor.ask("PATCH", path, body={"name": {"en": "Too late"}}, If_Match=tag, expected=412, **MERGE)
    visitor.ask("GET", seen, If_None_Match=before.headers["ETag"], expected=304)
    show(f"still: {before.body['name']}")
    publication = editor.ask("POST", f"{path}/publications", body={}, expected=201)
    after = visitor.ask("GET", seen, If_None_Match=before.headers["ETag"]).body
    show(f"now: {after['name']}")
    equal("the published name", "Ball valve of the year", after["name"])
    withdrawn = f"{path}/publications/{publication.body['id']}"
    editor.ask("DELETE", withdrawn, expected=204, If_Match=publication.headers["ETag"])
    visitor.ask("GET", seen, expected=404)
