"""States: which moves a thing can make, written down as data.

From one table come the check at run time, the tests that walk every pair of state and action, and the diagram in the
documents. A move that the table does not know is refused with the ones that it does know.
"""

from dataclasses import dataclass
from functools import cached_property

from chassis.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One move: ``action`` takes a thing from each of ``sources`` to ``target``."""

    action: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class StateMachine:
    """The states of one kind of thing.

    ``name`` is what people call the thing, ``initial`` is where it begins.

    :raises ValueError: when two transitions disagree, or a state can never be reached.
    """

    name: str
    initial: str
    transitions: tuple[Transition, ...]

    def __post_init__(self) -> None:
        moves = [(source, one.action) for one in self.transitions for source in one.sources]
        if len(set(moves)) < len(moves):
            raise ValueError(f"{self.name}: an action leads from one state to two")
        if unreachable := set(self.states) - self._reachable():
            raise ValueError(f"{self.name}: nothing leads to {', '.join(sorted(unreachable))}")

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order of the table."""
        named = [self.initial, *(state for one in self.transitions for state in (*one.sources, one.target))]
        return tuple(dict.fromkeys(named))

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action, in the order of the table."""
        return tuple(dict.fromkeys(one.action for one in self.transitions))

    @property
    def final(self) -> frozenset[str]:
        """The states that nothing leads out of."""
        return frozenset(self.states) - {source for source, _ in self._moves}

    def allowed(self, state: str) -> tuple[str, ...]:
        """Return what can be done in a state."""
        return tuple(action for source, action in self._moves if source == state)

    def after(self, state: str, action: str) -> str:
        """Return the state that an action leads to.

        :raises Problem: 409 when it leads nowhere from here; the problem names what does (``allowed``).
        """
        target = self._moves.get((state, action))
        if target is None:
            allowed = self.allowed(state)
            raise Problem(
                409,
                "illegal-transition",
                f"A {self.name} that is {state} cannot {action}; it can {' or '.join(allowed) or 'do nothing more'}.",
                extra={"state": state, "allowed": list(allowed)},
            )
        return target

    def mermaid(self) -> str:
        """Draw the table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {source} --> {target}: {action}" for (source, action), target in self._moves.items()]
        lines += [f"    {state} --> [*]" for state in self.states if state in self.final]
        return "\n".join(lines) + "\n"

    @cached_property
    def _moves(self) -> dict[tuple[str, str], str]:
        return {(source, one.action): one.target for one in self.transitions for source in one.sources}

    def _reachable(self) -> set[str]:
        found, waiting = {self.initial}, [self.initial]
        while waiting:
            here = waiting.pop()
            new = {target for (source, _), target in self._moves.items() if source == here} - found
            found |= new
            waiting += new
        return found
