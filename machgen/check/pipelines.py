"""Continuous integration, whatever the repository uses: which systems there are, and what their steps run.

GitHub Actions and GitLab CI are read in depth; Cloud Build, Azure Pipelines, CircleCI and Tekton as steps and their
commands; a Jenkinsfile is a program, so of it only the literal shell steps are read.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from machgen.check.document import Map, dig, items, maps, table, walk
from machgen.check.facts import Facts, place
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place

LONGEST = 8_000
"""Characters of a step's commands; what follows is not looked at."""


class Step(NamedTuple):
    """One step of a pipeline.

    Args:
        at: Where it is.
        uses: The action, orb, component or image that it runs; empty for commands of its own.
        run: Its commands; empty for an action.
        job: The name of its job.
        inputs: `with` and `env` of the step.
        node: The step as written.
    """

    at: Place
    uses: str = ""
    run: str = ""
    job: str = ""
    inputs: Mapping[str, Any] = MappingProxyType({})
    node: Any = None


class Pipeline(NamedTuple):
    """One pipeline file.

    Args:
        system: `github`, `action` (a composite one), `gitlab`, `cloudbuild`, `azure`, `circleci`, `jenkins`, `tekton`,
            or another one that `_OTHERS` names.
        path: The file.
        document: The parsed file; None where it is a program (Jenkinsfile) or cannot be read.
        steps: What it runs.
        readable: Whether `steps` is all there is to know; False where it includes what is elsewhere, or is a program.
    """

    system: str
    path: str
    document: Any
    steps: tuple[Step, ...]
    readable: bool = True

    @property
    def commands(self) -> str:
        """Every command and action, one text to search."""
        return "\n".join(part for step in self.steps for part in (step.uses, step.run) if part)


_OTHERS = {
    ".travis.yml": "travis", ".drone.yml": "drone", ".woodpecker.yml": "woodpecker", "appveyor.yml": "appveyor",
    ".appveyor.yml": "appveyor", "bitbucket-pipelines.yml": "bitbucket", ".buildkite/pipeline.yml": "buildkite",
    ".semaphore/semaphore.yml": "semaphore", "buildspec.yml": "codebuild", "codefresh.yml": "codefresh",
}  # fmt: skip
"""Further systems, of which the steps' commands are read."""


def pipelines(facts: Facts) -> tuple[Pipeline, ...]:
    """Return the pipelines that run for this repository, by path; templates of pipelines below it are none."""
    found: list[Pipeline] = []
    for path in facts.paths:
        low = path.lower()
        if re.match(r"\.github/workflows/[^/]+\.ya?ml\Z", low):
            found.append(_github(facts, path))
        elif re.match(r"(?:\.github/actions/.+/)?action\.ya?ml\Z", low):
            found.append(_composite(facts, path))
        elif low in {".gitlab-ci.yml", ".gitlab-ci.yaml"} or re.match(r"\.gitlab/(?:ci/)?[^/]+\.ya?ml\Z", low):
            found.append(_gitlab(facts, path))
        elif re.match(r"(?:[^/]+/)*(?:cloudbuild[^/]*|\.?cloudbuild/[^/]+)\.(?:ya?ml|json)\Z", low):
            found.append(_plain(facts, path, "cloudbuild"))
        elif re.match(
            r"(?:[^/]+/)*(?:azure-pipelines?[^/]*|\.azure-pipelines/[^/]+|\.azuredevops/[^/]+)\.ya?ml\Z", low
        ):
            found.append(_plain(facts, path, "azure"))
        elif re.match(r"\.circleci/config\.ya?ml\Z", low):
            found.append(_circle(facts, path))
        elif re.match(r"(?:[^/]+/)*jenkinsfile[^/]*\Z", low):
            found.append(_jenkins(facts, path))
        elif low in _OTHERS:
            found.append(_plain(facts, path, _OTHERS[low]))
        elif re.match(r"(?:\.tekton|tekton)/.+\.ya?ml\Z", low):
            found.append(_plain(facts, path, "tekton"))
    return tuple(found)


def _document(facts: Facts, path: str) -> Any:
    documents = facts.yaml(path)
    return documents[0] if documents else None


def _github(facts: Facts, path: str) -> Pipeline:
    document = _document(facts, path)
    steps: list[Step] = []
    jobs = dig(document, "jobs")
    for name, job in jobs.items() if isinstance(jobs, Map) else ():
        if isinstance(job, Map):
            if isinstance(uses := job.get("uses"), str):
                steps.append(Step(place(path, job, "uses"), uses, job=name, node=job))
            steps += _github_steps(path, name, job.get("steps"))
    reusable = all(
        not step.uses or ".github/workflows/" not in step.uses or step.uses.startswith("./") for step in steps
    )
    return Pipeline("github", path, document, tuple(steps), readable=document is not None and reusable)


