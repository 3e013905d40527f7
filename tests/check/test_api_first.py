"""A001-A019: contracts that violate a rule, and others that only look as if."""

import pytest

from machgen.check.model import Outcome
from tests.check.contracts import DOTNET, GO, INFO, JAVA, NODE, PYTHON, openapi, service
from tests.check.judging import found, outcomes

CI = ".github/workflows/ci.yml"
RUN = "on: push\njobs:\n  a:\n    steps:\n      - run: {0}\n"
OK = "responses: {'200': {description: ok}}"
GET = "/pets:\n  get: {%s}"


def swagger(head: str, paths: str) -> str:
    """A Swagger 2.0 description; `paths` begins at its line 5."""
    return f"swagger: '2.0'\ninfo: {INFO}\n{head}\npaths:\n{paths}\n"


def body(schema: str) -> str:
    """A POST that takes a JSON body."""
    return f"/pets:\n  post:\n    requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}\n    {OK}"


def reply(schema: str, path: str = "/pets", parameters: str = "[]") -> str:
    """A GET that returns JSON."""
    return (
        f"{path}:\n  get:\n    parameters: {parameters}\n    responses:\n      '200': "
        f"{{description: ok, content: {{application/json: {{schema: {schema}}}}}}}"
    )


def properties(*members: str) -> str:
    """An object schema."""
    return "{type: object, properties: {" + ", ".join(members) + "}}"


LIMIT = "[{name: limit, in: query, schema: {type: integer%s}}]"
PROBLEM = "'404': {description: gone, content: {%s: {}}}"
EXAMPLE = "/pets:\n  get:\n    responses:\n      '200':\n        description: ok\n        content:\n          application/json:\n            schema: %s\n            %s"
KAFKA = {"package.json": '{"dependencies": {"express": "5.0.1", "kafkajs": "2.2.4"}}'}
CREATE = "/pets:\n  post:\n    parameters: %s\n    requestBody: {content: {application/json: {schema: %s}}}\n    responses: {'201': {description: made}%s}"
CHANGE = "/pets/{id}:\n  %s:\n    parameters: %s\n    requestBody: {content: {application/json: {schema: %s}}}\n    responses: {'200': {description: ok}%s}"

SENT = f"asyncapi: 3.0.0\ninfo: {INFO}\nchannels: {{a: {{address: order.placed}}, b: {{address: '{{region}}.stock.moved'}}}}\noperations:\n  a: {{action: send, channel: {{$ref: '#/channels/a'}}}}\n  b: {{action: send, channel: {{$ref: '#/channels/b'}}}}\n"

