"""Operations: what happens around every endpoint, in one place and one order.

1. access: the caller's token and scope, before a byte of the body is read
2. body: media type and strict JSON
3. questions to other services, where the operation has any
4. transaction: one per request that writes, committed before the response leaves, with the response itself where the
   caller sent an Idempotency-Key

An endpoint without a declared policy cannot be defined: the service does not even start.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from structlog.contextvars import bind_contextvars

from chassis import auth, idempotency, merge_patch, preconditions
from chassis.conflicts import refused_by_database
from chassis.database import Database, current_session
from chassis.deferred import DeferredRoute
from chassis.json_body import JsonRequest
from chassis.limits import BoundedReceive
from chassis.problems import FieldError, Problem
from chassis.rate_limit import RateLimiter
from chassis.settings import Settings

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTRIBUTE = "__chassis_policy__"


class Idempotency(Enum):
    """Whether an operation takes an ``Idempotency-Key``."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A proof of identity that no issuer's token is, such as a webhook's signature or a device's key.

    ``scheme`` describes it as OpenAPI's Security Scheme Object does. The endpoint asks for a dependency that checks it
    and answers 401 without it.
    """

    name: str
    scheme: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What surrounds an operation.

    ``scopes``: a token must grant one of them. ``credential``: what the endpoint itself asks for instead of a token.
    Without either everybody may call. ``media_type`` is the body's where that is not the method's usual one.
    ``beforehand`` is done before the transaction begins. The other members replace the settings of the same name for
    this one operation.
    """

    scopes: tuple[str, ...] = ()
    credential: Credential | None = None
    media_type: str | None = None
    idempotency: Idempotency = Idempotency.NONE
    beforehand: Callable[[Request], Awaitable[None]] | None = None
    max_body_bytes: int | None = None
    max_body_seconds: float | None = None


def requires(scope: str, *others: str) -> Callable[[_Endpoint], _Endpoint]:
    """Declare that an operation needs a token with this scope, or with one of the others.

    :param others: for callers of another kind, such as the house's own people; the endpoint filters by what it finds.
    """
    return lambda endpoint: _declare(endpoint, Policy(scopes=(scope, *others)))


def authenticated(*, by: Credential, media_type: str | None = None) -> Callable[[_Endpoint], _Endpoint]:
    """Declare that an operation needs no token but another credential, which a dependency of the endpoint checks.

    :param media_type: of the body, where it is not ``application/json``.
    """
    return lambda endpoint: _declare(endpoint, Policy(credential=by, media_type=media_type))


def idempotent(*, required: bool) -> Callable[[_Endpoint], _Endpoint]:
    """Let an operation, declared below this, take an ``Idempotency-Key``.

    :param required: whether it must; wherever money or stock moves.
    """
    mode = Idempotency.REQUIRED if required else Idempotency.OPTIONAL
    return lambda endpoint: _declare(endpoint, replace(policy_of(endpoint), idempotency=mode))


def beforehand(step: Callable[[Request], Awaitable[None]]) -> Callable[[_Endpoint], _Endpoint]:
    """Let something be done before the transaction of an operation, declared below this, begins.

    For questions to other services, which may take their time: nobody waits for an answer with a connection or a lock
    in hand. A repeated request comes by here too, so an answer that is not needed must not fail it.

    :param step: is given the request, admitted and with its body read; what it finds it leaves in ``request.state``.
    """
    return lambda endpoint: _declare(endpoint, replace(policy_of(endpoint), beforehand=step))


def large_body(*, max_bytes: int, seconds: float) -> Callable[[_Endpoint], _Endpoint]:
    """Allow an operation, declared below this, a longer body than the settings do; for uploads that are streamed."""
    return lambda endpoint: _declare(
        endpoint, replace(policy_of(endpoint), max_body_bytes=max_bytes, max_body_seconds=seconds)
    )


def public(endpoint: _Endpoint) -> _Endpoint:
    """Declare that everybody may call an operation, without a token."""
    return _declare(endpoint, Policy())


def policy_of(endpoint: Callable[..., Any]) -> Policy:
    """Return what was declared for an endpoint.

    :raises TypeError: when nothing was; an operation that forgot to say who may call it must not exist.
    """
    policy = getattr(endpoint, _ATTRIBUTE, None)
    if not isinstance(policy, Policy):
        raise TypeError(f"{endpoint.__qualname__}: declare @requires(scope) or @public under the route")
    return policy


def _declare(endpoint: _Endpoint, policy: Policy) -> _Endpoint:
    setattr(endpoint, _ATTRIBUTE, policy)
    return endpoint


