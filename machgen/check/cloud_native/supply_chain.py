"""C301-C305: what pipelines take in, what they may do, and what they say of what they made."""

import re
from collections.abc import Iterator

from machgen.check.dependencies import manifests
from machgen.check.dockerfile import dockerfiles
from machgen.check.document import Map, dig, maps, table
from machgen.check.facts import Facts, place
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Unknown, rule, rules_in
from machgen.check.pipelines import Pipeline, Step, pipelines, workflows

_COMMIT = lazy_compile(r"[0-9a-f]{40}\Z|[0-9a-f]{64}\Z")


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


@rule(
    "C302",
    "Workflows ask for the least permissions",
    level=Level.WARNING,
    source="GitHub Docs, Use GITHUB_TOKEN for authentication in workflows; OpenSSF Scorecard, Token-Permissions",
    mend="Begin the workflow with `permissions: {}` or `contents: read` and give a job what it needs beyond that.",
    applies_when="the repository has GitHub workflows",
)
def least_permissions(facts: Facts) -> Iterator[Answer]:
    """Without `permissions` the token gets what the repository's settings give, which for many is to write to
    everything. Any step, and anything that a step downloads, can then push code and publish releases."""
    found = [
        each
        for each in facts.once(workflows)
        if each.system == "github" and isinstance(dig(each.document, "jobs"), Map)
    ]
    if not found:
        yield NotApplicable("no GitHub workflow")
    for each in found:
        top = each.document.get("permissions")
        if top == "write-all":
            at = place(each.path, each.document, "permissions")
            yield Flaw("the workflow asks to write to everything", at, "write-all", level=Level.ERROR)
        for name, job in each.document["jobs"].items():
            if not isinstance(job, Map):
                continue
            if job.get("permissions") == "write-all":
                at = place(each.path, job, "permissions")
                yield Flaw(f"the job {name} asks to write to everything", at, f"{name}/write-all", level=Level.ERROR)
            elif top is None and "permissions" not in each.document and "permissions" not in job:
                at = place(each.path, each.document["jobs"], name)
                yield Flaw(f"the job {name} gets the repository's default permissions", at, name)


_UNTRUSTED = lazy_compile(
    r"\$\{\{[^}]{0,300}\b(github\.event\.(?:issue|pull_request|comment|review|review_comment|discussion|head_commit|"
    r"workflow_run)"
    r"\.(?:title|body|message|head_branch|head\.ref|head\.label|head\.repo\.default_branch|author\.(?:name|email)|"
    r"head_commit\.message)|github\.event\.pages[^}]{0,99}page_name|github\.event\.commits[^}]{0,99}(?:message|author\.\w+)|"
    r"github\.head_ref)\b[^}]{0,300}\}\}"
)
_HEAD = lazy_compile(
    r"github\.event\.pull_request\.head\.(?:sha|ref)|github\.head_ref|"
    r"github\.event\.workflow_run\.head_(?:sha|branch)|refs/pull/"
)


_GUARD = lazy_compile(
    r"dependabot\[bot\]|renovate\[bot\]|head\.repo\.full_name\s*==\s*github\.repository|"
    r"author_association|head\.repo\.fork"
)
"""Conditions that let only people and bots of the repository in."""


@rule(
    "C303",
    "No untrusted code or input in workflows",
    level=Level.ERROR,
    source="GitHub Docs, Script injections; GitHub Security Lab, Preventing pwn requests",
    mend='Give the value to the step by `env` and use it as "$NAME"; run a stranger\'s code only on `pull_request`.',
    applies_when="the repository has GitHub workflows",
)
def no_untrusted_input(facts: Facts) -> Iterator[Answer]:
    """An expression in `run` is pasted into the script: whoever may write the title of a pull request writes your
    shell. `pull_request_target` and `workflow_run` have the secrets, so what they check out from a fork has them too.
    """
    found = facts.once(workflows)
    if not found:
        yield NotApplicable("no GitHub workflow")
    for each in found:
        triggers = dig(each.document, "on")
        said = triggers if isinstance(triggers, str | list | dict) else ()
        privileged = any(name in said for name in ("pull_request_target", "workflow_run"))
        for step in each.steps:
            script = step.run or (str(step.inputs.get("script") or "") if "github-script" in step.uses else "")
            for name in dict.fromkeys(match[1] for match in _UNTRUSTED.finditer(script)):
                yield Flaw(f"a stranger's {name} becomes part of the script", step.at, f"{step.job}/{name}")
            taken = f"{step.inputs.get('ref', '')} {step.inputs.get('repository', '')}"
            guarded = _GUARD.search(f"{dig(each.document, 'jobs', step.job, 'if')} {dig(step.node, 'if')}")
            if privileged and step.uses.startswith("actions/checkout") and _HEAD.search(taken) and not guarded:
                message = "a stranger's code is checked out where the secrets are"
                yield Flaw(message, step.at, f"{step.job}/checkout")


_DEPENDABOT: dict[str, frozenset[str]] = {
    "python": frozenset({"pip", "uv"}),
    "node": frozenset({"npm", "bun"}),
    "java": frozenset({"maven", "gradle"}),
    "dotnet": frozenset({"nuget"}),
    "go": frozenset({"gomod"}),
    "rust": frozenset({"cargo"}),
    "php": frozenset({"composer"}),
    "container images": frozenset({"docker"}),
    "actions": frozenset({"github-actions"}),
}
_RENOVATE = frozenset(
    f"{place}{name}"
    for place in ("", ".github/", ".gitlab/")
    for name in ("renovate.json", "renovate.json5", "renovate.jsonc", ".renovaterc", ".renovaterc.json")
)