VIOLATIONS = [
    ("A001", "code first in Python", PYTHON, ["pyproject.toml:1"]),
    ("A001", "nothing in Go", {**GO, "testdata/openapi.yaml": openapi(GET % OK)}, ["go.mod:1"]),
    ("A001", "nothing in .NET", {**DOTNET, "src/Shop/Program.cs": 'app.MapGet("/pets", a);'}, ["src/Shop/Shop.csproj:1"]),
    ("A002", "no YAML", service("openapi: 3.1.0\ninfo: {title: 'a\n"), ["openapi.yaml:3"]),
    ("A002", "references to nowhere", service(openapi(reply("{$ref: '#/components/schemas/Pet'}"))), ["openapi.yaml:9"]),
    ("A002", "a file that is not there", service(openapi("/pets:\n  $ref: paths/pets.yaml"), JAVA), ["openapi.yaml:6"]),
    ("A002", "a path parameter without description", service(openapi("/pets/{id}:\n  get: {%s}" % OK)), ["openapi.yaml:6"]),  # noqa: UP031 - braces
    ("A002", "a type that is none, in Swagger", service(swagger("tags: []", "  /a:\n    get:\n      parameters:\n        - {name: a, in: query, type: int}\n      " + OK), GO, "docs/swagger.yaml"), ["docs/swagger.yaml:8"]),
    ("A002", "nullable in 3.1", service(openapi(reply("{type: string, nullable: true}"))), ["openapi.yaml:9"]),
    ("A002", "an undeclared scheme", service(openapi(GET % f"{OK}, security: [{{token: []}}]")), ["openapi.yaml:6"]),
    ("A002", "AsyncAPI without an action", {**NODE, "asyncapi.yaml": f"asyncapi: 3.0.0\ninfo: {INFO}\noperations:\n  sent: {{channel: {{}}}}\n"}, ["asyncapi.yaml:4"]),
    ("A002", "a misspelt field", service(openapi(GET % f"sumary: all, {OK}"), GO), ["openapi.yaml:6"]),
    ("A002", "a server without an address", service(openapi(GET % OK, "servers: [{description: production}]"), DOTNET, "src/Shop/openapi.yaml"), ["src/Shop/openapi.yaml:3"]),
    ("A002", "a text for a truth", service(openapi(GET % f"deprecated: 'yes', {OK}")), ["openapi.yaml:6"]),
    ("A002", "a reference of the default response", service(openapi(GET % "responses: {default: {$ref: '#/components/responses/Problem'}}")), ["openapi.yaml:6"]),
    ("A003", "Swagger", service(swagger("tags: []", "  /a: {}"), GO, "docs/swagger.yaml"), ["docs/swagger.yaml:1"]),
    ("A003", "3.0", service(openapi(GET % OK, version="3.0.3")), ["openapi.yaml:1"]),
    ("A004", "no contact", service(openapi(GET % OK, info="{title: a, version: 1.0.0, description: b}")), ["openapi.yaml:2"]),
    ("A004", "no semantic version", service(openapi(GET % OK, info=INFO.replace("1.0.0", "v1")), PYTHON), ["openapi.yaml:2"]),
    ("A005", "nothing", service(openapi(GET % OK)), ["openapi.yaml:6"]),
    ("A005", "one id twice", service(openapi(f"/a:\n  get: {{operationId: a, summary: a, tags: [a], {OK}}}\n  put: {{operationId: a, summary: a, tags: [a], {OK}}}"), JAVA), ["openapi.yaml:7"]),
    ("A006", "plain JSON", service(openapi(GET % ("responses: {" + PROBLEM % "application/json" + "}"))), ["openapi.yaml:6"]),
    ("A006", "no error, in Swagger", service(swagger("produces: [application/json]", "  /a:\n    get:\n      responses:\n        '200': {description: ok}"), GO, "swagger.yaml"), ["swagger.yaml:6"]),
    ("A006", "no description", service(openapi(GET % ("responses: {'200': {}, " + PROBLEM % "application/problem+json" + "}"))), ["openapi.yaml:6"]),
    ("A007", "nothing said", service(openapi(GET % OK)), ["openapi.yaml:6"]),
    ("A007", "a login that wants a token", service(openapi(f"/auth/login:\n  post: {{{OK}}}", "security: [{token: []}]"), PYTHON), ["openapi.yaml:6"]),
    ("A008", "a bare list", service(openapi(reply("{type: array, items: {type: string}}"))), ["openapi.yaml:6"]),
    ("A008", "a limit without a maximum", service(openapi(reply(properties("items: {type: array, items: {}}"), parameters=LIMIT % "")), GO), ["openapi.yaml:7"]),
    ("A009", "a verb", service(openapi(f"/getPets:\n  get: {{{OK}}}")), ["openapi.yaml:5"]),
    ("A009", "a slash, underscores and the singular", service(openapi(f"/pets/:\n  get: {{{OK}}}\n/pet_owners:\n  get: {{{OK}}}\n/pet/{{petId}}:\n  get: {{{OK}}}"), JAVA), ["openapi.yaml:5", "openapi.yaml:7", "openapi.yaml:9"]),
    ("A010", "one of three", service(openapi(body(properties("pet_name: {}", "pet_age: {}", "bornAt: {}")))), ["openapi.yaml:7"]),
    ("A010", "Pascal among camels", service(openapi(reply(properties("firstName: {}", "lastName: {}", "HomeTown: {}"))), DOTNET, "src/Shop/openapi.yaml"), ["src/Shop/openapi.yaml:9"]),
    ("A011", "a price", service(openapi(reply(properties("price: {type: number, format: double}")))), ["openapi.yaml:9"]),
    ("A011", "an amount beside a currency", service(swagger("definitions: {Money: {type: object, properties: {amount: {type: number}, currencyCode: {type: string}}}}", "  /a: {}"), GO, "swagger.yaml"), ["swagger.yaml:3"]),
    ("A012", "a time", service(openapi(reply(properties("created_at: {type: string}")))), ["openapi.yaml:9"]),
    ("A012", "a currency and a country", service(openapi(body(properties("currency: {type: string}", "countryCode: {type: [string, 'null']}"))), JAVA), ["openapi.yaml:7", "openapi.yaml:7"]),
    ("A013", "no key", service(openapi(CREATE % ("[]", properties("name: {type: string}"), ""))), ["openapi.yaml:6"]),
    ("A013", "an id of the server", service(openapi(CREATE % ("[]", "{type: object, required: [id], properties: {id: {type: string, readOnly: true}}}", "")), GO), ["openapi.yaml:6"]),
    ("A014", "PUT", service(openapi(CHANGE % ("put", "[]", "{type: object}", ""))), ["openapi.yaml:6"]),
    ("A014", "DELETE", service(openapi(f"/pets/{{id}}:\n  delete: {{{OK}}}"), PYTHON), ["openapi.yaml:6"]),
    ("A015", "no pipeline", service(openapi(GET % OK)), ["openapi.yaml:1"]),
    ("A015", "a pipeline that looks away", {**service(openapi(GET % OK), GO), CI: RUN.format("go test ./...")}, ["openapi.yaml:1"]),
    ("A017", "kafkajs", {**KAFKA, "src/a.js": "await producer.send({ topic: 'a' });\n"}, ["src/a.js:1"]),
    ("A017", "Spring", {"pom.xml": JAVA["pom.xml"].replace("</dependencies>", "<dependency><groupId>org.springframework.kafka</groupId><artifactId>spring-kafka</artifactId></dependency></dependencies>"), "src/main/java/A.java": "class A {\n void b() { kafkaTemplate.send(\"a\", c); }\n}\n"}, ["src/main/java/A.java:2"]),
    ("A017", "another topic, in Node", {**KAFKA, "src/a.js": "await producer.send({ topic: 'order.shipped' });\n", "asyncapi.yaml": SENT}, ["src/a.js:1"]),
    ("A017", "another topic, in Python", {"requirements.txt": "fastapi\naiokafka\n", "a.py": "async def f(producer):\n    await producer.send_and_wait('order.placed', b'')\n    await producer.send_and_wait('order.lost', b'')\n", "asyncapi.yaml": SENT}, ["a.py:3"]),
    ("A018", "a text for a number", service(openapi(EXAMPLE % ("{type: object, properties: {a: {type: integer}}}", "example: {a: b}"))), ["openapi.yaml:13"]),
    ("A018", "a member that is missing", service(openapi(EXAMPLE % ("{type: object, required: [a]}", "examples: {one: {value: {b: 1}}}")), JAVA), ["openapi.yaml:13"]),
    ("A018", "no date", service(openapi(reply(properties("born: {type: string, format: date, example: '31.1.2026'}"))), PYTHON), ["openapi.yaml:9"]),
    ("A018", "another pattern", service(openapi(EXAMPLE % ("{type: string, pattern: '^[A-Z]{2}-[0-9]+$'}", "example: de-1")), GO), ["openapi.yaml:13"]),
    ("A018", "items that are equal", service(openapi(EXAMPLE % ("{type: array, uniqueItems: true, items: {type: integer, multipleOf: 5}}", "example: [5, 5]"))), ["openapi.yaml:13"]),
    ("A018", "no multiple", service(openapi(EXAMPLE % ("{type: integer, multipleOf: 5}", "example: 7"))), ["openapi.yaml:13"]),
    ("A018", "a pattern that would run for ever elsewhere", service(openapi(EXAMPLE % ("{type: string, pattern: '^(a+)+$'}", "example: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"))), ["openapi.yaml:13"]),
    ("A019", "a text and a list", service(openapi(body(properties("a: {type: string}", "b: {type: array, items: {type: boolean}}")))), ["openapi.yaml:7", "openapi.yaml:7"]),
    ("A019", "a query parameter", service(swagger("tags: []", "  /a:\n    get:\n      parameters:\n        - {name: n, in: query, type: integer}\n      " + OK), GO, "swagger.yaml"), ["swagger.yaml:8"]),
]  # fmt: skip

