"""Names in code: of attributes and of namespaces."""

from typing import Annotated

from pydantic import Field

Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z]([a-z0-9]|_[a-z0-9]){0,49}$",
        max_length=50,
        description="a name in code: lower-case letters, digits and single underscores",
        examples=["housing_material"],
    ),
]
