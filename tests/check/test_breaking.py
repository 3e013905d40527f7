"""A016: edits of a contract, each labelled by hand as breaking or not, for requests and for responses."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from machgen.check.api_first.breaking import breaking_changes
from machgen.check.api_first.operations import Api
from machgen.check.api_first.schema_changes import Change
from machgen.check.document import read_yaml

PETS = """
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
servers: [{url: https://example.com/v1}]
security: [{token: [pets]}]
paths:
  /pets:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: sort, in: query, schema: {type: string, enum: [name, age]}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
        - {name: X-Trace, in: header, schema: {type: string}}
      responses:
        '200':
          description: some
          headers: {ETag: {schema: {type: string}, required: true}}
          content: {application/json: {schema: {type: array, maxItems: 100, items: {$ref: '#/components/schemas/Pet'}}}}
        '404': {description: none}
    post:
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Draft'}}
          application/xml: {schema: {type: object}}
      responses:
        '201':
          description: made
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
  /pets/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
    get:
      security: []
      responses:
        '200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
    delete:
      responses: {'204': {description: gone}}
components:
  securitySchemes:
    token: {type: oauth2, flows: {}}
    key: {type: apiKey, in: header, name: X-Key}
  schemas:
    Draft:
      type: object
      required: [name]
      properties: &members
        name: {type: string, minLength: 1, maxLength: 50}
        age: {type: integer, format: int32, minimum: 0}
        kind: {type: string, enum: [cat, dog]}
        note: {type: [string, 'null']}
        born: {type: string, format: date}
        code: {type: string, pattern: '^[A-Z]$'}
        tags: {type: array, maxItems: 5, items: {type: string}}
        labels: {type: object, additionalProperties: {type: string}}
        food: {oneOf: [{$ref: '#/components/schemas/Meat'}, {$ref: '#/components/schemas/Grain'}]}
        home: {allOf: [{$ref: '#/components/schemas/Place'}, {type: object, properties: {zip: {type: string}}}]}
        weight: {type: number, exclusiveMinimum: 0}
        secret: {type: string, writeOnly: true}
        id: {type: string, readOnly: true}
    Pet:
      type: object
      required: [name, id]
      properties: *members
    Meat: {type: object, required: [animal], properties: {animal: {type: string}}}
    Grain: {type: object, required: [grain], properties: {grain: {type: string}}}
    Place: {type: object, properties: {street: {type: string}}}
"""
LIST, DRAFT, PET, SCHEMAS = (
    "/paths/~1pets/get",
    "/components/schemas/Draft",
    "/components/schemas/Pet",
    "/components/schemas",
)
Edit = Callable[[Any], object]


def parsed(text: str) -> Any:
    """A contract as it is parsed, every alias a value of its own."""
    return _apart(read_yaml(text)[0])


def _apart(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _apart(each) for key, each in value.items()}
    return [_apart(each) for each in value] if isinstance(value, list) else value


def _find(document: Any, pointer: str) -> tuple[Any, Any]:
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in way:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document, int(last) if isinstance(document, list) else last


def put(pointer: str, value: Any) -> Edit:
    """Set what a pointer names."""

    def edit(document: Any) -> None:
        holder, key = _find(document, pointer)
        if isinstance(holder, list) and key == len(holder):
            holder.append(value)
        else:
            holder[key] = value

    return edit


def drop(pointer: str) -> Edit:
    """Remove what a pointer names."""

    def edit(document: Any) -> None:
        holder, key = _find(document, pointer)
        del holder[key]

    return edit


def judged(edit: Edit, text: str = PETS) -> list[Change]:
    """What an edit breaks."""
    before = parsed(text)
    after = copy.deepcopy(before)
    edit(after)
    old, new = (Api("openapi.yaml", each, lambda _path: None) for each in (before, after))
    return list(breaking_changes(old, new))


REQUEST = "request of POST /pets"
PARAMETERS = f"{LIST}/parameters"
EDITS: list[tuple[str, Edit, list[str]]] = [
    # paths, operations, responses, media types
    ("a path goes", drop("/paths/~1pets~1{id}"), ["/paths/~1pets~1{id}/get", "/paths/~1pets~1{id}/delete"]),
    ("an operation goes", drop("/paths/~1pets~1{id}/delete"), ["/paths/~1pets~1{id}/delete"]),
    ("a path comes", put("/paths/~1new", {"get": {"responses": {}}}), []),
    ("an operation comes", put("/paths/~1pets/patch", {"responses": {}}), []),
    ("a path's parameter is renamed", lambda d: d["paths"].update({"/pets/{pet}": _renamed(d["paths"].pop("/pets/{id}"))}), []),
    ("a success goes", drop("/paths/~1pets/post/responses/201"), ["/paths/~1pets/post/responses/201"]),
    ("an error goes", drop(f"{LIST}/responses/404"), []),
    ("a response comes", put(f"{LIST}/responses/429", {"description": "slow"}), []),
    ("a success becomes a range", lambda d: d["paths"]["/pets"]["post"]["responses"].update({"2XX": d["paths"]["/pets"]["post"]["responses"].pop("201")}), []),
    ("a response's media type goes", put(f"{LIST}/responses/200/content", {"text/csv": {}}), [f"{LIST}/responses/200/content/application~1json"]),
    ("a response's media type becomes a range", lambda d: d["paths"]["/pets"]["get"]["responses"]["200"]["content"].update({"*/*": d["paths"]["/pets"]["get"]["responses"]["200"]["content"].pop("application/json")}), [f"{LIST}/responses/200/content/application~1json"]),
    ("a response's media type comes", put(f"{LIST}/responses/200/content/text~1csv", {}), []),
    ("a request's media type goes", drop("/paths/~1pets/post/requestBody/content/application~1xml"), ["/paths/~1pets/post/requestBody/content/application~1xml"]),
    ("a request's media type comes", put("/paths/~1pets/post/requestBody/content/text~1csv", {}), []),
    ("a request's media types become a range", lambda d: d["paths"]["/pets"]["post"]["requestBody"]["content"].update({"application/*": d["paths"]["/pets"]["post"]["requestBody"]["content"].pop("application/xml")}), []),
    ("a media type gets a charset", lambda d: d["paths"]["/pets"]["post"]["requestBody"]["content"].update({"application/xml; charset=utf-8": d["paths"]["/pets"]["post"]["requestBody"]["content"].pop("application/xml")}), []),
    ("a request body becomes required", put("/paths/~1pets/post/requestBody/required", True), ["/paths/~1pets/post/requestBody/required"]),
    ("a request body comes and is required", put("/paths/~1pets~1{id}/delete/requestBody", {"required": True, "content": {}}), ["/paths/~1pets~1{id}/delete/requestBody"]),
    ("a request body comes", put("/paths/~1pets~1{id}/delete/requestBody", {"content": {}}), []),
    ("a request body goes", drop("/paths/~1pets/post/requestBody"), ["/paths/~1pets/post/requestBody"]),
    ("the server's path moves to the paths", lambda d: (d.update(servers=[{"url": "https://other.example"}]), d.update(paths={f"/v1{k}": v for k, v in d["paths"].items()})), []),
    ("the server's path changes", lambda d: (d.update(servers=[{"url": "https://example.com/v2"}])), ["/paths/~1pets/get", "/paths/~1pets/post", "/paths/~1pets~1{id}/get", "/paths/~1pets~1{id}/delete"]),
    ("a response header goes", drop(f"{LIST}/responses/200/headers/ETag"), [f"{LIST}/responses/200/headers/ETag"]),
    ("a response header is there at times", drop(f"{LIST}/responses/200/headers/ETag/required"), [f"{LIST}/responses/200/headers/ETag"]),
    ("a response header changes its letters", lambda d: d["paths"]["/pets"]["get"]["responses"]["200"]["headers"].update({"etag": d["paths"]["/pets"]["get"]["responses"]["200"]["headers"].pop("ETag")}), []),
    # parameters
    ("a parameter comes", put(f"{PARAMETERS}/4", {"name": "q", "in": "query", "schema": {}}), []),
    ("a required parameter comes", put(f"{PARAMETERS}/4", {"name": "q", "in": "query", "required": True}), [f"{PARAMETERS}/4"]),
    ("a required parameter comes for all of a path", put("/paths/~1pets~1{id}/parameters/1", {"name": "q", "in": "query", "required": True}), ["/paths/~1pets~1{id}/parameters/1"] * 2),
    ("a parameter goes", drop(f"{PARAMETERS}/1"), [f"{PARAMETERS}/1"]),
    ("a parameter becomes required", put(f"{PARAMETERS}/0/required", True), [f"{PARAMETERS}/0/required"]),
    ("a parameter's upper bound falls", put(f"{PARAMETERS}/0/schema/maximum", 50), [f"{PARAMETERS}/0/schema"]),
    ("a parameter takes a text of digits too", put(f"{PARAMETERS}/0/schema", {"type": ["integer", "string"], "minimum": 1, "maximum": 100, "pattern": "^[0-9]+$"}), []),
    ("a number gets a pattern, which is for texts", put(f"{PARAMETERS}/0/schema/pattern", "^[0-9]+$"), []),
    ("a parameter's default comes", put(f"{PARAMETERS}/0/schema/default", 20), []),
    ("a parameter's upper bound rises", put(f"{PARAMETERS}/0/schema/maximum", 500), []),
    ("a parameter gets a lower bound", put(f"{PARAMETERS}/0/schema/minimum", 2), [f"{PARAMETERS}/0/schema"]),
    ("a parameter loses a value", put(f"{PARAMETERS}/1/schema/enum", ["name"]), [f"{PARAMETERS}/1/schema/enum"]),
    ("a parameter gains a value", put(f"{PARAMETERS}/1/schema/enum", ["name", "age", "id"]), []),
    ("a parameter takes any value", drop(f"{PARAMETERS}/1/schema/enum"), []),
    ("a parameter changes its type", put(f"{PARAMETERS}/0/schema", {"type": "boolean"}), [f"{PARAMETERS}/0/schema"]),
    ("a parameter takes fractions too", put(f"{PARAMETERS}/0/schema/type", "number"), []),
    ("a header's name changes its letters", put(f"{PARAMETERS}/3/name", "x-trace"), []),
    ("a list is joined by commas", put(f"{PARAMETERS}/2/explode", False), [f"{PARAMETERS}/2"]),
    ("a list says its default", put(f"{PARAMETERS}/2/explode", True), []),
    ("a list changes its style", put(f"{PARAMETERS}/2/style", "pipeDelimited"), [f"{PARAMETERS}/2"]),
    ("a path parameter loses its format", drop("/paths/~1pets~1{id}/parameters/0/schema/format"), []),
    ("a parameter moves behind a reference", lambda d: (d["components"].update(parameters={"limit": d["paths"]["/pets"]["get"]["parameters"][0]}), d["paths"]["/pets"]["get"]["parameters"].__setitem__(0, {"$ref": "#/components/parameters/limit"})), []),
    # requests
    ("a sent property goes", drop(f"{DRAFT}/properties/age"), [f"{DRAFT}/properties/age"]),
    ("a sent property comes", put(f"{DRAFT}/properties/color", {"type": "string"}), []),
    ("a sent property comes and is required", lambda d: (put(f"{DRAFT}/properties/color", {"type": "string"})(d), put(f"{DRAFT}/required/1", "color")(d)), [f"{DRAFT}/properties/color"]),
    ("a sent property becomes required", put(f"{DRAFT}/required/1", "age"), [f"{DRAFT}/required"]),
    ("a sent property becomes optional", put(f"{DRAFT}/required", []), []),
    ("a read-only property becomes required", put(f"{DRAFT}/required/1", "id"), []),
    ("a sent enumeration shrinks", put(f"{DRAFT}/properties/kind/enum", ["cat"]), [f"{DRAFT}/properties/kind/enum"]),
    ("a sent enumeration grows", put(f"{DRAFT}/properties/kind/enum", ["cat", "dog", "cow"]), []),
    ("a sent text becomes an enumeration", put(f"{DRAFT}/properties/name/enum", ["a"]), [f"{DRAFT}/properties/name"]),
    ("a sent null is refused", put(f"{DRAFT}/properties/note/type", "string"), [f"{DRAFT}/properties/note"]),
    ("a sent null is accepted", put(f"{DRAFT}/properties/name/type", ["string", "null"]), []),
    ("a sent text may be shorter", put(f"{DRAFT}/properties/name/minLength", 0), []),
    ("a sent text must be longer", put(f"{DRAFT}/properties/name/minLength", 3), [f"{DRAFT}/properties/name"]),
    ("a sent text gets a bound", put(f"{DRAFT}/properties/born/maxLength", 10), [f"{DRAFT}/properties/born"]),
    ("a sent text gets a format", put(f"{DRAFT}/properties/name/format", "email"), [f"{DRAFT}/properties/name"]),
    ("a sent text loses its format", drop(f"{DRAFT}/properties/born/format"), []),
    ("a sent integer becomes wider", put(f"{DRAFT}/properties/age/format", "int64"), []),
    ("a sent text gets a pattern", put(f"{DRAFT}/properties/name/pattern", "^a"), [f"{DRAFT}/properties/name"]),
    ("a sent text loses its pattern", drop(f"{DRAFT}/properties/code/pattern"), []),
    ("a sent list may be longer", drop(f"{DRAFT}/properties/tags/maxItems"), []),
    ("a sent list's items change", put(f"{DRAFT}/properties/tags/items/type", "integer"), [f"{DRAFT}/properties/tags/items"]),
    ("a sent list must be a set", put(f"{DRAFT}/properties/tags/uniqueItems", True), [f"{DRAFT}/properties/tags"]),
    ("what else is sent is refused", put(f"{DRAFT}/additionalProperties", False), [DRAFT]),
    ("what else is sent is said to be welcome", put(f"{DRAFT}/additionalProperties", True), []),
    ("a sent map's values change", put(f"{DRAFT}/properties/labels/additionalProperties/type", "integer"), [f"{DRAFT}/properties/labels/additionalProperties"]),
    ("a sent alternative goes", drop(f"{DRAFT}/properties/food/oneOf/0"), [f"{SCHEMAS}/Grain/properties/grain", f"{SCHEMAS}/Meat/properties/animal"]),
    ("a sent alternative comes", put(f"{DRAFT}/properties/food/oneOf/2", {"type": "string"}), []),
    ("a sent allOf gets a requirement", put(f"{DRAFT}/properties/home/allOf/1/required", ["zip"]), [f"{DRAFT}/properties/home/allOf/1/required"]),
    ("a sent allOf is written out", put(f"{DRAFT}/properties/home", {"type": "object", "properties": {"zip": {"type": "string"}, "street": {"type": "string"}}}), []),
    ("an exclusive bound becomes inclusive", lambda d: d["components"]["schemas"]["Draft"]["properties"].update(weight={"type": "number", "minimum": 0}), []),
    # replies
    ("a returned property goes", drop(f"{PET}/properties/age"), [f"{PET}/properties/age"]),
    ("a returned property comes", put(f"{PET}/properties/color", {"type": "string"}), []),
    ("a returned property becomes optional", put(f"{PET}/required", ["name"]), [f"{PET}/required"]),
    ("a returned property is always there", put(f"{PET}/required/2", "age"), []),
    ("a write-only property goes", drop(f"{PET}/properties/secret"), []),
    ("a returned enumeration grows", put(f"{PET}/properties/kind/enum", ["cat", "dog", "cow"]), [f"{PET}/properties/kind/enum"]),
    ("a returned enumeration shrinks", put(f"{PET}/properties/kind/enum", ["cat"]), []),
    ("a returned enumeration opens", drop(f"{PET}/properties/kind/enum"), [f"{PET}/properties/kind"]),
    ("null is returned", put(f"{PET}/properties/name/type", ["string", "null"]), [f"{PET}/properties/name"]),
    ("null is returned no more", put(f"{PET}/properties/note/type", "string"), []),
    ("a returned integer becomes a fraction", put(f"{PET}/properties/age", {"type": "number", "minimum": 0}), [f"{PET}/properties/age"]),
    ("a returned number may be a text", put(f"{PET}/properties/weight/type", ["number", "string"]), [f"{PET}/properties/weight"]),
    ("a returned fraction becomes an integer", put(f"{PET}/properties/weight/type", "integer"), []),
    ("a returned integer becomes wider", put(f"{PET}/properties/age/format", "int64"), [f"{PET}/properties/age"]),
    ("a returned text grows", put(f"{PET}/properties/name/maxLength", 90), [f"{PET}/properties/name"]),
    ("a returned text shrinks", put(f"{PET}/properties/name/maxLength", 20), []),
    ("a returned format changes", put(f"{PET}/properties/born/format", "date-time"), [f"{PET}/properties/born"]),
    ("a returned text gets a format", put(f"{PET}/properties/name/format", "email"), []),
    ("a returned text loses its pattern", drop(f"{PET}/properties/code/pattern"), [f"{PET}/properties/code"]),
    ("a returned list's bound goes", drop(f"{LIST}/responses/200/content/application~1json/schema/maxItems"), [f"{LIST}/responses/200/content/application~1json/schema"]),
    ("a returned list becomes an object", put(f"{LIST}/responses/200/content/application~1json/schema", {"type": "object"}), [f"{LIST}/responses/200/content/application~1json/schema"]),
    ("a returned object is open", put(f"{PET}/additionalProperties", True), []),
    ("a returned alternative comes", put(f"{PET}/properties/food/oneOf/2", {"type": "string"}), [f"{PET}/properties/food/oneOf/2"]),
    ("a returned alternative goes", drop(f"{PET}/properties/food/oneOf/0"), []),
    ("a returned property moves to an allOf", lambda d: d["components"]["schemas"].update(Pet={"allOf": [{"$ref": f"#{PET}Own"}, {"type": "object", "required": ["id"]}]}, PetOwn={**d["components"]["schemas"]["Pet"], "required": ["name"]}), []),
    ("a schema is renamed", lambda d: (d["components"]["schemas"].update(Animal=d["components"]["schemas"].pop("Pet")), d["paths"]["/pets"]["post"]["responses"]["201"]["content"]["application/json"].update(schema={"$ref": f"#{SCHEMAS}/Animal"}), d["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]["schema"].update(items={"$ref": f"#{SCHEMAS}/Animal"}), d["paths"]["/pets/{id}"]["get"]["responses"]["200"]["content"]["application/json"].update(schema={"$ref": f"#{SCHEMAS}/Animal"})), []),
    # security
    ("an open operation is closed", drop("/paths/~1pets~1{id}/get/security"), ["/paths/~1pets~1{id}/get"]),
    ("a closed operation is opened", put(f"{LIST}/security", []), []),
    ("another scheme is asked for", put(f"{LIST}/security", [{"key": []}]), [f"{LIST}/security"]),
    ("another scheme is accepted too", put(f"{LIST}/security", [{"token": ["pets"]}, {"key": []}]), []),
    ("a second scheme is asked for as well", put(f"{LIST}/security", [{"token": ["pets"], "key": []}]), [f"{LIST}/security"]),
    ("another scope is asked for", put(f"{LIST}/security", [{"token": ["pets", "admin"]}]), [f"{LIST}/security"]),
    ("no scope is asked for", put(f"{LIST}/security", [{"token": []}]), []),
    ("a scheme is renamed", lambda d: (d["components"]["securitySchemes"].update(oauth=d["components"]["securitySchemes"].pop("token")), d.update(security=[{"oauth": ["pets"]}])), []),
    # words
    ("texts for people change", lambda d: (d["info"].update(title="x", version="2.0.0"), d["paths"]["/pets"]["get"].update(summary="s", operationId="o", tags=["t"], deprecated=True)), []),
    ("an example comes", put(f"{PET}/properties/name/examples", ["Rex"]), []),
]  # fmt: skip


def _renamed(item: Any) -> Any:
    item["parameters"][0]["name"] = "pet"
    return item


@pytest.mark.parametrize(("edit", "pointers"), [pytest.param(e, p, id=n) for n, e, p in EDITS])
def test_an_edit_breaks_what_its_label_says(edit: Edit, pointers: list[str]) -> None:
    """Each edit is found at its pointers, and what does not break is not found."""
    assert sorted(pointers) == sorted(each.pointer for each in judged(edit))


def compared(before: Edit, after: Edit) -> list[str]:
    """What breaks between two editions of the same contract."""
    old, new = parsed(PETS), parsed(PETS)
    before(old)
    after(new)
    return [
        each.message for each in breaking_changes(*(Api("a.yaml", each, lambda _path: None) for each in (old, new)))
    ]


def test_a_range_of_media_types_may_become_one_of_them() -> None:
    """Who was told `application/*` takes JSON too."""
    content = f"{LIST}/responses/200/content"
    schema = {"type": "array", "maxItems": 100, "items": {"$ref": f"#{PET}"}}

    assert [] == compared(
        put(content, {"application/*": {"schema": schema}}), put(content, {"application/json": {"schema": schema}})
    )


def test_another_default_is_another_answer_for_who_sends_none() -> None:
    """AIP-180: a default value is part of the contract; where only one side says one, it may have been so before."""
    limit = f"{PARAMETERS}/0/schema/default"

    assert ["the default is 50 instead of 20 (the query parameter limit of GET /pets)"] == compared(
        put(limit, 20), put(limit, 50)
    )
    assert [] == compared(put(limit, 20), lambda _document: None)


def test_a_required_property_that_only_the_service_wrote_is_new_to_who_sends() -> None:
    """`readOnly` goes: what nobody had to send is now refused where it is missing."""
    needed = put(f"{DRAFT}/required", ["name", "id"])

    def writable(document: Any) -> None:
        needed(document)
        drop(f"{DRAFT}/properties/id/readOnly")(document)

    assert ["the property id is new and required (request of POST /pets)"] == compared(needed, writable)


def test_a_pattern_that_changes_is_unknown() -> None:
    """Whether one expression allows all that another does cannot be told in general."""
    changes = judged(put(f"{DRAFT}/properties/code/pattern", "^[A-Z]{1,2}$"))

    assert [("the pattern changed, which cannot be compared (request of POST /pets)", True)] == [
        (each.message, each.unknown) for each in changes
    ]


def test_messages_say_what_and_where() -> None:
    """A sentence, and the operation that it was first met in."""
    (change,) = judged(put(f"{DRAFT}/properties/name/maxLength", 20))

    assert "the upper bound of characters is 20 instead of 50 (request of POST /pets)" == change.message


OLD = """
openapi: 3.0.3
info: {title: a, version: 1.0.0}
paths:
  /a:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}
components:
  schemas:
    A:
      type: object
      properties:
        a: {type: string, nullable: true}
        b: {type: number, minimum: 0, exclusiveMinimum: true}
        c: {nullable: true, allOf: [{$ref: '#/components/schemas/B'}]}
        d: {type: string, enum: [x]}
        e: {type: string, format: byte}
        f: {$ref: '#/components/schemas/A'}
    B: {type: object, properties: {x: {type: string}}}
"""
NEW = """
openapi: 3.1.0
info: {title: a, version: 1.0.0}
paths:
  /a:
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}
components:
  schemas:
    A:
      type: object
      properties:
        a: {type: [string, 'null']}
        b: {type: number, exclusiveMinimum: 0}
        c: {anyOf: [{$ref: '#/components/schemas/B'}, {type: 'null'}]}
        d: {type: string, const: x}
        e: {type: string, contentEncoding: base64}
        f: {$ref: '#/components/schemas/A'}
    B: {type: object, properties: {x: {type: string}}}
