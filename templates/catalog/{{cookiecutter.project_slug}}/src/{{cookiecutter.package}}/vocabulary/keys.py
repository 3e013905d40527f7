"""Keys: names that people and other systems give to things, and that never change."""

from typing import Annotated

from pydantic import Field

Key = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9]|[-_.][a-z0-9]){0,99}$",
        max_length=100,
        description="lower-case letters and digits, single `-`, `_` or `.` between them; never changes",
        examples=["circulation-pump-c40"],
    ),
]

Name = Annotated[
    str,
    Field(
        pattern=r"^[a-z]([a-z0-9]|_[a-z0-9]){0,49}$",
        max_length=50,
        description="a name in code: lower-case letters, digits and single underscores",
        examples=["housing_material"],
    ),
]
