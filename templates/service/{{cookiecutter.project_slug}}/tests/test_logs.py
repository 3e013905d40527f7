"""Logs say what went wrong, and nothing of what belongs to people."""

import json

import pytest

from chassis import logs
from chassis.settings import LogLevel

ROW = "new row breaks a check\nDETAIL:  Failing row contains (7, Ann\nof Green Gables, ann@example.org)."
SQL = "\n[SQL: INSERT INTO people VALUES ($1)]"


def _logged(error: BaseException, capsys: pytest.CaptureFixture[str]) -> str:
    logs.configure(LogLevel.INFO, "service")
    logs.logger().error("failed", exc_info=error)
    (line,) = capsys.readouterr().out.splitlines()
    return str(line)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("too long [type=x, input_value='Ann\nof Gables', input_type=str]", "too long [type=x, …, input_type=str]"),
        (ROW, "new row breaks a check\n…"),
        (ROW + SQL, f"new row breaks a check\n…{SQL}"),
        ("DETAIL:  Key (note)=([SQL: x]\n[SQL: y]) exists." + SQL, f"…{SQL}"),
        ("no account of ann@example.org", "no account of …"),
        ("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl refused", "Bearer … refused"),
    ],
    ids=["input", "row", "row and statement", "row that looks like a statement", "address", "token"],
)
def test_messages_are_logged_without_what_they_quote(
    message: str, kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL quotes whole rows, with the line breaks in them."""
    line = json.loads(_logged(ValueError(message), capsys))

    assert line["exception"][0]["exc_value"] == kept


def test_groups_and_notes_quote_nothing_either(capsys: pytest.CaptureFixture[str]) -> None:
    """What fails in a task group is logged as a part of something else."""
    inner = ValueError(ROW)
    inner.add_note("about ann@example.org")
    line = _logged(ExceptionGroup("tasks", [ExceptionGroup("more", [inner])]), capsys)

    assert "new row breaks a check" in line
    assert "Ann" not in line
    assert "Gables" not in line
    assert "example.org" not in line
