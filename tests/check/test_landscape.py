"""L001 to L004: several services in one tree."""

import time

import pytest

from machgen.check.model import Outcome
from tests.check.judging import found, outcomes, places


def compose(**given: str) -> dict[str, str]:
    """Services that are built here, each with one address in its environment; `EXPOSE 8000` in each image."""
    lines = [f"  {name}:\n    build: {name}\n    environment: {{{value}}}\n" for name, value in given.items()]
    files = {f"{name}/Dockerfile": "FROM a:1\nEXPOSE 8000\n" for name in given}
    return {"compose.yaml": "services:\n" + "".join(lines), **files}


def manifest(name: str, address: str) -> str:
    """A Deployment that is given an address, and its Service on port 80."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{a: {name}}}}}\n"
        f"  template:\n    metadata: {{labels: {{a: {name}}}}}\n    spec:\n      containers:\n        - name: a\n          env:\n"
        f"            - {{name: OTHER_URL, value: '{address}'}}\n---\n"
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{a: {name}}}, ports: [{{port: 80}}]}}\n"
    )


def events(action: str, address: str, needed: str) -> str:
    """An AsyncAPI contract with one operation."""
    return (
        f"asyncapi: 3.0.0\nchannels:\n  c:\n    address: {address}\n    messages:\n      m:\n        payload:\n          required: [{needed}]\n"
        f"          properties: {{{needed}: {{type: string}}}}\noperations:\n  o:\n    action: {action}\n    channel: {{$ref: '#/channels/c'}}\n"
    )


CONTRACT = """
    openapi: 3.1.0
    info: {title: Stock, version: 1.0.0}
    servers: [{url: /v1}]
    paths:
      /items:
        get:
          parameters: [{name: limit, in: query, schema: {type: integer}}]
          responses:
            "200": {description: ok, content: {application/json: {schema: {type: object, properties: {items: {type: array}, next: {type: string}}}}}}
        post: {responses: {"201": {description: made}}}
      /items/{sku}:
        get:
          responses:
            "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}
    components: {schemas: {Item: {type: object, properties: {sku: {type: string}, quantity: {type: integer}}}}}
    """


def consumer(
    source: dict[str, str], address: str = "http://stock:8000/v1", *, contract: str = CONTRACT
) -> dict[str, str]:
    """The cart, which is given the address of the stock; and the stock with its contract."""
    return {
        "compose.yaml": f"services:\n  cart:\n    build: cart\n    environment: {{STOCK_URL: '{address}'}}\n  stock: {{build: stock}}\n",
        "cart/Dockerfile": "FROM a:1\nEXPOSE 8000\n",
        "stock/Dockerfile": "FROM a:1\nEXPOSE 8000\n",
        "stock/requirements.txt": "fastapi==0.1\n",
        "stock/contract/openapi.yaml": contract,
        **{f"cart/{path}".replace("cart/../", ""): text for path, text in source.items()},
    }


PYTHON = 'import os, httpx\nSTOCK = os.environ["STOCK_URL"]\n\n\ndef stock(sku):\n'
JAVA = 'class Stock {\n  @Value("${stock.url}") private String stockUrl;\n  Item item(String sku) {\n'
GO = 'package cart\n\nvar base = os.Getenv("STOCK_URL")\n\nfunc item(sku string) {\n'
CSHARP = 'class Stock(IConfiguration configuration) {\n  string stock = configuration["STOCK_URL"];\n'

VIOLATIONS = [
    ("L001", "two in compose", compose(cart="B_URL: 'http://stock:8000'", stock="C_URL: 'http://cart:8000'"), ["compose.yaml:4"]),
    ("L001", "three in a cluster", {"k.yaml": "---\n".join([manifest("a", "http://b"), manifest("b", "http://c"), manifest("c", "http://a")])}, ["k.yaml:12"]),
    ("L002", "Python, an operation", consumer({"a.py": PYTHON + '    return httpx.get(f"{STOCK}/articles/{sku}", timeout=1)\n'}), ["cart/a.py:6"]),
    ("L002", "Python, a method", consumer({"a.py": PYTHON + '    url = f"{STOCK}/items/{sku}"\n    httpx.delete(url, timeout=1)\n'}), ["cart/a.py:7"]),
    ("L002", "Python, a parameter", consumer({"a.py": PYTHON + '    httpx.get(STOCK + "/items", params={"limit": 1, "colour": "red"})\n'}), ["cart/a.py:6"]),
    ("L002", "Python, a property", consumer({"a.py": PYTHON + '    answer = httpx.get(f"{STOCK}/items/{sku}")\n    return answer.json()["amount"]\n'}), ["cart/a.py:7"]),
    ("L002", "Python, a client", consumer({"a.py": 'import httpx\nclient = httpx.AsyncClient(timeout=1, base_url="http://stock:8000/v1")\n\n\nasync def f():\n    return await client.get("/things")\n'}), ["cart/a.py:6"]),
    ("L002", "Python, a setting of a class", consumer({"a.py": 'async def f(settings):\n    async with httpx.AsyncClient(base_url=settings.stock_url) as client:\n        await client.post("/items/1")\n'}), ["cart/a.py:3"]),
    ("L002", "JavaScript, fetch", consumer({"a.js": 'const STOCK = process.env.STOCK_URL;\nasync function f(sku) {\n  const answer = await fetch(`${STOCK}/items/${sku}`);\n  const { sku: s, price } = await answer.json();\n}\n'.replace("sku: s, ", "")}), ["cart/a.js:4"]),
    ("L002", "JavaScript, a method", consumer({"a.js": 'await fetch(`${process.env.STOCK_URL}/items/1`, { method: "PUT", body });\n'}), ["cart/a.js:1"]),
    ("L002", "TypeScript, axios", consumer({"a.ts": 'const api = axios.create({ baseURL: process.env.STOCK_URL, timeout: 5 });\nexport const f = async () => {\n  const { data } = await api.get<Item>("/items/1");\n  return data.price + data.quantity;\n};\n'}), ["cart/a.ts:4"]),
    ("L002", "Java, RestTemplate", consumer({"A.java": JAVA + '    return restTemplate.getForObject(stockUrl + "/articles/" + sku, Item.class);\n'}), ["cart/A.java:4"]),
    ("L002", "Java, Feign", consumer({"A.java": '@FeignClient(name = "stock", path = "/v1")\ninterface Stock {\n  @GetMapping("/items/{sku}") Item item();\n  @PutMapping("/items/{sku}") void put();\n}\n'}), ["cart/A.java:4"]),
    ("L002", "Java, WebClient", consumer({"A.java": 'class A {\n  WebClient client = WebClient.builder().baseUrl("http://stock:8000/v1").build();\n  Mono<Item> f() { return client.get().uri("/articles/{id}", 1).retrieve(); }\n}\n'}), ["cart/A.java:3"]),
    ("L002", "Go, Sprintf", consumer({"a.go": GO + '\treturn http.Get(fmt.Sprintf("%s/articles/%s", base, sku))\n}\n'}), ["cart/a.go:6"]),
    ("L002", "Go, a request", consumer({"a.go": GO + '\treq, err := http.NewRequest(http.MethodDelete, base+"/items/"+sku, nil)\n}\n'}), ["cart/a.go:6"]),
    ("L002", "C#, HttpClient", consumer({"A.cs": CSHARP + '  Task<Item> F(string sku) => http.GetFromJsonAsync<Item>($"{stock}/articles/{sku}");\n}\n'}), ["cart/A.cs:3"]),
    ("L002", "C#, a typed client in a library", consumer({"Program.cs": 'builder.Services.AddHttpClient<StockService>(o => o.BaseAddress = new("https+http://stock"));\n', "../lib/lib.csproj": '<Project Sdk="Microsoft.NET.Sdk"></Project>\n', "../lib/StockService.cs": 'public class StockService(HttpClient client)\n{\n  private readonly string url = "v1/";\n  public Task<Item> One() {\n    var uri = $"{url}articles/1";\n    return client.GetFromJsonAsync<Item>(uri);\n  }\n  public Task<Item> Two() => client.GetFromJsonAsync<Item>($"{url}items/1");\n}\n'}), ["lib/StockService.cs:6"]),
    ("L002", "JavaScript, a default host", consumer({"a.js": "const host = process.env.STOCK_HOST || 'stock';\naxios.get('http://' + host + ':8000/v1/articles/' + sku);\n"}), ["cart/a.js:2"]),
    ("L002", "a generated client's copy", consumer({"clients/stock/openapi.yaml": CONTRACT.replace("quantity: {type: integer}}", "quantity: {type: integer}, price: {type: integer}}")}), ["cart/clients/stock/openapi.yaml:15"]),
    ("L003", "another port", compose(cart="B_URL: 'http://stock:9000'", stock="A: b"), ["compose.yaml:4"]),
    ("L003", "nobody is called so", compose(cart="B_URL: 'http://warehouse:8000'"), ["compose.yaml:4"]),
    ("L003", "a Service's port", {"k.yaml": manifest("a", "http://b:8000") + "---\n" + manifest("b", "x")}, ["k.yaml:12"]),
    ("L004", "nobody publishes it", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.cancelled", "id")}, ["b/asyncapi.yaml:13"]),
    ("L004", "a field of another type", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.placed", "id").replace("type: string", "type: integer")}, ["b/asyncapi.yaml:13"]),
    ("L004", "a field is missing", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.placed", "total")}, ["b/asyncapi.yaml:13"]),
]  # fmt: skip

LOOKALIKES = [
    ("L001", "a chain", compose(cart="B_URL: 'http://stock:8000'", stock="C_URL: 'http://prices:8000'", prices="A: b")),
    ("L001", "told later", compose(cart="PAY_URL: 'http://pay:8000'", pay="CART_WEBHOOK_URL: 'http://cart:8000'")),
    ("L001", "let in by a browser", compose(cart="PAY_URL: 'http://pay:8000'", pay="CORS_ORIGINS: 'http://cart:8000'")),
    ("L001", "events go around", compose(cart="B_URL: 'nats://stock:8000'", stock="C_URL: 'nats://cart:8000'")),
    ("L002", "what is described", consumer({"a.py": PYTHON + '    answer = httpx.get(f"{STOCK}/items/{sku}")\n    body = answer.json()\n    return body["quantity"], body.get("sku"), httpx.get(f"{STOCK}/items?limit=3")\n'})),
    ("L002", "with the server's prefix", consumer({"a.py": PYTHON + '    return httpx.get(f"{STOCK}/v1/items/{sku}")\n'}, "http://stock:8000")),
    ("L002", "another host", consumer({"a.py": PYTHON + '    return httpx.get(f"https://api.example.com/articles/{sku}")\n'})),
    ("L002", "health", consumer({"a.py": PYTHON + '    return httpx.get(STOCK + "/health/ready")\n'})),
    ("L002", "a route of its own", consumer({"a.py": PYTHON + '    pass\n\n\n@app.get("/articles")\ndef articles(): ...\n'})),
    ("L002", "a dictionary", consumer({"a.py": PYTHON + '    return cache.get("articles"), {}.get(f"{sku}/articles")\n'})),
    ("L002", "a path that is not literal", consumer({"a.py": PYTHON + '    return httpx.get(f"{STOCK}/{sku}"), httpx.get(f"{STOCK}{sku}")\n'})),
    ("L002", "JavaScript, what is described", consumer({"a.js": 'async function f(sku) {\n  const answer = await fetch(process.env.STOCK_URL + "/items?limit=" + 5);\n  const { items, next } = await answer.json();\n  await fetch(`${process.env.STOCK_URL}/items`, { method: "POST", body: "" });\n}\n'})),
    ("L002", "TypeScript, a list's own methods", consumer({"a.ts": 'const api = axios.create({ baseURL: process.env.STOCK_URL });\nasync function f() {\n  const { data } = await api.get("/items", { params: { limit } });\n  return data.items.map(x => x.price).length;\n}\n'})),
    ("L002", "Java, what is described", consumer({"A.java": JAVA + '    return restTemplate.getForObject(stockUrl + "/items/{sku}", Item.class, sku);\n'})),
    ("L002", "Go, what is described", consumer({"a.go": GO + '\thttp.Get(base + "/items/" + url.PathEscape(sku))\n}\n'})),
    ("L002", "C#, what is described", consumer({"A.cs": CSHARP + '  Task F() => http.PostAsJsonAsync($"{stock}/items", new {});\n}\n'})),
    ("L002", "an answer that is open", consumer({"a.py": PYTHON + '    return httpx.get(f"{STOCK}/items/{sku}").json()["amount"]\n'}, contract=CONTRACT.replace("quantity: {type: integer}}}", "quantity: {type: integer}}, additionalProperties: {type: string}}"))),
    ("L002", "a test's call", consumer({"tests/test_a.py": PYTHON + '    return httpx.get(f"{STOCK}/articles/{sku}")\n'})),
    ("L002", "a copy that the provider has grown beyond", consumer({"clients/stock/openapi.yaml": CONTRACT.replace(", quantity: {type: integer}}", "}")})),
    ("L002", "a copy of somebody else's", consumer({"clients/tax/openapi.yaml": CONTRACT.replace("title: Stock", "title: Tax").replace("/items", "/rates")})),
    ("L003", "the port of the image", compose(cart="B_URL: 'http://stock:8000/v1'", stock="A: b")),
    ("L003", "out in the world", compose(cart="B_URL: 'https://api.example.com:8443/'")),
    ("L003", "the Service's port", {"k.yaml": manifest("a", "http://b.shop.svc:80") + "---\n" + manifest("b", "x")}),
    ("L004", "a whole number is a number", {"a/asyncapi.yaml": events("send", "order.placed", "id").replace("type: string", "type: integer"), "b/asyncapi.yaml": events("receive", "order.placed", "id").replace("type: string", "type: number")}),
    ("L004", "published by a neighbour", {"a/asyncapi.yaml": events("send", "order.placed", "id"), "b/asyncapi.yaml": events("receive", "order.placed", "id")}),
    ("L004", "one service alone", {"b/asyncapi.yaml": events("receive", "order.placed", "id")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_what_violates_is_found_where_it_stands(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found, at its line, and nothing else is."""
    assert expected == places(rule, files)


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


def test_a_provider_without_a_contract_is_open() -> None:
    """What is called there cannot be held against anything."""
    files = consumer({"a.py": PYTHON + '    return httpx.get(f"{STOCK}/articles/{sku}")\n'})
    del files["stock/contract/openapi.yaml"]

    assert [Outcome.UNKNOWN] == outcomes("L002", files)


@pytest.mark.parametrize(
    "line",
    [
        "httpx.Client(", "x.get(", 'fetch("', "STOCK = os.environ[", "a.b." * 400, "f(" * 900 + '"http://stock/' + "{}" * 300,
        '@FeignClient("stock") interface ', "axios.create({" + " " * 1900, "stock_url: " + " " * 1900, "STOCK_URL" * 200,
        "AddHttpClient<A>(" * 100, '@Value("${stock.url}") ' + "x " * 900, '"' + "a+" * 900,
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.py", "A.cs"])
def test_hostile_sources_cost_little(line: str, name: str) -> None:
    """Much of what only begins to be a call."""
    files = consumer({name: "http://stock:8000 httpx requests\n" + f"{line}\n" * (400_000 // (len(line) + 1))})
    began = time.process_time()
    outcomes("L002", files)

    assert time.process_time() - began < 3
