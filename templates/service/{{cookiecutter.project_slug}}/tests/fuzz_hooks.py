"""What the fuzzer must know to get past the first check: fresh keys, a version that always matches, no cursor."""

import json
import os
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import Case, HookContext, SerializationContext


@schemathesis.hook
def before_call(_context: HookContext, case: "Case[Any]", _kwargs: dict[str, Any]) -> None:
    """Make well-formed headers mean something: `*` is any version (RFC 9110, section 13.1.1), a key is used once."""
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    if case.query:
        case.query.pop("cursor", None)  # opaque: nobody but the service makes one
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid4())
    if isinstance(case.body, dict):
        # Nobody can guess an identifier: those that the test has put there stand in for the made-up ones.
        case.body |= {name: known for name in case.body if (known := os.environ.get(f"FUZZ_BODY_{name.upper()}"))}


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_file(_context: SerializationContext, value: Any) -> bytes:
    """Send a file as it is, whatever may be in it."""
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")
