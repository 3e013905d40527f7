"""What the rest of the company learns about invitations: never the token, never the address."""

from chassis.events import EventType

from ..vocabulary.facts import UnitFact

INVITED = EventType(name="member.invited", summary="A person was invited into a business unit.", data=UnitFact)