def _github_steps(path: str, job: str, steps: Any) -> Iterator[Step]:
    for step in maps(steps):
        uses, run = step.get("uses"), step.get("run")
        given = step.get("with")
        inputs = given if isinstance(given, Map) else Map()
        if isinstance(uses, str):
            yield Step(place(path, step, "uses"), uses, job=job, inputs=inputs, node=step)
        elif isinstance(run, str):
            yield Step(place(path, step, "run"), run=run[:LONGEST], job=job, inputs=inputs, node=step)


def _composite(facts: Facts, path: str) -> Pipeline:
    document = _document(facts, path)
    return Pipeline("action", path, document, tuple(_github_steps(path, "", dig(document, "runs", "steps"))))


_GITLAB_WORDS = frozenset(
    {
        "default",
        "include",
        "stages",
        "variables",
        "workflow",
        "spec",
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
        "pages:deploy",
    }
)


def _gitlab(facts: Facts, path: str) -> Pipeline:
    documents = [each for each in facts.yaml(path) if isinstance(each, Map)]
    document = documents[-1] if documents else None
    steps: list[Step] = []
    for name, job in document.items() if document else ():
        if not isinstance(job, Map) or name in _GITLAB_WORDS:
            continue
        for key in ("before_script", "script", "after_script"):
            script = job.get(key)
            if script is not None:
                steps.append(Step(place(path, job, key), run=_script(script)[:LONGEST], job=name, node=job))
    include = dig(document, "include")
    return Pipeline("gitlab", path, document, tuple(steps), readable=document is not None and not include)


def _script(script: object) -> str:
    if isinstance(script, list):
        return "\n".join(_script(line) for line in script[:1000])
    return script if isinstance(script, str) else ""


_COMMAND_KEYS = frozenset(
    {
        "script",
        "bash",
        "pwsh",
        "powershell",
        "run",
        "command",
        "commands",
        "args",
        "entrypoint",
        "build_script",
        "test_script",
        "install",
    }
)
_USES_KEYS = frozenset({"task", "name", "image", "template"})


def _plain(facts: Facts, path: str, system: str) -> Pipeline:
    documents = facts.yaml(path)
    steps: list[Step] = []
    for document in documents:
        for _, value, holder, key in walk(document):
            at = place(path, holder, key)
            if key in _COMMAND_KEYS and isinstance(value, str | list):
                steps.append(
                    Step(at, run=_script(value)[:LONGEST].replace("\n", " " if key == "args" else "\n"), node=holder)
                )
            elif key in _USES_KEYS and isinstance(value, str):
                steps.append(Step(at, uses=value, node=holder))
    return Pipeline(system, path, documents[0] if documents else None, tuple(steps), readable=bool(steps))


def _circle(facts: Facts, path: str) -> Pipeline:
    """A configuration that generates another, or that takes its jobs from orbs, is written elsewhere."""
    pipeline = _plain(facts, path, "circleci")
    elsewhere = bool(dig(pipeline.document, "setup")) or _runs_orbs(pipeline.document)
    return pipeline._replace(readable=pipeline.readable and not elsewhere)


def _runs_orbs(document: Any) -> bool:
    orbs = dig(document, "orbs")
    return isinstance(orbs, Map) and any(
        str(job if isinstance(job, str) else next(iter(job), "") if isinstance(job, Map) else "").partition("/")[0]
        in orbs
        for workflow in table(dig(document, "workflows")).values()
        for job in items(dig(workflow, "jobs"))
    )


_SHELL = lazy_compile(
    r"\b(?:sh|bat|powershell)\s*(?:\(\s*)?(?:script:\s*)?(\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\n]*\"|'[^'\n]*')", re.DOTALL
)


def _jenkins(facts: Facts, path: str) -> Pipeline:
    text = facts.prose(path)
    steps = [
        Step(Place(path, text.count("\n", 0, match.start()) + 1), run=match[1].strip("\"'"))
        for match in _SHELL.finditer(text)
    ]
    return Pipeline("jenkins", path, None, tuple(steps), readable=False)


def workflows(facts: Facts) -> tuple[Pipeline, ...]:
    """Return the GitHub workflows and composite actions."""
    return tuple(each for each in facts.once(pipelines) if each.system in {"github", "action"})
