"""The domain: what makes this service different from every other one. One folder a resource."""

from chassis.domain import Domain

from .notes.routes import router as notes

DOMAIN = Domain(
    routers=(notes,),
    scopes={
        "notes:read": "read your notes",
        "notes:write": "create, change and delete your notes",
    },
    tags={"notes": "Short texts of one person: the example to copy when you add a resource."},
)
