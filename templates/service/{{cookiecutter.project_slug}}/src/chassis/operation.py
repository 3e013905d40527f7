"""Operations: what happens around every endpoint, in one place and one order.

1. access: the caller's token and scope, before a byte of the body is read
2. body: media type and strict JSON
3. transaction: one per request that writes, committed before the response leaves

An endpoint without a declared policy cannot be defined: the service does not even start.
"""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError
from structlog.contextvars import bind_contextvars

from chassis import auth, merge_patch, preconditions
from chassis.database import Database, current_session
from chassis.json_body import JsonRequest
from chassis.problems import Problem

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTRIBUTE = "__chassis_policy__"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who may call an operation: the holder of a scope, or, without one, everybody."""

    scope: str | None


def requires(scope: str) -> Callable[[_Endpoint], _Endpoint]:
    """Declare that an operation needs a token with this scope."""
    return lambda endpoint: _declare(endpoint, Policy(scope=scope))


def public(endpoint: _Endpoint) -> _Endpoint:
    """Declare that everybody may call an operation, without a token."""
    return _declare(endpoint, Policy(scope=None))


def _declare(endpoint: _Endpoint, policy: Policy) -> _Endpoint:
    setattr(endpoint, _ATTRIBUTE, policy)
    return endpoint


class Operation(APIRoute):
    """A route with a policy, a strict body and a transaction."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        policy = getattr(endpoint, _ATTRIBUTE, None)
        if not isinstance(policy, Policy):
            raise TypeError(f"{endpoint.__qualname__}: declare @requires(scope) or @public under the route")
        self.policy = policy
        # The operation's id is the function's name: clients generated from the contract read like this code.
        options["operation_id"] = options.get("operation_id") or endpoint.__name__
        super().__init__(path, endpoint, **options)

    @property
    def verbs(self) -> frozenset[str]:
        """The HTTP methods that lead here."""
        return frozenset(self.methods or ())

    @property
    def writes(self) -> bool:
        """Whether the operation may change something."""
        return not self.verbs <= _SAFE_METHODS

    @property
    def body_media_type(self) -> str | None:
        """The one media type of the request's body, if there is a body."""
        if self.body_field is None:
            return None
        return merge_patch.MEDIA_TYPE if "PATCH" in self.verbs else "application/json"

    def get_route_handler(self) -> _Handler:
        """Wrap FastAPI's handler, which parses the request, calls the endpoint and serialises the result."""
        answer = super().get_route_handler()
        in_transaction = _transactional(answer, writes=self.writes) if _asks_for_session(self.dependant) else answer

        async def handle(request: Request) -> Response:
            await self._admit(request)
            strict = JsonRequest(request.scope, request.receive)
            await self._read(strict)
            return await in_transaction(strict)

        return handle

    async def _admit(self, request: Request) -> None:
        if self.policy.scope is None:
            return
        authenticator: auth.Authenticator = request.app.state.authenticator
        principal = await authenticator.principal(request.headers.get("authorization"))
        bind_contextvars(principal=principal.subject)
        auth.require(principal, self.policy.scope)
        request.state.principal = principal

    async def _read(self, request: JsonRequest) -> None:
        expected = self.body_media_type
        if expected is None:
            return
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != expected:
            raise Problem(
                415,
                "unsupported-media-type",
                f"This operation takes {expected}.",
                headers={"Accept-Patch" if "PATCH" in self.verbs else "Accept": expected},
            )
        # Read it whole before the transaction begins: a slow sender must not hold a connection or a lock.
        if await request.body():
            await request.json()


def _transactional(answer: _Handler, *, writes: bool) -> _Handler:
    async def handle(request: Request) -> Response:
        database: Database = request.app.state.database
        scope: Callable[[], AbstractAsyncContextManager[AsyncSession]]
        scope = database.transaction if writes else database.reading
        try:
            async with scope() as session:
                request.state.session = session
                response = await answer(request)
        except StaleDataError:
            raise preconditions.stale() from None
        # The transaction has been committed here; from now on the response may be sent.
        return response

    return handle


def _asks_for_session(dependant: Dependant) -> bool:
    return any(one.call is current_session or _asks_for_session(one) for one in dependant.dependencies)


def resource_router(path: str, tag: str) -> APIRouter:
    """Return a router for one resource, whose routes are operations.

    :param path: the collection's whole path, such as ``/v1/notes``.
    :param tag: the group in the contract.
    """
    return APIRouter(prefix=path, tags=[tag], route_class=Operation)
