"""How imports are stored: the job, the file in pieces until it is worked off, and what became of each line."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource


class ImportRow(Resource, Base):
    """One import. ``position`` is the next piece to work off; whoever works on it holds the row's lock.

    ``attempts`` says how often that piece has been begun, and ``due_at`` when it is tried again unless that succeeds.
    """

    __tablename__ = "imports"
    __table_args__ = (Index(None, "state", "id"),)

    state: Mapped[str] = mapped_column(String(10))
    publish: Mapped[bool]
    position: Mapped[int]
    pieces: Mapped[int]
    lines: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(300))
    finished_at: Mapped[datetime | None]
    lines_days: Mapped[int] = mapped_column(server_default="90")
    lines_kept_until: Mapped[datetime | None]


class ImportPiece(Base):
    """Some whole lines of the file, each with its number before a tab. Deleted when worked off."""

    __tablename__ = "import_pieces"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportLine(Base):
    """What became of one line."""

    __tablename__ = "import_lines"
    __table_args__ = (Index(None, "import_id", "outcome", "line"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10))
    key: Mapped[str | None] = mapped_column(String(100))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(Document)


class PendingReference(Base):
    """A product of this import refers to one that is not there yet; a later line may bring it.

    ``said`` is the line where nothing of it was written, because that reference is all that would change.
    """

    __tablename__ = "import_references"
    __table_args__ = (Index(None, "import_id", "target"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(100), primary_key=True)
    product: Mapped[str] = mapped_column(String(100))
    said: Mapped[bytes | None] = mapped_column(LargeBinary)


class SourceVersion(Base):
    """Which version of another system's product was taken in last."""

    __tablename__ = "source_versions"

    system: Mapped[str] = mapped_column(String(50), primary_key=True)
    reference: Mapped[str] = mapped_column(String(200), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    version: Mapped[int] = mapped_column(BigInteger)
