"""The seam between chassis and domain: one value that the domain package hands over."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib import import_module

from fastapi import APIRouter, FastAPI

from chassis.events import EventType
from chassis.project import project
from chassis.settings import Settings
from chassis.workers import Worker


@dataclass(frozen=True, kw_only=True)
class Domain:
    """What a domain package offers to the chassis as ``DOMAIN`` in its ``__init__.py``.

    ``routers`` hold the operations, each with its whole path; ``events`` are what the service publishes. ``scopes``
    maps every scope that an operation may ask for to the sentence that explains it in the contract. ``tags`` does the
    same for tags. ``guest_scopes`` are granted to callers who have not signed in and got a token of
    :mod:`chassis.guests`. ``workers`` run beside the requests, in every process, until the event they are given is set.
    ``lifespan`` surrounds the time in which the app serves: it opens what the domain needs for that long, such as
    clients of other services, and puts it into ``app.state``.
    ``many_tenants`` says that every row is some tenant's and every query asks for the caller's; without it the data is
    that of one house, and only callers of the tenant ``AUTH_TENANT`` are let in.
    ``settings`` is the class of the service's settings, where it has more of them than the chassis.
    """

    routers: tuple[APIRouter, ...]
    scopes: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    events: tuple[EventType, ...] = ()
    workers: tuple[Worker, ...] = ()
    guest_scopes: frozenset[str] = frozenset()
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
    many_tenants: bool = False
    settings: type[Settings] = Settings


def load_domain() -> Domain:
    """Import the package that ``[tool.chassis]`` names and return its ``DOMAIN``.

    :raises TypeError: when the package offers something else under that name.
    """
    package = project().package
    found = import_module(package).DOMAIN
    if not isinstance(found, Domain):
        raise TypeError(f"{package}.DOMAIN must be a chassis.domain.Domain, not {type(found).__name__}")
    return found
