"""The portal's own settings, beside those of the chassis."""

from pydantic import Field

from chassis.settings import Settings


class PortalSettings(Settings):
    """Every setting of the service. The name of the environment variable is the field's name in capitals."""

    invitation_hours: float = Field(168.0, gt=0, description="how long an invitation can be accepted")
    invitations_per_hour: int = Field(50, ge=1, description="invitations that one account may send")
    document_store_url: str = Field(
        "", description="where documents lie, such as http://documents/portal/; empty: none"
    )
    document_link_seconds: int = Field(300, ge=1, le=3600, description="how long a link to a document is good")
    telemetry_days: int = Field(90, ge=1, le=3650, description="how long what devices measured is kept")
    invitation_attempts: int = Field(10, ge=1, description="tries of one caller and minute to accept an invitation")
