"""Who measures is alone; all others go on side by side."""

import threading
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.turns import is_one_of_several, taking_turns


def test_one_that_wants_to_be_alone_waits_and_is_not_passed(tmp_path: Path) -> None:
    """It begins when the running ones have ended, and before those that came after it."""
    order: list[str] = []

    def take(name: str, alone: bool, begun: threading.Event) -> None:
        begun.set()
        with taking_turns(tmp_path, alone=alone):
            order.append(name)

    threads = []
    with ExitStack() as running:
        for _ in range(2):  # side by side
            running.enter_context(taking_turns(tmp_path, alone=False))
        for name, alone in (("alone", True), ("late", False)):
            begun = threading.Event()
            threads.append(threading.Thread(target=take, args=(name, alone, begun)))
            threads[-1].start()
            assert begun.wait(60)
            threads[-1].join(0.2)
        order.append("running ones end")
    for thread in threads:
        thread.join(60)

    assert order == ["running ones end", "alone", "late"]


def test_only_workers_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pytest that a worker of another one started is alone: it waits for nobody, and nobody waits for it."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    started, worker = SimpleNamespace(), SimpleNamespace(workerinput={"workerid": "gw0"})

    assert [is_one_of_several(config) for config in (started, worker)] == [False, True]
