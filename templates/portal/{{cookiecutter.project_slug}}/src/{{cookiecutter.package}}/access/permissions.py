"""Roles, and what each of them permits: with one's own things, or with everyone's in the unit and below it."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a member is to a business unit."""

    ADMIN = "admin"
    PURCHASER = "purchaser"
    BUYER = "buyer"
    APPROVER = "approver"
    ACCOUNTANT = "accountant"
    TECHNICIAN = "technician"


class Reach(StrEnum):
    """Whose things a permission is about."""

    OWN = "own"
    ALL = "all"


class Permission(StrEnum):
    """One thing that a role may allow."""

    VIEW_UNIT = "unit.view"
    MANAGE_UNIT = "unit.manage"
    VIEW_MEMBERS = "members.view"
    MANAGE_MEMBERS = "members.manage"
    VIEW_ADDRESSES = "addresses.view"
    MANAGE_ADDRESSES = "addresses.manage"
    VIEW_LISTS = "lists.view"
    EDIT_LISTS = "lists.edit"
    VIEW_QUOTES = "quotes.view"
    EDIT_QUOTES = "quotes.edit"
    VIEW_RULES = "rules.view"
    MANAGE_RULES = "rules.manage"
    REQUEST_APPROVAL = "approvals.request"
    VIEW_APPROVALS = "approvals.view"
    DECIDE_APPROVALS = "approvals.decide"
    VIEW_ORDERS = "orders.view"
    VIEW_DOCUMENTS = "documents.view"
    VIEW_CASES = "cases.view"
    EDIT_CASES = "cases.edit"
    VIEW_DEVICES = "devices.view"
    MANAGE_DEVICES = "devices.manage"


_MEMBER = {
    Permission.VIEW_UNIT: Reach.ALL,
    Permission.VIEW_MEMBERS: Reach.OWN,
    Permission.VIEW_ADDRESSES: Reach.ALL,
    Permission.VIEW_CASES: Reach.OWN,
    Permission.EDIT_CASES: Reach.OWN,
}
_BUYER = _MEMBER | {
    Permission.VIEW_LISTS: Reach.OWN,
    Permission.EDIT_LISTS: Reach.OWN,
    Permission.VIEW_QUOTES: Reach.OWN,
    Permission.EDIT_QUOTES: Reach.OWN,
    Permission.REQUEST_APPROVAL: Reach.OWN,
    Permission.VIEW_APPROVALS: Reach.OWN,
    Permission.VIEW_ORDERS: Reach.OWN,
    Permission.VIEW_DOCUMENTS: Reach.OWN,
    Permission.VIEW_DEVICES: Reach.ALL,
}

ROLES: Mapping[Role, Mapping[Permission, Reach]] = {
    Role.ADMIN: dict.fromkeys(Permission, Reach.ALL),
    Role.BUYER: _BUYER,
    Role.PURCHASER: dict.fromkeys(_BUYER, Reach.ALL) | {Permission.MANAGE_ADDRESSES: Reach.ALL},
    Role.APPROVER: _MEMBER
    | {
        Permission.VIEW_APPROVALS: Reach.ALL,
        Permission.DECIDE_APPROVALS: Reach.ALL,
        Permission.VIEW_RULES: Reach.ALL,
        Permission.VIEW_ORDERS: Reach.ALL,
        Permission.VIEW_QUOTES: Reach.ALL,
    },
    Role.ACCOUNTANT: _MEMBER | {Permission.VIEW_ORDERS: Reach.ALL, Permission.VIEW_DOCUMENTS: Reach.ALL},
    Role.TECHNICIAN: _MEMBER
    | {
        Permission.VIEW_DEVICES: Reach.ALL,
        Permission.MANAGE_DEVICES: Reach.ALL,
        Permission.VIEW_CASES: Reach.ALL,
        Permission.EDIT_CASES: Reach.ALL,
    },
}
"""What each role permits. A role counts in its unit and in everything below it."""


def roles_with(permission: Permission, reach: Reach) -> tuple[Role, ...]:
    """Return the roles that permit something with things of this reach; what is good for all is good for one's own."""
    return tuple(role for role, granted in ROLES.items() if granted.get(permission) in {reach, Reach.ALL})
