"""Price quotes over HTTP."""

from fastapi import Request

from chassis.auth import Caller
from chassis.operation import requires, resource_router

from ..carts.service import Buyer
from ..ports import Plugged
from . import service
from .schemas import QuoteRequest, Quotes

router = resource_router("/v1/price-quotes", tag="prices")


@router.post("", summary="Ask for prices")
@requires("shop:buy")
async def quote_prices(request: Request, caller: Caller, ports: Plugged, asked: QuoteRequest) -> Quotes:
    """Say what articles cost the caller now and why, with what the law wants beside a price. Stores nothing."""
    return await service.quote(request.app.state.database, Buyer(caller=caller, ports=ports), asked)
