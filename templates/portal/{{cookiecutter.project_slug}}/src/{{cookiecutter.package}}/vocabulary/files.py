"""Files: how one is named and what is in it, wherever a document or an attachment is told of."""

from typing import Annotated

from pydantic import StringConstraints

from chassis.patterns import worded

FileName = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r'^[^\x00-\x1f/\\"]{1,200}$',
            "takes a file name of at most 200 characters without slashes, backslashes and quotation marks",
        ),
        max_length=200,
    ),
]
"""A name alone: no directory before it, and nothing that would end a quoted `Content-Disposition` (RFC 6266)."""

MediaType = Annotated[
    str,
    StringConstraints(
        pattern=worded(r"^[a-z]+/[a-z0-9.+-]{1,90}$", "takes a media type such as `application/pdf`"), max_length=100
    ),
]
"""A media type (RFC 6838) without parameters."""