"""
SWAGGER = """
swagger: '2.0'
info: {title: a, version: 1.0.0}
paths:
  /a:
    post:
      parameters: [{name: body, in: body, required: true, schema: {$ref: '#/definitions/A'}}]
      responses: {'200': {description: ok, schema: {$ref: '#/definitions/A'}}}
definitions:
  A: {type: object, properties: {d: {type: string, enum: [x]}, f: {$ref: '#/definitions/A'}}}
"""


@pytest.mark.parametrize(
    ("before", "after"), [(OLD, NEW), (NEW, OLD), (SWAGGER, SWAGGER)], ids=["3.0 to 3.1", "3.1 to 3.0", "2.0"]
)
def test_the_same_in_another_version_breaks_nothing(before: str, after: str) -> None:
    """`nullable` or a list of types, a flag or a bound, one value or a constant: the same thing."""
    old, new = (Api("a.yaml", parsed(text), lambda _path: None) for text in (before, after))

    assert () == breaking_changes(old, new)


def test_references_lead_to_other_files_and_back() -> None:
    """A schema in a file of its own is followed, and the pointer names that file."""
    text = OLD.replace("'#/components/schemas/A'", "'schemas.yaml#/A'")
    old_schemas, new_schemas = (
        {"A": {"type": "object", "properties": {"x": {"type": kind}}}} for kind in ("string", "integer")
    )
    old, new = (Api("api/a.yaml", parsed(text), {"api/schemas.yaml": each}.get) for each in (old_schemas, new_schemas))

    assert [("api/schemas.yaml", "/A/properties/x")] * 2 == [
        (each.path, each.pointer) for each in breaking_changes(old, new)
    ]
