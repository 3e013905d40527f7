"""C301-C309: what a build takes in, and what it gives away."""

import re
from collections.abc import Iterator

from machgen.check.facts import Facts
from machgen.check.model import Answer, Flaw, Level, NotApplicable, rule, rules_in
from machgen.check.pipelines import workflows

_COMMIT = re.compile(r"[0-9a-f]{40}\Z|[0-9a-f]{64}\Z")


@rule(
    "C301",
    "Actions are pinned by full commit",
    level=Level.WARNING,
    source="GitHub Docs, Security hardening for GitHub Actions; OpenSSF Scorecard, Pinned-Dependencies",
    mend="Write the action's full commit and its version in a comment: `uses: owner/name@<40 hex digits> # v4.2.2`.",
    applies_when="the repository has GitHub workflows or composite actions that use other actions",
)
def actions_pinned(facts: Facts) -> Iterator[Answer]:
    """A tag or branch of an action can be moved to other code by whoever gains its repository; that code then runs
    with the workflow's token and secrets, as happened to tj-actions/changed-files in March 2025. A full commit cannot
    move."""
    used = [step for each in facts.once(workflows) for step in each.steps if step.uses]
    if not used:
        yield NotApplicable("no GitHub workflow uses an action")
    for step in used:
        if step.uses.startswith("./"):
            continue
        if step.uses.startswith("docker://"):
            if "@sha256:" not in step.uses:
                yield Flaw(f"the action image {step.uses} is not pinned by digest", step.at, step.uses)
            continue
        name, at, revision = step.uses.partition("@")
        if not _COMMIT.match(revision):
            said = f"at {revision}, which can be moved" if at else "without a revision"
            yield Flaw(f"{name} is used {said}", step.at, f"{step.job}/{step.uses}")


RULES = rules_in(vars())
