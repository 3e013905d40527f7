"""The garbage collector does not go through what lives as long as the process."""

import gc
from contextlib import suppress

import pytest

from chassis.collector import resting


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
def test_collector_rests_and_never_looks_at_what_was_made_meanwhile(fails: bool) -> None:
    """It works again after the block, however that ended."""
    made: list[object] = []
    with suppress(ValueError), resting():
        rests = not gc.isenabled()
        made.append([])
        if fails:
            raise ValueError("wrong settings")
    is_looked_at = any(each is made for each in gc.get_objects())
    gc.unfreeze()

    assert rests
    assert gc.isenabled()
    assert not is_looked_at