@rule(
    "C304",
    "Updates come by themselves, for every ecosystem",
    level=Level.NOTE,
    source="OpenSSF Scorecard, Dependency-Update-Tool; GitHub Docs, Dependabot options reference",
    mend="Add the ecosystem to .github/dependabot.yml, or let Renovate look after all of them.",
    applies_when="the repository has dependencies; a platform's settings may enable updates too, which files do "
    "not show",
)
def updates_automated(facts: Facts) -> Iterator[Answer]:
    """What is pinned stays as vulnerable as on its first day unless somebody proposes the next version. A bot never
    forgets."""
    present = {each.ecosystem for each in facts.once(manifests) if any(one.local is None for one in each.dependencies)}
    present |= {"container images"} if facts.once(dockerfiles) else set()
    present |= (
        {"actions"}
        if any(step.uses and not step.uses.startswith("./") for each in facts.once(workflows) for step in each.steps)
        else set()
    )
    if not present:
        yield NotApplicable("no dependencies are declared")
        return
    if _RENOVATE & facts.known or ("package.json" in facts.known and "renovate" in table(facts.json("package.json"))):
        return
    path = next((path for path in (".github/dependabot.yml", ".github/dependabot.yaml") if path in facts.known), None)
    if path is None:
        yield Flaw(f"nothing here proposes updates of {', '.join(sorted(present))}", Place(""), "none")
        return
    documents = facts.yaml(path)
    covered = {str(each.get("package-ecosystem")) for each in maps(dig(documents[0], "updates") if documents else None)}
    missing = sorted(name for name in present if not _DEPENDABOT[name] & covered)
    if missing:
        yield Flaw(f"Dependabot does not look after {', '.join(missing)}", Place(path), "missing")


_PUSHES = lazy_compile(
    r"\bdocker (?:image )?push\b|\bbuildx? (?:build|bake)\b[^\n]*--push|\bbuildx? build\b[^\n]*type=registry|"
    r"\bskaffold (?:build|run)\b|\bjib:build\b|\bjib\b.*-Djib\.to|"
    r"\bbuildah push\b|\bpodman push\b|\bkaniko|executor[^\n]*--destination|\bko (?:build|publish|resolve)\b|"
    r"\bcrane push\b"
)
_ATTESTS = lazy_compile(
    r"cosign (?:attest|sign)|\bsyft\b|anchore/sbom-action|cyclonedx|attest-build-provenance|attest-sbom|"
    r"actions/attest|slsa-github-generator|"
    r"--sbom|--provenance|--attest|trivy[^\n]{0,300}(?:cyclonedx|spdx)|spdx-sbom|sbom-tool|kyverno/action-slsa|"
    r"tekton-chains|in-toto",
    re.IGNORECASE,
)


@rule(
    "C305",
    "A release says what is in it and how it was made",
    level=Level.WARNING,
    source="SLSA v1.0, Build L1: provenance exists; NTIA, The Minimum Elements for an SBOM; Regulation (EU) "
    "2024/2847, Annex I",
    mend="Push with docker/build-push-action (`sbom: true`, `provenance: mode=max`), or attest with cosign or "
    "actions/attest.",
    applies_when="a pipeline publishes an image",
)
def release_attested(facts: Facts) -> Iterator[Answer]:
    """When the next Log4Shell comes, the question is which of your images have it. A bill of materials answers in a
    minute; provenance says that the image was made from this commit and by this pipeline."""
    found = facts.once(pipelines)
    publishing = [(each, step) for each in found for step in each.steps if _publishes(step)]
    if not publishing:
        if any(not each.readable for each in found):
            yield Unknown("whether a pipeline publishes an image is written elsewhere")
        else:
            yield NotApplicable("no pipeline publishes an image")
        return
    if any(_ATTESTS.search(each.commands) for each in found):
        return
    for pipeline, step in publishing:
        if not _attests_itself(facts, pipeline, step):
            yield Flaw("an image is published without a bill of materials or provenance", step.at, f"{step.job}/push")
            return


def _publishes(step: Step) -> bool:
    if "docker/build-push-action" in step.uses:
        return str(step.inputs.get("push", "false")).lower() != "false" or "push=true" in str(
            step.inputs.get("outputs")
        )
    return bool(_PUSHES.search(step.run)) or "docker/bake-action" in step.uses


def _attests_itself(facts: Facts, pipeline: Pipeline, step: Step) -> bool:
    if "docker/build-push-action" not in step.uses:
        return False
    if str(step.inputs.get("sbom", "")).lower() not in {"", "false"}:
        return True
    if str(step.inputs.get("provenance", "")).lower() == "false":
        return False
    # a commit says its version in the comment behind it, as in `@263435... # v6.18.0`
    line = facts.lines(pipeline.path)[step.at.line - 1] if pipeline.path in facts.known else ""
    version = re.search(r"(?:@|#\s*)v(\d+)", line)
    return version is None or int(version[1]) >= 4


RULES = rules_in(vars())
