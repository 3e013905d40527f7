"""A016 once more: further edits, each labelled by a second reader as breaking or not before the engine was asked."""

import pytest

from tests.check.test_breaking import DRAFT, LIST, PARAMETERS, PET, SCHEMAS, Edit, drop, judged, put

POST = "/paths/~1pets/post"
RETURNED = f"{LIST}/responses/200/content/application~1json/schema"

LABELS: list[tuple[str, Edit, bool]] = [
 ("a parameter moves from the query to a header", put(f"{PARAMETERS}/1/in","header"), True),
 ("an optional cookie comes", put(f"{PARAMETERS}/4",{"name":"c","in":"cookie","schema":{}}), False),
 ("a required cookie comes", put(f"{PARAMETERS}/4",{"name":"c","in":"cookie","required":True,"schema":{}}), True),
 ("a required parameter with a default comes", put(f"{PARAMETERS}/4",{"name":"c","in":"query","required":True,"schema":{"type":"string","default":"a"}}), True),
 ("a parameter gets a step", put(f"{PARAMETERS}/0/schema/multipleOf",5), True),
 ("a parameter's default changes", put(f"{PARAMETERS}/0/schema/default",20), False),
 ("a parameter becomes deprecated", put(f"{PARAMETERS}/1/deprecated",True), False),
 ("a list parameter gets a bound", put(f"{PARAMETERS}/2/schema/maxItems",3), True),
 ("a list parameter may not be empty", put(f"{PARAMETERS}/2/schema/minItems",1), True),
 ("a parameter's value becomes a constant", put(f"{PARAMETERS}/1/schema",{"const":"name"}), True),
 ("a parameter takes a list too", put(f"{PARAMETERS}/3/schema",{"type":["string","array"],"items":{"type":"string"}}), False),
 ("a path parameter becomes a number", put("/paths/~1pets~1{id}/parameters/0/schema",{"type":"integer"}), True),
 ("the default response comes", put(f"{LIST}/responses/default",{"description":"e"}), False),
 ("a second success comes", put(f"{POST}/responses/202",{"description":"later"}), False),
 ("a response's body goes", drop(f"{POST}/responses/201/content"), True),
 ("a response gets a body", put("/paths/~1pets~1{id}/delete/responses/204/content",{"application/json":{"schema":{"type":"object"}}}), False),
 ("a response header comes", put(f"{LIST}/responses/200/headers/X-A",{"schema":{"type":"string"}}), False),
 ("a response header changes its type", put(f"{LIST}/responses/200/headers/ETag/schema/type","integer"), True),
 ("a sent object must have two properties", put(f"{DRAFT}/minProperties",2), True),
 ("a sent object may have three properties", put(f"{DRAFT}/maxProperties",3), True),
 ("a sent number gets a step", put(f"{DRAFT}/properties/weight/multipleOf",0.5), True),
 ("a sent number's bound becomes exclusive", put(f"{DRAFT}/properties/age",{"type":"integer","format":"int32","exclusiveMinimum":0}), True),
 ("a sent oneOf becomes an anyOf", lambda d: d["components"]["schemas"]["Draft"]["properties"].update(food={"anyOf":d["components"]["schemas"]["Draft"]["properties"]["food"]["oneOf"]}), False),
 ("a sent allOf gets a part that requires", put(f"{DRAFT}/properties/home/allOf/2",{"type":"object","required":["street"]}), True),
 ("a sent allOf gets a part that allows", put(f"{DRAFT}/properties/home/allOf/2",{"type":"object","properties":{"floor":{"type":"integer"}}}), False),
 ("a sent allOf loses a part that allows", drop(f"{DRAFT}/properties/home/allOf/1"), True),
 ("the schema behind a reference requires more", put(f"{SCHEMAS}/Place/required",["street"]), True),
 ("a sent property is any value", put(f"{DRAFT}/properties/age",{}), False),
 ("a sent property is no value", put(f"{DRAFT}/properties/age",False), True),
 ("a sent text becomes base64", put(f"{DRAFT}/properties/name/contentEncoding","base64"), True),
 ("a sent enumeration gets null", put(f"{DRAFT}/properties/kind",{"type":["string","null"],"enum":["cat","dog",None]}), False),
 ("a sent object gets a discriminator", put(f"{DRAFT}/properties/food/discriminator",{"propertyName":"kind"}), False),
 ("a sent property becomes write-only", put(f"{DRAFT}/properties/age/writeOnly",True), False),
 ("a sent property becomes read-only", put(f"{DRAFT}/properties/age/readOnly",True), True),
 ("a returned property becomes write-only", put(f"{PET}/properties/age/writeOnly",True), True),
 ("a returned property becomes a constant", put(f"{PET}/properties/kind",{"const":"cat"}), False),
 ("a returned property may be any value", put(f"{PET}/properties/age",{}), True),
 ("a returned object is closed", put(f"{PET}/additionalProperties",False), False),
 ("a returned map's values change", put(f"{PET}/properties/labels/additionalProperties/type","integer"), True),
 ("a returned list may be empty no more", put(f"{RETURNED}/minItems",1), False),
 ("a returned list gets a higher bound", put(f"{RETURNED}/maxItems",500), True),
 ("a returned list's items become a choice", put(f"{RETURNED}/items",{"oneOf":[{"$ref":f"#{PET}"},{"$ref":f"#{SCHEMAS}/Meat"}]}), True),
 ("a returned object becomes one of one", put(f"{RETURNED}/items",{"oneOf":[{"$ref":f"#{PET}"}]}), False),
 ("a returned allOf says that it requires nothing", put(f"{PET}/properties/home/allOf/1/required",[]), False),
 ("a returned allOf loses a part", drop(f"{PET}/properties/home/allOf/1"), True),
 ("a returned number's bound opens", drop(f"{PET}/properties/weight/exclusiveMinimum"), True),
 ("a returned number gets a bound", put(f"{PET}/properties/weight/maximum",100), False),
 ("a returned nullable loses its type", put(f"{PET}/properties/note",{"type":"null"}), False),
 ("the whole document is opened", put("/security",[]), False),
 ("the whole document asks for another scheme", put("/security",[{"key":[]}]), True),
 ("a scheme changes its header", put("/components/securitySchemes/key/name","X-Other"), False),
 ("a scheme in use changes its kind", put("/components/securitySchemes/token",{"type":"http","scheme":"basic"}), True),
 ("credentials become optional", put(f"{LIST}/security",[{"token":["pets"]},{}]), False),
 ("an operation's server moves away", put(f"{POST}/servers",[{"url":"https://example.com/v9"}]), True),
 ("a callback comes", put(f"{POST}/callbacks",{"done":{"{$request.body#/url}":{"post":{"responses":{}}}}}), False),
 ("an extension comes", put(f"{POST}/x-a",{"b":1}), False),
 ("an unused schema comes", put(f"{SCHEMAS}/Unused", {"type": "string"}), False),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "breaks"), [pytest.param(e, b, id=n) for n, e, b in LABELS])
def test_an_edit_breaks_or_not_as_a_second_reader_said(edit: Edit, breaks: bool) -> None:
    """The engine answers yes or no; none of these is left unknown."""
    changes = judged(edit)

    assert breaks == bool(changes)
    assert not any(each.unknown for each in changes)