class Operation(DeferredRoute):
    """A route with a policy, a strict body and a transaction."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.policy = policy_of(endpoint)
        # The operation's id is the function's name: clients generated from the contract read like this code.
        options["operation_id"] = options.get("operation_id") or endpoint.__name__
        if options.get("status_code") == 204:  # of no content there is no type (RFC 9110, section 8.3)
            options["response_class"] = Response
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
        usual = merge_patch.MEDIA_TYPE if "PATCH" in self.verbs else "application/json"
        return self.policy.media_type or usual

    def _settle(self, options: Mapping[str, Any]) -> None:
        super()._settle(options)
        self.queries = frozenset(_query_parameters(self.dependant))

    def get_route_handler(self) -> _Handler:
        """Wrap FastAPI's handler, which parses the request, calls the endpoint and serialises the result."""
        answer = super().get_route_handler()
        if not _asks_for_session(self.dependant):
            perform = answer
        elif not self.writes:
            perform = _reading(answer)
        elif self.policy.idempotency is Idempotency.NONE:
            perform = _committing(answer)
        else:
            perform = self._once(answer)

        async def handle(request: Request) -> Response:
            await self.admit(request)
            bounded = self._bounded(request)
            await self._read(bounded)
            if self.policy.beforehand is not None:
                await self.policy.beforehand(bounded)
            return await perform(bounded)

        return handle

    async def admit(self, request: Request) -> None:
        """Let only those callers pass whom the policy allows.

        :raises Problem: 401, 403 or 429; 422 when the request has query parameters that the operation does not know,
            or with U+0000, which no text in a database may hold.
        """
        if self.policy.scopes:
            await self._identify(request)
        if request.scope["query_string"]:
            self._check_query(request)

    async def _identify(self, request: Request) -> None:
        authenticator: auth.Authenticator = request.app.state.authenticator
        # Two are not one of them: together they are no token (RFC 9110, section 5.3).
        principal = await authenticator.principal(", ".join(request.headers.getlist("authorization")))
        bind_contextvars(principal=principal.subject)
        limiter: RateLimiter = request.app.state.rate_limiter
        if (allowance := limiter.take(principal.key)) is not None:
            request.state.headers = allowance.headers
        auth.require(principal, self.policy.scopes)
        request.state.principal = principal

    def _check_query(self, request: Request) -> None:
        wrong: dict[str, str] = {}
        # What everybody may read is linked to, and links carry what others have put on them (decision 13).
        if self.policy.scopes:
            takes = f"no query parameter of this operation; it takes {', '.join(sorted(self.queries)) or 'none'}"
            wrong = {name: takes for name in request.query_params if name not in self.queries}
        if b"%00" in request.scope["query_string"]:
            given = request.query_params.multi_items()
            wrong |= {
                name: "holds the character U+0000" for name, value in given if "\0" in value and name in self.queries
            }
        if wrong:
            errors = [FieldError(pointer=None, parameter=name, detail=detail) for name, detail in wrong.items()]
            raise Problem(422, "invalid-request", "The request does not fit the contract.", errors=errors)

    def _bounded(self, request: Request) -> JsonRequest:
        settings: Settings = request.app.state.settings
        receive = BoundedReceive(
            request.receive,
            max_bytes=self.policy.max_body_bytes or settings.max_body_bytes,
            seconds=self.policy.max_body_seconds or settings.max_body_seconds,
        )
        receive.declare(request.headers.get("content-length"))
        return JsonRequest(request.scope, receive)

    async def _read(self, request: JsonRequest) -> None:
        expected, streamed = self.body_media_type, self.policy.max_body_bytes is not None
        if expected is None and not streamed:
            return
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(
                415,
                "unsupported-content-encoding",
                "Bodies are taken uncompressed: a small one must not unpack to a huge one.",
                headers={"Accept-Encoding": "identity"},
            )
        if expected is None:  # the endpoint reads it, and knows what it takes
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

    def _once(self, answer: _Handler) -> _Handler:
        commit, required = _committing(answer), self.policy.idempotency is Idempotency.REQUIRED

        async def handle(request: Request) -> Response:
            principal: auth.Principal | None = getattr(request.state, "principal", None)
            claim = idempotency.claim_of(
                request,
                caller=principal.key if principal else "",
                route=f"{request.method} {self.path_format}",
                body=await request.body(),
                required=required,
            )
            if claim is None:
                return await commit(request)
            request.state.claim = claim
            in_flight: idempotency.InFlight = request.app.state.in_flight
            with in_flight.hold(claim):
                return await commit(request)

        return handle


def _reading(answer: _Handler) -> _Handler:
    async def handle(request: Request) -> Response:
        database: Database = request.app.state.database
        async with database.reading() as session:
            request.state.session = session
            return await answer(request)

    return handle


def _committing(answer: _Handler) -> _Handler:
    async def handle(request: Request) -> Response:
        database: Database = request.app.state.database
        claim: idempotency.Claim | None = getattr(request.state, "claim", None)
        try:
            async with database.transaction() as session:
                request.state.session = session
                if claim is None:
                    response = await answer(request)
                elif (repeated := await idempotency.stored(session, claim)) is not None:
                    response = repeated
                else:
                    response = await answer(request)
                    await idempotency.store(session, claim, response, request.app.state.settings.idempotency_seconds)
        except StaleDataError:
            raise preconditions.overtaken(request) from None
        except IntegrityError as error:
            raise refused_by_database(error) from error
        # The transaction has been committed here; from now on the response may be sent.
        return response

    return handle


def _query_parameters(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for one in dependant.dependencies:
        yield from _query_parameters(one)


def _asks_for_session(dependant: Dependant) -> bool:
    return any(one.call is current_session or _asks_for_session(one) for one in dependant.dependencies)


def resource_router(path: str, tag: str) -> APIRouter:
    """Return a router for one resource, whose routes are operations.

    :param path: the collection's whole path, such as ``/v1/notes``.
    :param tag: the group in the contract.
    """
    return APIRouter(prefix=path, tags=[tag], route_class=Operation)


def operations(router: APIRouter) -> list[Operation]:
    """Return a router's operations.

    :raises TypeError: when it holds anything else; what has no policy must not be served.
    """
    found = [route for route in router.routes if isinstance(route, Operation)]
    if others := [getattr(route, "path", str(route)) for route in router.routes if not isinstance(route, Operation)]:
        raise TypeError(f"{', '.join(others)}: not an operation; make its router with resource_router()")
    return found