LOOKALIKES = [
    ("A018", "a pattern that matches inside", service(openapi(EXAMPLE % ("{type: string, pattern: '[0-9]{2}'}", "example: a12b")))),
    ("A018", "a pattern that is not simulated", service(openapi(EXAMPLE % ("{type: string, pattern: '^(?!x)[a-z]+$'}", "example: XYZ")))),
    ("A018", "alternatives, some anchored", service(openapi(EXAMPLE % ("{type: string, pattern: '^a|b$'}", "example: ab cb")))),
    ("A001", "in documentation", {**GO, "docs/swagger.json": '{"swagger": "2.0", "info": {}, "paths": {}}'}),
    ("A001", "a web SDK for health checks only", {**DOTNET, "src/Shop/Program.cs": "app.Run();"}),
    ("A001", "gRPC", {"go.mod": GO["go.mod"].replace("github.com/gin-gonic/gin", "google.golang.org/grpc"), "proto/a.proto": "service Cart {\n}\n", "main.go": "s := grpc.NewServer()"}),
    ("A001", "GraphQL", {**NODE, "schema.graphql": "type Query {\n  pets: [Pet]\n}\n"}),
    ("A002", "an example that has a reference", service(openapi(EXAMPLE % ("{type: object}", "example: {$ref: '#/nowhere'}")))),
    ("A002", "a file beside it", {**service(openapi("/pets:\n  $ref: 'paths.yaml#/pets'"), JAVA), "paths.yaml": "pets:\n  get:\n    " + OK}),
    ("A002", "only webhooks", service(f"openapi: 3.1.0\ninfo: {INFO}\nwebhooks: {{}}\n")),
    ("A002", "shared path parameters", service(openapi("/pets/{id}:\n  parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n  get: {%s}" % OK))),  # noqa: UP031 - braces
    ("A003", "3.1", service(openapi(GET % OK))),
    ("A003", "AsyncAPI 3", {**NODE, "asyncapi.yaml": f"asyncapi: 3.0.0\ninfo: {INFO}\n"}),
    ("A004", "a candidate", service(openapi(GET % OK, info=INFO.replace("1.0.0", "1.0.0-rc.1+build.5")))),
    ("A004", "who to ask, by address", service(openapi(GET % OK, info=INFO.replace("name: shop", "url: 'https://example.com'")))),
    ("A005", "two operations", service(openapi(f"/a:\n  get: {{operationId: a, summary: a, tags: [a], {OK}}}\n  put: {{operationId: b, summary: a, tags: [a], {OK}}}"))),
    ("A005", "a webhook", service(openapi(f"/a:\n  get: {{operationId: a, summary: a, tags: [a], {OK}}}", f"webhooks: {{a: {{post: {{{OK}}}}}}}"))),
    ("A006", "problem details", service(openapi(GET % ("responses: {" + PROBLEM % "application/problem+json; charset=utf-8" + "}")))),
    ("A006", "a shared response", service(openapi(GET % "responses: {default: {$ref: '#/components/responses/E'}}", "components: {responses: {E: {description: e, content: {application/problem+json: {}}}}}"))),
    ("A007", "public for all to see", service(openapi(GET % f"{OK}, security: []"))),
    ("A007", "a login that is open", service(openapi(f"/auth/login:\n  post: {{security: [], {OK}}}", "security: [{token: []}]"))),
    ("A007", "tokens that are a resource", service(openapi(f"/tokens:\n  post: {{{OK}}}", "security: [{token: []}]"))),
    ("A008", "bounded", service(openapi(reply("{type: array, maxItems: 7, items: {}}")))),
    ("A008", "a limit", service(openapi(reply("{type: array, items: {}}", parameters=LIMIT % ", maximum: 50")))),
    ("A008", "one thing with a list in it", service(openapi(reply(properties("items: {type: array, items: {}}"), path="/carts/{id}")))),
    ("A009", "an action", service(openapi(f"/orders/{{id}}/cancel:\n  post: {{{OK}}}\n/search:\n  get: {{{OK}}}"))),
    ("A009", "nouns that look like it", service(openapi(f"/settings/{{name}}:\n  get: {{{OK}}}\n/add-ons:\n  get: {{{OK}}}\n/getaways:\n  get: {{{OK}}}\n/.well-known/jwks.json:\n  get: {{{OK}}}\n/kunden/{{kundeId}}:\n  get: {{{OK}}}"))),
    ("A010", "words alone", service(openapi(reply(properties("name: {}", "pet_age: {}", "id: {}"))))),
    ("A010", "OAuth's names", service(openapi(reply(properties("access_token: {}", "userName: {}"))))),
    ("A010", "names in an example", service(openapi(EXAMPLE % (properties("petName: {type: string}"), "example: {petName: a, pet_age: 1}")))),
    ("A011", "minor units", service(openapi(reply(properties("price: {type: integer}", "fee: {type: string}"))))),
    ("A011", "a rate and a weight", service(openapi(reply(properties("price_ratio: {type: number}", "total: {type: number}", "amount: {type: number}"))))),
    ("A012", "formats", service(openapi(reply(properties("created_at: {type: string, format: date-time}", "currency: {type: string, pattern: '^[A-Z]{3}$'}", "update: {type: string}", "format: {type: string}"))))),
    ("A012", "a number of seconds", service(openapi(reply(properties("timestamp: {type: integer}", "look_at: {type: string}"))))),
    ("A013", "a key", service(openapi(CREATE % ("[{name: idempotency-key, in: header, schema: {type: string}}]", "{}", "")))),
    ("A013", "the client chooses", service(openapi(CREATE % ("[]", "{type: object, required: [sku], properties: {sku: {type: string}}}", ", '409': {description: there}")))),
    ("A013", "a search", service(openapi(body("{type: object}")))),
    ("A014", "If-Match", service(openapi(CHANGE % ("put", "[{name: if-match, in: header, schema: {type: string}}]", "{}", "")))),
    ("A014", "a version in the body", service(openapi(CHANGE % ("patch", "[]", properties("version: {type: integer}"), "")))),
    ("A015", "through make", {**service(openapi(GET % OK)), CI: RUN.format("make lint"), "Makefile": "lint:\n\tredocly lint openapi.yaml\n"}),
    ("A015", "in its tests", {**service(openapi(GET % OK), PYTHON), CI: RUN.format("pytest"), "tests/test_a.py": "CONTRACT = 'openapi.yaml'\n"}),
    ("A017", "the topic that is described", {**KAFKA, "src/a.js": "await producer.send({ topic: 'order.placed' });\nawait producer.send({ topic: 'eu.stock.moved' });\nawait producer.send({ topic });\n", "asyncapi.yaml": SENT}),
    ("A017", "it only listens", {**KAFKA, "src/a.js": "await consumer.subscribe({ topic: 'a' });\n"}),
    ("A017", "described", {**KAFKA, "src/a.js": "await producer.send({ topic: 'a' });\n", "asyncapi.yaml": f"asyncapi: 3.0.0\ninfo: {INFO}\n"}),
    ("A017", "something else that is sent", {**NODE, "src/a.js": "producer.send({ a: 1 });\n"}),
    ("A018", "one of two", service(openapi(EXAMPLE % ("{anyOf: [{type: string}, {type: 'null'}]}", "example: null")))),
    ("A018", "a whole number", service(openapi(EXAMPLE % ("{type: integer}", "example: 1.0")))),
    ("A018", "a property that is called example", service(openapi(reply(properties("example: {type: string}"))))),
    ("A019", "bounded", service(openapi(body(properties("a: {type: string, maxLength: 5}", "b: {type: string, format: uuid}", "c: {type: string, enum: [x]}", "d: {type: string, pattern: '^[A-Z]{3}$'}", "e: {type: integer, format: int32}"))))),
    ("A019", "what is returned", service(openapi(reply(properties("a: {type: string}"))))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_what_violates_is_found_where_it_stands(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found, at its line, and nothing else is."""
    assert expected == [line.split(" ")[0] for line in found(rule, files)]


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


@pytest.mark.parametrize("rule", [f"A{number:03}" for number in (*range(2, 12), 12, 13, 14, 15, 16, 18, 19, 21)])
def test_without_a_contract_nothing_has_passed(rule: str) -> None:
    """What was not judged is not counted as kept."""
    assert [Outcome.NOT_APPLICABLE] == outcomes(rule, NODE)


def test_a_code_first_framework_is_told_how_to_mend() -> None:
    """FastAPI can export what it serves."""
    assert ["pyproject.toml:1 this repository has no contract in the tree; FastAPI can export it"] == found(
        "A001", PYTHON
    )


def test_each_service_answers_for_its_own_contract() -> None:
    """In a monorepo, and for contracts that stand together in one place."""
    cart = {f"cart/{path}": text for path, text in NODE.items()}
    search = {f"search/{path}": text for path, text in PYTHON.items()}
    files = {**cart, **search, "contracts/cart.yaml": openapi(GET % OK, version="3.0.3"), "cart/Dockerfile": "FROM a:1"}

    assert ["search/pyproject.toml:1"] == [line.split(" ")[0] for line in found("A001", files)]
    assert ["contracts/cart.yaml:1"] == [line.split(" ")[0] for line in found("A003", files)]
