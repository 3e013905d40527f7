"""JSON that the database itself writes, the same on both: what is only passed on need not become objects in between.

Identifiers and times look as everywhere in the API: UUIDs with hyphens (RFC 9562), moments in UTC (RFC 3339).
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ColumnExpressionArgument,
    ScalarSelect,
    Select,
    String,
    Uuid,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from chassis.database import Document, UtcDateTime


class JsonObject(FunctionElement[Any]):
    """A JSON object. Its members are columns, by the names that callers see."""

    inherit_cache = True
    type = Document

    def __init__(self, **members: ColumnExpressionArgument[Any]) -> None:
        words: list[ColumnExpressionArgument[Any]] = []
        for name, value in members.items():
            words += [literal_column(f"'{name}'", String), value]
        super().__init__(*words)


class _JsonList(FunctionElement[Any]):
    inherit_cache = True
    type = Document


def json_list(query: Select[Any]) -> ScalarSelect[Any]:
    """Return a JSON array of what a query finds: its only column, in its order."""
    found = query.subquery()
    return select(_JsonList(*found.c)).select_from(found).scalar_subquery()


@compiles(JsonObject, "postgresql")
def _object_postgresql(element: JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    words = [_postgresql(each, compiler.process(each, **options)) for each in element.clauses]
    return f"json_build_object({', '.join(words)})"


@compiles(JsonObject, "sqlite")
def _object_sqlite(element: JsonObject, compiler: SQLCompiler, **options: Any) -> str:
    words = [_sqlite(each, compiler.process(each, **options)) for each in element.clauses]
    return f"json_object({', '.join(words)})"


@compiles(_JsonList, "postgresql")
def _list_postgresql(element: _JsonList, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(json_agg({compiler.process(element.clauses, **options)}), '[]')"


@compiles(_JsonList, "sqlite")
def _list_sqlite(element: _JsonList, compiler: SQLCompiler, **options: Any) -> str:
    words = [_sqlite(each, compiler.process(each, **options)) for each in element.clauses]
    return f"json_group_array({', '.join(words)})"


def _postgresql(value: ColumnElement[Any], sql: str) -> str:
    if isinstance(value.type, UtcDateTime):
        return f"""to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return sql


def _sqlite(value: ColumnElement[Any], sql: str) -> str:
    kind = value.type
    if isinstance(kind, UtcDateTime):
        return f"replace({sql}, ' ', 'T') || 'Z'"
    if isinstance(kind, Boolean):  # SQLite knows 0 and 1 alone
        return f"json(CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' ELSE 'null' END)"
    if isinstance(kind, type(Document)):
        return f"json({sql})"
    if isinstance(kind, Uuid):  # stored as 32 hexadecimal digits
        cuts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({sql}, {start}, {length})" for start, length in cuts)
    return sql
