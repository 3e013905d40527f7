"""Logs: one JSON object a line on standard output, with the ids of the request it belongs to.

Values are escaped by the JSON encoder, so nothing a caller sends can forge a line. Bodies, query strings, tokens
and header values are never logged; where an exception quotes them, they are left out.
"""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from select import PIPE_BUF

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
# What messages of exceptions may quote: PostgreSQL's rows, addresses of people, tokens.
_PERSONAL = re.compile(r"DETAIL: .*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|eyJ[\w-]+\.[\w-]+\.[\w-]*")


def _leave_out_personal_data(_logger: object, _method: str, line: EventDict) -> EventDict:
    for error in line.get("exception", ()):
        error["exc_value"] = _PERSONAL.sub("…", error["exc_value"])
    return line


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
            structlog.processors.JSONRenderer(),
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
                structlog.processors.JSONRenderer(),
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


@contextmanager
def gathered_lines() -> Iterator[FilteringBoundLogger]:
    """Give a logger whose lines are written at the end of the block, many of them with one call of the system.

    Each is the line that it would be alone.
    """
    kept = _Kept()
    yield structlog.wrap_logger(kept).bind()
    for lines in _written_at_once(kept.lines):
        sys.stdout.write("".join(lines))
        sys.stdout.flush()


class _Kept:
    """What structlog takes for the place where lines are written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line + "\n")


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
