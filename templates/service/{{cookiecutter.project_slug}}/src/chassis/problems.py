"""Errors as every caller sees them: ``application/problem+json`` (RFC 9457), whatever went wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from chassis.patterns import words_of

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:"
# More would help nobody and let a small request cause a large answer.
_MOST_ERRORS = 100


def _absent() -> None:
    """Leave a member out: the contract does not know it as null, and no default is written down there."""


class FieldError(BaseModel):
    """One thing that is wrong with the request."""

    pointer: str | SkipJsonSchema[None] = Field(
        default_factory=_absent,
        description="JSON Pointer (RFC 6901) into the body",
        exclude_if=lambda value: value is None,
    )
    parameter: str | SkipJsonSchema[None] = Field(
        default_factory=_absent,
        description="name of the query, path or header parameter",
        exclude_if=lambda value: value is None,
    )
    detail: str = Field(description="what is wrong with it")


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 describes it."""

    model_config = ConfigDict(
        title="Problem",
        json_schema_extra={
            "examples": [
                {
                    "type": f"{TYPE_PREFIX}not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "There is no such thing here.",
                    "instance": "/v1/things/0190a5e0-0000-7000-8000-000000000000",
                    "request_id": "0190a5e0000070008000000000000001",
                }
            ]
        },
    )

    type: str = Field(description="stable identifier of the kind of problem")
    title: str = Field(description="the kind of problem, for people")
    status: int = Field(description="HTTP status code", ge=400, le=599)
    detail: str = Field(description="what went wrong this time and what to do about it")
    instance: str = Field(description="path of the request")
    request_id: str = Field(description="the request in the service's logs")
    errors: Annotated[list[FieldError], Field(max_length=_MOST_ERRORS)] | SkipJsonSchema[None] = Field(
        default_factory=_absent,
        description="what is wrong with the request; the first hundred things",
        exclude_if=lambda value: value is None,
    )


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - the field's word (RFC 9457)
    """Raise this anywhere to answer with a problem.

    :param status: HTTP status code.
    :param kind: last part of the ``type``; stable, because callers compare it. Empty means: the status' own name.
    :param detail: what went wrong and what to do; safe to show to anybody.
    :param errors: what is wrong with which part of the request.
    :param headers: added to the response.
    :param extra: further members of the document (RFC 9457, section 3.2).
    """

    status: int
    kind: str = ""
    detail: str = ""
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] | None = None
    extra: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.kind}: {self.detail}"


class NotModified(Exception):  # noqa: N818 - it is an answer and no error
    """Raised when the caller's copy is still fresh (RFC 9110, section 15.4.5)."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("304")
        self.headers = headers


_RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What RFC 9110 calls them; Python does so from 3.13 on, and a title must not depend on that."""


def render(problem: Problem, *, path: str, request_id: str) -> Response:
    """Turn a problem into its response."""
    status = HTTPStatus(problem.status)
    title = _RENAMED.get(problem.status, status.phrase)
    document = ProblemDetails(
        type=TYPE_PREFIX + (problem.kind or title.lower().replace(" ", "-")),
        title=title,
        status=problem.status,
        detail=problem.detail or f"{status.description or status.phrase}.",
        instance=path,
        request_id=request_id,
        errors=list(problem.errors[:_MOST_ERRORS]) or None,
    )
    return JSONResponse(
        document.model_dump(mode="json") | dict(problem.extra or {}),
        status_code=problem.status,
        headers={"Cache-Control": "no-store"} | dict(problem.headers or {}),
        media_type=MEDIA_TYPE,
    )


async def send(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a problem from outside the routes, in a middleware."""
    response = render(problem, path=scope["path"], request_id=scope["state"]["request_id"])
    await response(scope, receive, send)


def install(app: FastAPI) -> None:
    """Answer every exception that a route or the router may raise with a problem.

    What is not listed here is a defect; :mod:`chassis.observation` logs it and answers 500.
    """
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(NotModified, _on_not_modified)


def _answer(request: Request, problem: Problem) -> Response:
    return render(problem, path=request.url.path, request_id=request.state.request_id)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - the handler's registration guarantees it
    return _answer(request, error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler's registration guarantees it
    details = {
        400: "The body cannot be read.",
        404: "There is nothing at this path.",
        405: f"{request.method} is not offered at this path.",
    }
    detail = details.get(error.status_code, "")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_allowed(request)))
    return _answer(request, Problem(error.status_code, detail=detail, headers=headers))


def _allowed(request: Request) -> set[str]:
    """Collect the methods of every route on this path; the router itself names only the first one's."""
    methods = {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return methods | {"HEAD"} if "GET" in methods else methods


async def _on_not_modified(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)  # noqa: S101 - the handler's registration guarantees it
    return Response(status_code=304, headers=dict(error.headers))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler's registration guarantees it
    return _answer(request, invalid(error.errors(), body=error.body))


def invalid(errors: Sequence[Any], *, prefix: tuple[str, ...] = (), body: Any = None) -> Problem:
    """Turn Pydantic's errors into one problem.

    :param errors: as ``ValidationError.errors()`` gives them.
    :param prefix: where the validated value lies, such as ``("body",)``.
    :param body: the whole body, to tell its own names from those of a union's members.
    """
    found = []
    for error in errors:
        location: list[object] = [*prefix, *error["loc"]]
        place, path = location[0], location[1:]
        if error["type"] == "missing" and location == ["header", "If-Match"]:  # RFC 6585, section 3
            return Problem(428, "precondition-required", "Name the version that you change: its ETag in If-Match.")
        if error["type"] == "json_invalid":
            return Problem(400, "malformed-json", f"The body is not JSON: {error['ctx']['error']} at {path[0]}.")
        if place == "body":
            path = _in_body(body, path, absent=error["type"] == "missing")
        found.append(_field_error(str(place), path, _in_words(error)))
    return Problem(422, "invalid-request", "The request does not fit the contract.", errors=found)


def _in_body(body: Any, path: Sequence[Any], *, absent: bool) -> list[object]:
    """Leave out of a path what is not in the body, but which member of a union was tried, or that a name is wrong.

    :param absent: whether the last part names what is missing.
    """
    if body is None:
        return [part for part in path if part != "[key]"]
    known: list[object] = []
    for number, part in enumerate(path, start=1):
        within = isinstance(body, Mapping) and part in body
        if within or (isinstance(body, list) and isinstance(part, int) and part < len(body)):
            body = body[part]
            known.append(part)
        elif absent and number == len(path):
            known.append(part)
    return known


def _in_words(error: Any) -> str:
    words = words_of(error["ctx"]["pattern"]) if error["type"] == "string_pattern_mismatch" else None
    return words or str(error["msg"])


def _field_error(place: str, path: Sequence[object], message: str) -> FieldError:
    detail = message.removeprefix("Value error, ")
    if place == "body":
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
        return FieldError(pointer=pointer, parameter=None, detail=detail)
    return FieldError(pointer=None, parameter=".".join(str(part) for part in path), detail=detail)
