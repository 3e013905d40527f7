"""JSON Merge Patch (RFC 7396)."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from chassis.problems import invalid

MEDIA_TYPE = "application/merge-patch+json"

_Model = TypeVar("_Model", bound=BaseModel)


def merge(target: Any, patch: Any) -> Any:
    """Return ``target`` changed by ``patch``: the algorithm of RFC 7396, section 2.

    Both are JSON values; neither is changed.
    """
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def patched(current: _Model, patch: BaseModel) -> _Model:
    """Apply a patch to a resource's writable part and check the result by the rules of a whole replacement.

    :param current: the writable part as it is.
    :param patch: a model with the same members, all of them optional; only members that were sent count.
    :raises Problem: 422 when the result breaks a rule, such as when a required member was removed.
    """
    changes = patch.model_dump(mode="json", exclude_unset=True)
    merged = merge(current.model_dump(mode="json"), changes)
    try:
        return type(current).model_validate(merged)
    except ValidationError as error:
        raise invalid(error.errors(), prefix=("body",), body=merged) from None
