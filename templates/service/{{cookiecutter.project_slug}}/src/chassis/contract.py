"""The contract: OpenAPI 3.1 as the running app serves it, with everything FastAPI cannot know from the signatures."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from chassis import idempotency, problems
from chassis.domain import Domain
from chassis.operation import Idempotency, Operation
from chassis.project import Project

_COMPONENT = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    408: "TooSlow",
    412: "StaleVersion",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "InvalidRequest",
    428: "PreconditionRequired",
    429: "RateLimited",
    500: "InternalError",
    503: "Unavailable",
    504: "Timeout",
}
_DESCRIPTIONS = {
    400: "The request cannot be understood.",
    401: "The token is missing or not acceptable.",
    403: "The token lacks the scope.",
    404: "There is no such thing, or it is not the caller's.",
    409: "The request contradicts the present state.",
    408: "The body took too long to arrive.",
    412: "The resource has changed since.",
    413: "The body is too long.",
    415: "The body's media type is not the one this operation takes.",
    422: "The request breaks a rule; `errors` says which.",
    428: "The request must name the version it changes.",
    429: "The caller has sent too many requests; `Retry-After` says when to go on.",
    500: "Something went wrong in the service.",
    503: "The service or something it needs is not available; try again.",
    504: "The request took too long.",
}


def install(app: FastAPI, project: Project, domain: Domain) -> None:
    """Make ``app`` serve the whole contract at ``/openapi.json``."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app, project, domain)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the contract


def build(app: FastAPI, project: Project, domain: Domain) -> dict[str, Any]:
    """Return the contract as a JSON object."""
    operations = [route for route in app.routes if isinstance(route, Operation) and route.include_in_schema]
    contract = get_openapi(
        title=project.title,
        version=project.version,
        description=project.description,
        openapi_version="3.1.0",
        contact={"name": project.owner},
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in sorted(domain.tags.items())],
        servers=[{"url": "/", "description": "wherever the service runs"}],
    )
    components = contract.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= _problem_schemas()
    components["schemas"] = dict(sorted(schemas.items()))
    components["responses"] = {}
    components["headers"] = {
        "RateLimit": _header("What is left in the present window (IETF draft RateLimit header fields)."),
        "Retry-After": _header("Seconds until it makes sense to try again (RFC 9110, section 10.2.3)."),
        "ETag": _header("Strong tag of the resource's version (RFC 9110, section 8.8.3).", always=True),
        "Location": _header("Where what was made can be read (RFC 9110, section 15.3.2).", always=True),
        "X-Request-ID": _header("Names the request in the service's logs."),
    }
    others = {
        one.policy.credential.name: dict(one.policy.credential.scheme) for one in operations if one.policy.credential
    }
    components["securitySchemes"] = {"token": _security_scheme(domain), **dict(sorted(others.items()))}
    used: set[int] = set()
    for route in operations:
        for method in sorted(route.verbs):
            used |= _complete(contract["paths"][route.path_format][method.lower()], route)
    components["responses"] |= {_COMPONENT[status]: _problem_response(status) for status in sorted(used)}
    contract["security"] = [{"token": []}]
    renamed = {name: schema["title"] for name, schema in schemas.items() if name.endswith("_")}
    return dict(_rename(contract, renamed))


def dump(contract: dict[str, Any]) -> str:
    """Write the contract as YAML, the way ``contract/openapi.yaml`` holds it."""
    import yaml  # noqa: PLC0415 - only this command needs it

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    text = yaml.dump(
        contract | {"info": None},
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=120,
        default_flow_style=False,
    )
    # JSON strings are YAML strings; written this way a title may hold anything.
    info = "".join(f"  {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in contract["info"].items())
    return str(text).replace("info: null\n", f"info:\n{info}", 1)


def _rename(value: Any, names: dict[str, str]) -> Any:
    """Give generic models, which FastAPI calls ``Page_Note_``, their own names."""
    if isinstance(value, list):
        return [_rename(item, names) for item in value]
    if not isinstance(value, dict):
        prefix, _, name = value.rpartition("/") if isinstance(value, str) else ("", "", "")
        return f"{prefix}/{names[name]}" if prefix == "#/components/schemas" and name in names else value
    return {names.get(key, key): _rename(item, names) for key, item in value.items()}


def _header(description: str, *, always: bool = False) -> dict[str, Any]:
    schema = {"schema": {"type": "string"}}
    return {"description": description, **({"required": True} if always else {}), **schema}


def _security_scheme(domain: Domain) -> dict[str, Any]:
    scopes = "\n".join(f"- `{name}`: {text}" for name, text in sorted(domain.scopes.items()))
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"A token of the identity provider (OpenID Connect) with one of the scopes:\n\n{scopes}",
    }


