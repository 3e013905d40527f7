"""What the rest of the company learns: a buyer is to be forgotten everywhere."""

from pydantic import BaseModel, Field

from chassis.events import EventType


class BuyerErased(BaseModel):
    """Who was forgotten. Whoever has copies by this name forgets them too."""

    owner: str = Field(description="subject of the token, as events of orders name it", examples=["ann"])


ERASED = EventType(name="buyer.erased", summary="A buyer was forgotten.", data=BuyerErased)
