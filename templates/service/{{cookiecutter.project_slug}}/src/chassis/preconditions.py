"""Conditional requests (RFC 9110, section 13): nobody overwrites what they have not seen, or reloads what they have.

Every mutable resource has a ``version``; its strong ETag is that number in quotes.
"""

from typing import Annotated, Protocol

from fastapi import Depends, Header, Request, Response

from chassis.problems import NotModified, Problem


class Versioned(Protocol):
    """Anything with a version."""

    @property
    def version(self) -> int:
        """Counts the changes, from 1."""
        ...


def etag(resource: Versioned) -> str:
    """Return the strong ETag of a resource's present version."""
    return f'"{resource.version}"'


class Freshness:
    """The caller's ``If-None-Match``, and where the resource's ETag goes."""

    def __init__(self, response: Response, if_none_match: str | None) -> None:
        self._response = response
        self._if_none_match = if_none_match

    def check(self, resource: Versioned) -> None:
        """Set ``ETag`` on the response, or end with 304 when the caller's copy is fresh.

        :raises NotModified: the caller has this version (weak comparison: RFC 9110, section 13.1.2).
        """
        tag = etag(resource)
        if self._if_none_match is not None and is_fresh(self._if_none_match, tag):
            raise NotModified({"ETag": tag, "Cache-Control": "private, no-cache"})
        self._response.headers["ETag"] = tag
        self._response.headers["Cache-Control"] = "private, no-cache"  # keep it, and ask before using it


class Expectation:
    """The caller's ``If-Match``: the version that it wants to change."""

    def __init__(self, response: Response, if_match: str) -> None:
        self._response = response
        self._if_match = if_match

    def check(self, resource: Versioned) -> None:
        """Refuse a change that was made up looking at another version.

        :raises Problem: 412 when the tag is stale (strong comparison: RFC 9110, section 13.1.1).
        """
        if not _names(self._if_match, etag(resource)):
            raise stale(etag(resource))

    def changed(self, resource: Versioned) -> None:
        """Set the new ``ETag`` on the response."""
        self._response.headers["ETag"] = etag(resource)


def stale(present: str | None = None) -> Problem:
    """Return the problem of a change that lost a race.

    :param present: the ETag to try again with, where it is known.
    """
    return Problem(
        412,
        "stale-version",
        "The resource has changed since; read it again and repeat the change.",
        headers={"ETag": present} if present else None,
    )


def overtaken(request: Request) -> Problem:
    """Return the problem of a request that changed what another one changed at the same time.

    Whoever named a version lost it (412); whoever named none had no precondition that could fail (409).
    """
    if "if-match" in request.headers:
        return stale()
    return Problem(409, "overtaken", "Another request changed the same thing at the same time; repeat this one.")


def is_fresh(if_none_match: str, tag: str) -> bool:
    """Tell whether one of the caller's copies is what it would get (weak comparison: RFC 9110, section 13.1.2).

    :param if_none_match: the header field.
    :param tag: the present, strong ETag.
    """
    return _names(if_none_match.replace("W/", ""), tag)


def _names(header: str, tag: str) -> bool:
    return tag in map(str.strip, header.split(",")) or header.strip() == "*"


# Functions and not the classes themselves: FastAPI would run those in a thread.
async def _freshness(
    response: Response,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="ETag of the copy at hand: 304 if still fresh")
    ] = None,
) -> Freshness:
    return Freshness(response, if_none_match)


async def _expectation(
    response: Response,
    if_match: Annotated[
        str, Header(alias="If-Match", description="ETag of the version to change; a stale one is a 412")
    ],
) -> Expectation:
    return Expectation(response, if_match)


IfNoneMatch = Annotated[Freshness, Depends(_freshness)]
IfMatch = Annotated[Expectation, Depends(_expectation)]