def _problem_schemas() -> dict[str, Any]:
    schema = problems.ProblemDetails.model_json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    nested = schema.pop("$defs")
    return {"Problem": schema, **nested}


def _problem_response(status: int) -> dict[str, Any]:
    names = ["X-Request-ID"] + (["Retry-After"] if status in (409, 429, 503) else [])
    return {
        "description": _DESCRIPTIONS[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _complete(operation: dict[str, Any], route: Operation) -> set[int]:
    """Add what FastAPI cannot know, and return the statuses of the problems that the operation may answer with."""
    scopes = route.policy.scopes
    credential = route.policy.credential
    operation["security"] = [{"token": [scope]} for scope in scopes] or ([{credential.name: []}] if credential else [])
    names = {one["name"].lower() for one in operation.get("parameters", [])}
    for parameter in operation.get("parameters", []):
        _simplify(parameter["schema"])
    if body := operation.get("requestBody"):
        _name_media_type(body, route)
    if route.policy.idempotency is not Idempotency.NONE:
        operation.setdefault("parameters", []).append(_idempotency_key(route))
    responses = operation["responses"]
    possible = _possible(route, names)
    for status in possible:
        responses[str(status)] = {"$ref": f"#/components/responses/{_COMPONENT[status]}"}
    for status, response in responses.items():
        if status.startswith("2"):
            sent = {
                "X-Request-ID": True,
                "RateLimit": bool(scopes),
                "Location": status == "201",
                "ETag": status != "204" and bool(names & {"if-match", "if-none-match"} or _has_version(route)),
            }
            refer = {name: {"$ref": f"#/components/headers/{name}"} for name, present in sent.items() if present}
            response.setdefault("headers", {}).update(refer)
    if "if-none-match" in names:
        responses["304"] = {
            "description": "The caller's copy is fresh.",
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        }
    operation["responses"] = dict(sorted(responses.items()))
    return possible


def _has_version(route: Operation) -> bool:
    return "version" in getattr(route.response_model, "model_fields", ())


def _idempotency_key(route: Operation) -> dict[str, Any]:
    return {
        "name": idempotency.HEADER,
        "in": "header",
        "required": route.policy.idempotency is Idempotency.REQUIRED,
        "description": "Names this attempt; a repeated request with the same key gets the same answer and no effect.",
        "schema": {"type": "string", "pattern": idempotency.PATTERN},
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    }


def _simplify(schema: dict[str, Any]) -> None:
    """Drop what Python's ``| None`` adds to a parameter: it is left out, it is never null."""
    schema.pop("title", None)
    schema.pop("description", None)  # stands at the parameter itself
    variants = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(variants) == 1:
        del schema["anyOf"]
        schema.update(variants[0])


def _name_media_type(body: dict[str, Any], route: Operation) -> None:
    if route.body_media_type not in (None, "application/json"):
        body["content"] = {route.body_media_type: body["content"]["application/json"]}


def _possible(route: Operation, parameters: set[str]) -> set[int]:
    """Which problems an operation may answer with, told by what it asks for."""
    # What an operation declares by itself (responses={409: {}}) is one of the problems below as well.
    statuses = {500, 503, 504} | {int(status) for status in route.responses if int(status) in _COMPONENT}
    if route.policy.scopes:
        statuses |= {401, 403, 422, 429}
    if route.policy.credential:
        statuses |= {401}
    if "{" in route.path_format:
        statuses |= {404}
    if route.body_field is not None:
        statuses |= {400, 408, 413, 415}
    if route.body_field is not None or parameters:
        statuses |= {422}
    if "cursor" in parameters:
        statuses |= {400}
    if route.policy.idempotency is not Idempotency.NONE:
        statuses |= {400, 409, 422}
    if "if-match" in parameters:
        statuses |= {412, 428}
    return statuses
