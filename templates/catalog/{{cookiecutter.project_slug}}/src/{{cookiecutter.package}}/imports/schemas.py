"""Imports as callers see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.problems import FieldError
from chassis.values import Key

from ..products.schemas import ProductDraft
from ..vocabulary.names import Name


class Source(BaseModel):
    """Where a line comes from: the same reference is the same product, a version that was taken in changes nothing."""

    model_config = ConfigDict(extra="forbid")

    system: Name
    reference: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="what the system calls it", examples=["4711-0815"]
    )
    version: int | None = Field(None, ge=0, lt=2**53, description="grows with each change there", examples=[17])


class ImportedProduct(ProductDraft):
    """One line of a file: a product, and where it comes from."""

    source: Source | None = None


class ImportState(StrEnum):
    """Where an import stands. `failed`: the service gave up at one place; what came before it is in."""

    RECEIVING = "receiving"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of a line."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class ProductImport(BaseModel):
    """An import and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    state: ImportState = Field(description="receiving, queued, running, finished or failed", examples=["running"])
    publish: bool = Field(description="whether what is fit to be seen is published at once", examples=[False])
    lines: int = Field(description="how many lines have been worked off", examples=[2000])
    created: int = Field(description="how many of them made a product", examples=[1990])
    updated: int = Field(description="how many changed one", examples=[5])
    unchanged: int = Field(description="how many said what is there already", examples=[3])
    rejected: int = Field(description="how many were refused; their lines say why", examples=[2])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    failure: str | None = Field(
        description="where the service gave up; null unless it did", examples=["given up at line 651 after 5 attempts"]
    )
    finished_at: datetime | None = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:05Z"])
    lines_kept_until: datetime | None = Field(
        description="RFC 3339, UTC: until when what became of its lines can be read; null before its end",
        examples=["2026-05-01T12:00:05Z"],
    )


class ImportedLine(BaseModel):
    """What became of one line."""

    model_config = ConfigDict(from_attributes=True)

    line: int = Field(description="counts from 1, as editors do", examples=[17])
    outcome: Outcome = Field(description="created, updated, unchanged or rejected", examples=["created"])
    key: Key | None = Field(description="the product; null where the line does not say")
    reasons: list[FieldError] = Field(description="why it was rejected, or what was left out")
