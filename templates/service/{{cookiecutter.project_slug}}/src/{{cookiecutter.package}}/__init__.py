"""The domain: what makes this service different from every other one. One folder a resource."""

from chassis.domain import Domain

from .notes import events as note_events
from .notes.routes import router as notes

DOMAIN = Domain(
    many_tenants=True,
    routers=(notes,),
    events=(note_events.CREATED, note_events.CHANGED, note_events.DELETED),
    scopes={
        "notes:read": "read your notes",
        "notes:write": "create, change and delete your notes",
    },
    tags={"notes": "Short texts of one person: the example to copy when you add a resource."},
)
