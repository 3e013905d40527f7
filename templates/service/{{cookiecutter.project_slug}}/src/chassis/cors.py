"""Cross-origin requests (WHATWG Fetch): closed, unless the settings name the web touchpoints that may call."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis import problems
from chassis.problems import Problem

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_CONDITIONS = ("If-Match", "If-None-Match", "Idempotency-Key")
_SENT = ("Authorization", "Content-Type", *_CONDITIONS, "X-Request-ID", "traceparent", "tracestate")
_READ = ("ETag", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")


def install(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of these origins call the API, with tokens and without cookies."""
    if origins:
        app.add_middleware(
            _Cors, allow_origins=origins, allow_methods=_METHODS, allow_headers=_SENT, expose_headers=_READ, max_age=600
        )


class _Cors(CORSMiddleware):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight that is refused with a problem like everything else."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            headers = Headers(scope=scope)
            if "origin" in headers and "access-control-request-method" in headers:
                answer: Response = self.preflight_response(headers)
                if answer.status_code >= 400:
                    problem = Problem(
                        403, "origin-not-allowed", bytes(answer.body).decode(), headers={"Vary": "Origin"}
                    )
                    await problems.send(problem, scope, receive, send)
                    return
        await super().__call__(scope, receive, send)
