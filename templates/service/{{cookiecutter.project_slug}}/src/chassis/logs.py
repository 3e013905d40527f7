"""Logs: one JSON object a line on standard output, with the ids of the request it belongs to.

Values are escaped by the JSON encoder, so nothing a caller sends can forge a line. Bodies, query strings, tokens
and header values are never logged; where an exception quotes them, they are left out.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from select import PIPE_BUF
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from chassis.settings import LogLevel

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Local variables stay out of the logs: they hold bodies, tokens and names.
_TRACEBACKS: Processor = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
_ENCODER = json.JSONEncoder(default=repr)
"""Made once: to make it takes as long as to write a line."""
# What messages of exceptions may quote: PostgreSQL's rows, Pydantic's inputs, addresses of people, tokens.
_PERSONAL = re.compile(
    r"DETAIL: (?s:.*)(?=\n\[SQL: )|DETAIL: (?s:.*)|input_value=(?s:.*?)(?=, input_type=)|"
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|eyJ[\w-]+\.[\w-]+\.[\w-]*"
)


def _leave_out_personal_data(_logger: object, _method: str, line: EventDict) -> EventDict:
    _make_anonymous(line.get("exception", ()))
    return line


def _make_anonymous(errors: Iterable[dict[str, Any]]) -> None:
    for error in errors:
        error["exc_value"] = _PERSONAL.sub("…", error["exc_value"])
        error["exc_notes"] = [_PERSONAL.sub("…", note) for note in error.get("exc_notes", ())]
        for member in error.get("exceptions", ()):  # of a group
            _make_anonymous(member)


def _as_json(_logger: object, _method: str, line: EventDict) -> str:
    return _ENCODER.encode(line)


def configure(level: LogLevel, service: str) -> None:
    """Send every log of the process, ours and the libraries', through the same formatter.

    :param service: the service's name, added to every line.
    """

    def add_service(_logger: object, _method: str, line: EventDict) -> EventDict:
        line["service"] = service
        return line

    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            *_SHARED,
            add_service,
            _TRACEBACKS,
            _leave_out_personal_data,
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                add_service,
                _TRACEBACKS,
                _leave_out_personal_data,
                _as_json,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO), force=True)
    # Libraries may log what they send: addresses, statements, headers.
    for name in ("httpx", "httpcore", "asyncio", "aiosqlite", "sqlalchemy.engine", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def logger() -> FilteringBoundLogger:
    """Return the logger; the request's ids are added by themselves."""
    found: FilteringBoundLogger = structlog.get_logger()
    return found


def log_each(event: str, facts: Iterable[Mapping[str, object]]) -> None:
    """Log the same of many things at once, a line each, many of them written with one call of the system.

    Each is the line that it would be alone, but that all tell the same moment: what they have in common, the ids of
    the request among it, is put together once.

    :param facts: what each line says, all under the same names.
    """
    if not logger().is_enabled_for(logging.INFO):
        return
    *processors, render = structlog.get_config()["processors"]
    common: Any = None
    lines = []
    for fact in facts:
        if common is None:
            common = {**fact, "event": event}
            for processor in processors:
                common = processor(None, "info", common)
        with suppress(structlog.DropEvent):
            lines.append(f"{render(None, 'info', common | fact)}\n")
    for part in _written_at_once(lines):
        sys.stdout.write("".join(part))
        sys.stdout.flush()


def _written_at_once(lines: Sequence[str]) -> Iterator[list[str]]:
    """Divide lines such that a pipe takes each part as a whole, whoever else writes into it (write(3p), ``PIPE_BUF``).

    The encoder has left ASCII only, so that a character is a byte.
    """
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) > PIPE_BUF:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part
