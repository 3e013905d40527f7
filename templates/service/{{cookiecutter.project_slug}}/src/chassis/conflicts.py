"""Conflicts that only the database sees: two requests that are fine one by one and break a constraint together."""

from sqlalchemy.exc import IntegrityError

from chassis.problems import Problem

# What each driver calls them: PostgreSQL's SQLSTATE (appendix A), SQLite's extended result codes.
_TAKEN = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_REFERENCE = frozenset({"23503", "SQLITE_CONSTRAINT_FOREIGNKEY"})


def refused_by_database(error: IntegrityError) -> Exception:
    """Return what to raise for a constraint that a request has broken.

    A feature looks first, and says better what is wrong; this is the answer to whoever was slower by a blink, and where
    nobody looked.

    :returns: 409 for a unique value that is taken and for a reference to what is gone, or of what is to go; the error
        itself for every other constraint, which no request can break unless the service has a defect.
    """
    kind = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    if kind in _TAKEN:
        return Problem(409, "taken", "Something else has what only one may have; read again what is there.")
    if kind in _REFERENCE:
        return Problem(409, "broken-reference", "What this refers to is gone, or what it removes is still referred to.")
    return error
