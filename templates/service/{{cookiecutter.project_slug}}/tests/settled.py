"""The service with all its routes settled, for the process that others are forked from."""

from chassis.domain import load_domain
from chassis.operation import operations

for _router in load_domain().routers:
    for _operation in operations(_router):
        _operation.settle()
