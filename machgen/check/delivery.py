"""M007-M010: how a service is versioned, tested, locked and named."""

import re
from collections.abc import Iterator

from machgen.check.compose import compose_services
from machgen.check.dependencies import manifests
from machgen.check.dockerfile import image_name
from machgen.check.document import Map, dig, items, maps
from machgen.check.facts import Facts, join, parent, place
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest import Manifest
from machgen.check.microservices import anchor
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.pipelines import Pipeline, pipelines
from machgen.check.roots import Root, root_of

_LOG = lazy_compile(
    r"(?:changelog(?:[-_.]v?\d[\w.]*?)?|changes|history|news|releases?|release[-_]notes)(?:\.(?:md|rst|txt|"
    r"adoc))?\Z",
    re.IGNORECASE,
)
_RELEASING = lazy_compile(
    r"semantic-release|release-please|action-gh-release|gh release create|release-drafter|goreleaser|changesets/action|"
    r"git-cliff|ncipollo/release-action|release-cli|standard-version|commitizen|jreleaser|nbgv|gitversion",
    re.IGNORECASE,
)


@rule(
    "M007",
    "A version and release notes of its own",
    level=Level.NOTE,
    source="Semantic Versioning 2.0.0; Keep a Changelog 1.1.0; Newman, Building Microservices ch. 7",
    mend="Keep a version in the manifest and a CHANGELOG.md beside it, or let the release pipeline write both.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def versioned(facts: Facts, root: Root) -> Iterator[Answer]:
    """Who consumes a service, and who looks for the cause of an incident, has to know what runs and what changed. One
    version for everything says neither."""
    runs = "\n".join(each.commands for each in facts.once(pipelines))
    releasing = bool(_RELEASING.search(runs)) or any(
        path in facts.known for path in ("cliff.toml", ".changeset/config.json", ".releaserc")
    )
    homes = {root.path, f"{root.path}/docs".strip("/")}
    if not releasing and not homes & facts.once(_log_homes):
        yield Flaw(f"{root.name} has no changelog, and no pipeline writes release notes", anchor(root), "changelog")
    counted = [each for each in root.manifests if each.ecosystem not in {"go", "php"} and _keeps_version(each)]
    if counted and not releasing and not any(each.version or _dynamic(facts, each) for each in counted):
        yield Flaw(f"{counted[0].path} says no version", Place(counted[0].path), "version")


def _log_homes(facts: Facts) -> frozenset[str]:
    """The directories that hold a changelog or release notes."""
    return frozenset(parent(path) for path in facts.paths if _LOG.match(path.rpartition("/")[2]))


def _keeps_version(manifest: Manifest) -> bool:
    return manifest.path.rpartition("/")[2].lower() in {
        "pyproject.toml",
        "package.json",
        "pom.xml",
        "build.gradle",
        "cargo.toml",
        "build.gradle.kts",
    }


def _dynamic(facts: Facts, manifest: Manifest) -> bool:
    if manifest.ecosystem == "python":
        return "version" in items(dig(facts.toml(manifest.path), "project", "dynamic"))
    if manifest.ecosystem == "java":
        text = facts.prose(manifest.path)
        above = f"{parent(parent(manifest.path))}/gradle.properties".lstrip("/")
        return "<parent>" in text or "version" in (facts.prose(above)) or "gradle" in manifest.path
    return manifest.ecosystem == "rust" and "version.workspace" in (facts.prose(manifest.path))


_TESTS = lazy_compile(
    r"(?:\A|/)(?:test_[^/]+\.py|[^/]+_test\.(?:py|go)|[^/]+[.-](?:test|spec)\.[cm]?[jt]sx?|[^/]+(?:Tests?|IT|"
    r"Spec)\.(?:java|kt|groovy|scala|cs|php)|"
    r"[^/]+_spec\.rb)\Z|(?:\A|/)(?:__tests__|tests?)/.+\.(?:py|rs|[cm]?[jt]sx?|php|java|kt)\Z"
)
_END_TO_END = lazy_compile(r"(?:\A|/)(?:e2e|end[-_]to[-_]end|cypress|playwright|smoke|load)(?:[-_]?tests?)?/")
RUN_TESTS: dict[str, str] = {
    "python": r"\bpytest\b|\btox\b|\bnox\b|\bunittest\b|manage\.py test|\bhatch (?:run )?test",
    "node": r"\b(?:npm|yarn|pnpm|bun)(?: [^\s&|;]{1,80}){0,6}? (?:test|t\b|ci:test|coverage)|\bjest\b|\bvitest\b|"
    r"\bmocha\b|\bnx (?:affected|run-many).*test|\bturbo (?:run )?test",
    "java": r"\b(?:mvnw?|mvn)\b(?!.*-D(?:skipTests|maven\.test\.skip)(?!=false)).*\b(?:test|verify|package|install)\b|"
    r"\bgradlew?\b(?!.*(?:-x|--exclude-task)[ =]test\b).*\b(?:test|build|check)\b|"
    r"gradle-build-action|setup-gradle",
    "dotnet": r"\bdotnet test\b|VSTest@|DotNetCoreCLI@",
    "go": r"\bgo test\b|\bgotestsum\b|\bginkgo\b",
    "rust": r"\bcargo (?:test|nextest|llvm-cov|tarpaulin)\b",
    "php": r"\bphpunit\b|artisan test|\bpest\b|composer (?:run )?test",
}
_ANY = (
    r"\b(?:make|just|task|bazel|earthly|nx|turbo|invoke|inv|mage|rake)\b[^\n]*\b(?:tests?|check|unit|verify|ci)\b|"
    r"\bskaffold test\b|\bscripts?/(?!(?:smoke|e2e|load))[\w-]*test[\w.-]*|(?<!smoke-)(?<!e2e-)(?<!load-)test\.sh"
)


@rule(
    "M008",
    "It has tests, and CI runs them",
    level=Level.WARNING,
    source="Fowler, Continuous Integration (2006): make your build self-testing; DORA, Test automation",
    mend="Add tests beside the service's code and run them in the pipeline of every change.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def tested(facts: Facts, root: Root) -> Iterator[Answer]:
    """A service that cannot be tested alone cannot be released alone. Tests that no pipeline runs are right on the day
    they are written."""
    if not _has_tests(facts, root):
        yield Flaw(f"{root.name} has no tests", anchor(root), "tests")
        return
    found = [each for each in facts.once(pipelines) if each.system != "action"]
    if not found:
        yield Flaw(f"{root.name} has tests, and no pipeline runs them: there is none", anchor(root), "pipeline")
        return
    text = "\n".join(each.commands for each in facts.once(pipelines))
    text += "".join(f"\n{facts.prose(path)}" for path in dict.fromkeys(map(_cleaned, _SCRIPT.findall(text))))
    patterns = [RUN_TESTS[each.ecosystem] for each in root.manifests if each.ecosystem in RUN_TESTS]
    if any(re.search(pattern, text) for pattern in [*patterns, _ANY]) or _image_tests(facts, root, patterns, text):
        return
    if all(each.readable for each in found):
        yield Flaw(f"no pipeline runs the tests of {root.name}", Place(found[0].path), f"{root.path}/run")
    else:
        yield Unknown(f"whether a pipeline runs the tests of {root.name} is written elsewhere")


_SCRIPT = lazy_compile(r"(?<![\w./-])[\w./-]{1,200}\.(?:sh|bash|ps1)\b")
"""A script that a pipeline starts; where it stands in the repository, what it runs is the pipeline's too."""


def _cleaned(path: str) -> str:
    return path.removeprefix("./")


def _has_tests(facts: Facts, root: Root) -> bool:
    if any(_TESTS.search(path) and not _END_TO_END.search(path) for path in facts.below(root.path)):
        return True
    if any("#[cfg(test)]" in (facts.prose(path)) for path in facts.below(root.path) if path.endswith(".rs")):
        return True
    name = root.path.rpartition("/")[2]
    # .NET and Gradle keep a project's tests beside it: Catalog.API and Catalog.UnitTests
    stems = {name, name.partition(".")[0], *(each.name for each in root.manifests if each.ecosystem == "dotnet")} - {""}
    return any(
        f"{stem}." in path.rpartition("/")[2] or f"{stem}.csproj" in facts.prose(path)
        for path in facts.once(_test_projects)
        for stem in stems
    )


def _test_projects(facts: Facts) -> tuple[str, ...]:
    return tuple(path for path in facts.paths if path.endswith((".csproj", ".fsproj")) and "test" in path.lower())


def _image_tests(facts: Facts, root: Root, patterns: list[str], commands: str) -> bool:
    """Whether a stage of the image runs the tests and a pipeline builds the image."""
    stages = "\n".join(facts.prose(each.path) for each in root.dockerfiles)
    return any(re.search(pattern, stages) for pattern in patterns) and bool(
        re.search(
            r"docker|buildx|"
            r"build-push-action",
            commands,
        )
    )


_LOCKS: dict[str, tuple[str, ...]] = {
    "python": ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml"),
    "node": ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"),
    "dotnet": ("packages.lock.json",),
    "go": ("go.sum",),
    "rust": ("Cargo.lock",),
    "php": ("composer.lock",),
}
_FLOATING = lazy_compile(r"\A(?:LATEST|RELEASE|latest\.\w+)\Z|\+\Z|\A[\[(]|-SNAPSHOT\Z")


@rule(
    "M009",
    "Dependencies are locked",
    level=Level.WARNING,
    source="OpenSSF Scorecard, Pinned-Dependencies; SLSA v1.0; PEP 751; pip documentation, Repeatable Installs",
    mend="Commit the ecosystem's lock file, with hashes, and install from it.",
    applies_when="a service, touchpoint or tool with dependencies",
    roles=(Role.SERVICE, Role.TOUCHPOINT, Role.TOOL),
)
def locked(facts: Facts, root: Root) -> Iterator[Answer]:
    """Without a lock, what is tested today is not what is built tomorrow, and nobody decided that. Hashes make sure
    that a version stays what it was."""
    judged = [each for each in root.manifests if each.dependencies and not each.workspace]
    if not judged:
        yield NotApplicable("no dependencies are declared")
    seen: set[str] = set()
    for manifest in judged:
        if manifest.ecosystem == "java":
            yield from _pinned(facts, manifest)
        elif manifest.ecosystem not in seen:
            seen.add(manifest.ecosystem)
            lock = _lock(facts, root, _LOCKS[manifest.ecosystem])
            if not lock:
                yield from _unlocked(facts, root, manifest)
            elif _locks_nothing(facts, lock, manifest):
                yield Flaw(f"{lock} locks nothing of what {manifest.path} asks for", Place(lock), "empty")


def _lock(facts: Facts, root: Root, names: tuple[str, ...]) -> str:
    """The nearest lock file, in the root's directory or above it; empty where there is none."""
    where = root.path
    while True:
        for name in names:
            if (path := f"{where}/{name}".lstrip("/")) in facts.known:
                return path
        if not where:
            return ""
        where = parent(where)


def _locks_nothing(facts: Facts, lock: str, manifest: Manifest) -> bool:
    """Whether a lock file that can be read names not one of a manifest's dependencies: made and never filled."""
    asked = {each.name for each in manifest.dependencies if each.local is None}
    text = None if lock.endswith(".lockb") else facts.text(lock)
    if not asked or text is None or lock in facts.unreadable:
        return False
    said = _SEPARATORS.sub("-", text.lower())
    return not any(_SEPARATORS.sub("-", name.lower()) in said for name in asked)


_SEPARATORS = lazy_compile(r"[-_.]+")


def _pinned(facts: Facts, manifest: Manifest) -> Iterator[Flaw]:
    own = {each.name for each in facts.once(manifests) if each.ecosystem == "java"}
    for each in manifest.dependencies:
        if each.name.partition(":")[2] in own:
            continue  # it is built from the same commit
        if each.constraint and _FLOATING.search(each.constraint) and not each.constraint.startswith("${"):
            yield Flaw(f"{each.name} is asked for as {each.constraint}, which moves", each.at, each.name)


_REQUIREMENTS = lazy_compile(
    r"(?:\A|/)(?:requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt|constraints[\w.-]*\.txt)\Z"
)


def _unlocked(facts: Facts, root: Root, manifest: Manifest) -> Iterator[Flaw]:
    if manifest.ecosystem == "dotnet":
        central = "Directory.Packages.props" in facts.known or all(
            each.constraint for each in manifest.dependencies if each.local is None
        )
        level = Level.NOTE if central else None
        yield Flaw(
            f"{manifest.path} has no packages.lock.json: what its packages need is chosen anew",
            Place(manifest.path),
            "lock",
            level=level,
        )
        return
    if manifest.ecosystem != "python":
        yield Flaw(f"{manifest.path} has no lock file", Place(manifest.path), "lock")
        return
    files = [
        path
        for path in facts.below(root.path)
        if _REQUIREMENTS.search(path) and not re.search(r"dev|test|lint|docs", path.rpartition("/")[2])
    ]
    if not files:
        yield Flaw(f"{manifest.path} has no lock file", Place(manifest.path), "lock")
    for path in files:
        lines = [line for line in facts.lines(path) if re.match(r"[A-Za-z0-9]", line)]
        loose = next(
            (
                number
                for number, line in enumerate(facts.lines(path), 1)
                if re.match(r"[A-Za-z0-9]", line) and "==" not in line and " @ " not in line
            ),
            None,
        )
        if loose is not None:
            name = re.match(r"[\w.-]+", facts.lines(path)[loose - 1])
            yield Flaw(f"{path} does not pin {name[0] if name else 'everything'}", Place(path, loose), f"{path}/loose")
        elif lines and "--hash=" not in (facts.prose(path)):
            yield Flaw(f"{path} pins versions without hashes", Place(path), f"{path}/hashes", level=Level.NOTE)


@rule(
    "M010",
    "Image names and tags are its own",
    level=Level.ERROR,
    source="OCI Distribution Specification 1.1: pushing a manifest by tag replaces it",
    mend="Give each image a name of its own.",
    applies_when="more than one image is built here",
)
def images_own(facts: Facts) -> Iterator[Answer]:
    """Whoever pushes last wins: two builds under one name and tag replace each other, and what runs depends on which
    pipeline was slower."""
    found = [*_in_compose(facts), *_in_skaffold(facts), *_in_builds(facts)]
    if len({source for _, source, _ in found}) < 2:
        yield NotApplicable("at most one image is named here")
    first: dict[str, str] = {}
    for name, source, at in found:
        if first.setdefault(name, source) != source:
            yield Flaw(f"{first[name]} and {source} are both built as {name}", at, name)


def _in_compose(facts: Facts) -> Iterator[tuple[str, str, Place]]:
    for each in facts.once(compose_services):
        image = each.node.get("image")
        if isinstance(image, str) and each.dockerfile and "$" not in image:
            target = dig(each.node, "build", "target")
            yield _tagged(image), each.dockerfile + (f" ({target})" if target else ""), each.at("image")


def _in_skaffold(facts: Facts) -> Iterator[tuple[str, str, Place]]:
    for path in facts.named("skaffold.yaml"):
        for document in facts.yaml(path):
            for artifact in maps(dig(document, "build", "artifacts")):
                context = join(parent(path), str(artifact.get("context", ".")))
                file = join(context or "", str(dig(artifact, "docker", "dockerfile") or "Dockerfile"))
                if isinstance(artifact.get("image"), str) and file in facts.known and file is not None:
                    yield _tagged(artifact["image"]), file, place(path, artifact, "image")


def _in_builds(facts: Facts) -> Iterator[tuple[str, str, Place]]:
    """Images that Maven and Gradle plugins name, and that `docker/build-push-action` pushes."""
    for manifest in facts.once(manifests):
        text = facts.prose(manifest.path) if manifest.ecosystem == "java" else ""
        match = re.search(r"jib-maven-plugin.{0,2000}?<to>\s{0,99}<image>([^<$]+)</image>", text, re.DOTALL)
        if match and (root := root_of(facts, manifest.path)):
            yield _tagged(match[1].strip()), root.name, Place(manifest.path, text.count("\n", 0, match.start(1)) + 1)
    for pipeline in facts.once(pipelines):
        yield from _pushed(pipeline)


def _pushed(pipeline: Pipeline) -> Iterator[tuple[str, str, Place]]:
    for step in pipeline.steps:
        tags = step.inputs.get("tags")
        if "build-push-action" not in step.uses or not isinstance(tags, str) or not isinstance(step.inputs, Map):
            continue
        source = f"{step.inputs.get('context', '.')}/{step.inputs.get('file', 'Dockerfile')}"
        if "$" in source or str(step.inputs.get("push")).lower() == "false":
            continue
        # an expression may hold blanks: with its dollar it stays one word, and is not judged
        for tag in re.split(r"[\s,]+", re.sub(r"\$\{\{.{0,300}?\}\}", "$", tags).strip()):
            if tag and "$" not in tag:
                yield _tagged(tag), source.removeprefix("./"), step.at


def _tagged(text: str) -> str:
    name = image_name(text)
    return f"{name.name}:{name.tag or 'latest'}"


RULES = rules_in(vars())
