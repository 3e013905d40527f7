"""What is worked out when it is needed first, and not at the start: validators of models, and what endpoints ask for.

A service has a hundred operations and two hundred models. A process that begins needs one of each for its first answer;
to make all the others before it would be half of the start.
"""

import asyncio
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.warnings import UnsupportedFieldAttributeWarning

from chassis.collector import resting

# Pydantic's own switch, for all models that are defined from here on; those of FastAPI too.
BaseModel.model_config["defer_build"] = True

from fastapi.dependencies.models import Dependant  # noqa: E402 - after the switch
from fastapi.routing import APIRoute  # noqa: E402 - as above
from starlette.routing import BaseRoute, Match, compile_path  # noqa: E402 - as above
from starlette.types import Receive, Scope, Send  # noqa: E402 - as above

_UNDISTURBED_SECONDS = 1.0
_PAUSE_SECONDS = 0.005
_OF_PATHS = frozenset({"path_regex", "path_format", "param_convertors"})


class DeferredRoute(APIRoute):
    """A route that knows at first only its path and its methods.

    What the endpoint asks for, its models and its handler are there with the first request, or when somebody looks.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}
        self._begins = path.partition("{")[0]
        self._options: dict[str, Any] | None = options

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is meant; most lack what all paths of this route begin with."""
        if self._begins not in scope["path"]:
            return Match.NONE, {}
        match, child_scope = super().matches(scope)
        if match is Match.PARTIAL and self._takes(scope["method"]):
            match = Match.FULL
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matches.

        HEAD is answered as GET is, and the server leaves the body out (RFC 9110, section 9.3.2). It is not among
        ``methods``, which are those of the contract: it needs no description of its own.
        """
        if self._takes(scope["method"]):
            await self.app(scope, receive, send)
        else:
            await super().handle(scope, receive, send)

    def _takes(self, method: str) -> bool:
        methods = self.methods or ()
        return method in methods or (method == "HEAD" and "GET" in methods)

    def settle(self) -> None:
        """Work out what was left for later.

        :raises Exception: whatever is wrong with the endpoint's signature; every time.
        """
        if self._options is None:
            return
        options, self._options = self._options, None
        settled = False
        try:
            self._settle(options)
            settled = True
        finally:
            if not settled:
                self._options = options

    def _settle(self, options: Mapping[str, Any]) -> None:
        super().__init__(self.path, self.endpoint, **options)
        told = [*self.response_fields.values(), *filter(None, (self.body_field, self.response_field))]
        with warnings.catch_warnings():
            # FastAPI gives each field's alias to pydantic twice, and passes by what that says to the second one.
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            for field in (*told, *_asked(self.dependant)):
                field._type_adapter.rebuild()

    if not TYPE_CHECKING:  # which takes everything for settled

        def __getattr__(self, name: str) -> Any:
            """Return what was left for later."""
            if name in _OF_PATHS:
                self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
            elif not name.startswith("__"):
                self.settle()
            return object.__getattribute__(self, name)


def _asked(dependant: Dependant) -> Iterator[Any]:
    """Give all fields that a function asks for, and those it depends on."""
    yield from (*dependant.path_params, *dependant.query_params, *dependant.header_params)
    yield from (*dependant.cookie_params, *dependant.body_params)
    for each in dependant.dependencies:
        yield from _asked(each)


async def settle(routes: Sequence[BaseRoute], stopping: asyncio.Event) -> None:
    """Settle all routes some time after the start, one by one, so that few callers wait for that.

    :param stopping: set when the process is about to end.
    """
    pause = _UNDISTURBED_SECONDS
    for route in routes:
        if not isinstance(route, DeferredRoute):
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)
            return
        with resting():
            route.settle()
        pause = _PAUSE_SECONDS
