"""Documents as callers see them."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ..vocabulary.shapes import Moment


class Document(BaseModel):
    """A document. Where it lies is not told; ask for a link."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the document, by the identifier of who published it")
    unit_id: UUID = Field(description="the business unit it is for")
    kind: str = Field(description="what it is", examples=["invoice"])
    name: str = Field(description="file name", examples=["invoice-2026-000123.pdf"])
    media_type: str = Field(description="what is in it", examples=["application/pdf"])
    size: int = Field(description="in bytes", examples=[48213])
    order_id: UUID | None = Field(description="the order it belongs to")
    published_at: Moment


class DocumentLink(BaseModel):
    """A link to a document's content."""

    href: str = Field(
        description="path of the content, good for whoever holds it", examples=["/v1/document-contents/…"]
    )
    expires_at: Moment
