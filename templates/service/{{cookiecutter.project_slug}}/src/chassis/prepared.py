"""Operations that answer with finished bytes: what is read most, with as little as possible in between.

FastAPI finds out anew for each request what an endpoint asks for. Here that is settled when the route is made. Nothing
else differs: the contract is FastAPI's, parameters are checked by the same models and refused with the same problems,
and every middleware is passed as always.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from starlette.types import Receive, Scope, Send

from chassis.operation import Operation


class PreparedOperation(Operation):
    """A read whose endpoint returns the finished response.

    Its endpoint and the dependencies are coroutine functions that ask for parameters, for other such dependencies and
    for the request, not for a session or a body.

    :raises TypeError: when an endpoint asks for anything else, or writes.
    """

    def _settle(self, options: Mapping[str, Any]) -> None:
        super()._settle(options)
        if self.writes or self.body_field is not None:
            raise TypeError(f"{self.endpoint.__qualname__}: only reads without a body can be prepared")
        self._arguments = Arguments.of(self.dependant)
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        await self.admit(request)
        values, errors = await self._arguments.read(self._bounded(request))
        if errors:
            raise RequestValidationError(errors)
        response: Response = await self.endpoint(**values)
        await response(scope, receive, send)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The parameters in one place of a request: its path, query, headers or cookies.

    ``parameters`` are the function's names for them, ``wire`` the caller's, with whether one may be repeated.
    """

    name: str
    model: type[BaseModel]
    parameters: Sequence[str]
    wire: Sequence[tuple[str, bool]]

    def read(self, given: Any) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
        """Return the values by the function's names for them, and what is wrong with them.

        :param given: mapping of the place, with ``getlist`` where a name may be repeated.
        """
        found: dict[str, Any] = {}
        for name, repeated in self.wire:
            value = given.getlist(name) if repeated else given.get(name)
            if value is not None and value != []:
                found[name] = value
        try:
            model = self.model.model_validate(found)
        except ValidationError as refused:
            return {}, [{**each, "loc": (self.name, *each["loc"])} for each in refused.errors(include_url=False)]
        return dict(zip(self.parameters, vars(model).values(), strict=True)), []


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What a function asks for, and how it is found in a request."""

    function: Callable[..., Any]
    places: Sequence[Place]
    dependencies: Sequence[tuple[str | None, "Arguments"]]
    request: str | None

    @classmethod
    def of(cls, dependant: Dependant) -> "Arguments":
        """Settle what FastAPI found out about a function.

        :raises TypeError: when it asks for something that takes more than a coroutine function.
        """
        function = dependant.call
        asks_for_more = (
            dependant.response_param_name
            or dependant.background_tasks_param_name
            or dependant.security_scopes_param_name
            or dependant.http_connection_param_name
            or dependant.body_params
        )
        if function is None or not iscoroutinefunction(function) or isasyncgenfunction(function) or asks_for_more:
            raise TypeError(f"{function}: a prepared operation takes coroutine functions that ask for parameters only")
        places = {
            "path": dependant.path_params,
            "query": dependant.query_params,
            "header": dependant.header_params,
            "cookie": dependant.cookie_params,
        }
        return cls(
            function=function,
            places=[_place(function.__name__, name, fields) for name, fields in places.items() if fields],
            dependencies=[(each.name, cls.of(each)) for each in dependant.dependencies],
            request=dependant.request_param_name,
        )

    async def read(self, request: Request) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the arguments of the function, and all that is wrong with the request."""
        values: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for name, dependency in self.dependencies:
            arguments, wrong = await dependency.read(request)
            if wrong:
                errors += wrong
                continue
            result = await dependency.function(**arguments)
            if name is not None:
                values[name] = result
        for place in self.places:
            found, wrong = place.read(getattr(request, _ATTRIBUTES[place.name]))
            values.update(found)
            errors += wrong
        if self.request is not None:
            values[self.request] = request
        return values, errors


_ATTRIBUTES = {"path": "path_params", "query": "query_params", "header": "headers", "cookie": "cookies"}


def _place(function: str, name: str, fields: Sequence[Any]) -> Place:
    # Members are numbered, because a parameter may have a name that models keep to themselves, such as `copy`.
    wire = {f"parameter_{number}": each.alias for number, each in enumerate(fields)}
    members: dict[str, Any] = {
        member: (each.field_info.annotation, each.field_info) for member, each in zip(wire, fields, strict=True)
    }
    model = create_model(f"{function}_{name}", __config__=ConfigDict(alias_generator=wire.__getitem__), **members)
    repeated = [get_origin(each.field_info.annotation) in (list, set, tuple) for each in fields]
    return Place(
        name=name,
        model=model,
        parameters=[each.name for each in fields],
        wire=list(zip(wire.values(), repeated, strict=True)),
    )


def prepared_router(path: str, tag: str) -> APIRouter:
    """Return a router for reads that answer with finished bytes.

    :param path: the collection's whole path, such as ``/v1/storefront``.
    :param tag: the group in the contract.
    """
    return APIRouter(prefix=path, tags=[tag], route_class=PreparedOperation)
