"""Names in code: of attributes and of namespaces."""

from typing import Annotated

from pydantic import Field

from chassis.patterns import worded

Name = Annotated[
    str,
    Field(
        pattern=worded(
            r"^[a-z]([a-z0-9]|_[a-z0-9]){0,49}$",
            "takes lower-case letters (a to z) and digits, with single `_` between them; a letter comes first",
        ),
        max_length=50,
        description="a name in code: lower-case letters, digits and single underscores",
        examples=["housing_material"],
    ),
]
