"""The one family of errors: what happened, what to do next, and how the process ends.

The library raises, the command line shows; nobody else prints.
"""

from typing import ClassVar


class MachgenError(Exception):
    """Something the user is told in one line, with the next step.

    Args:
        message: What happened, naming the file, answer or line.
        hint: The next step, in the imperative; empty where there is none.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Negative(MachgenError):
    """The answer is no: findings, drift, conflicts left to resolve. Exit code 1."""

    exit_code = 1


class BadRequest(MachgenError):
    """The request is wrong: unknown template, bad answer, refused target. Exit code 2."""

    exit_code = 2


class Surroundings(MachgenError):
    """The surroundings failed: git missing, disk full, network gone. Exit code 3."""

    exit_code = 3
