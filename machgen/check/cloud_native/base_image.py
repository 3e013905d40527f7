"""C002, C003, C010: what an image is built on, and as whom it runs."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.end_of_life import TABLE_DATE, end_of_life
from machgen.check.dockerfile import (
    Dockerfile,
    ImageName,
    Instruction,
    Stage,
    dockerfiles,
    environment,
    fill,
    image_name,
    is_official,
    starts_nothing,
)
from machgen.check.facts import Facts, join
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.roots import root_of

NO_IMAGE = NotApplicable("no container file")


def bases(dockerfile: Dockerfile) -> Iterator[tuple[Place, str]]:
    """Give every image from elsewhere that a container file builds on or copies from, with its place."""
    names = {stage.name.lower() for stage in dockerfile.stages if stage.name}
    for stage in dockerfile.stages:
        if stage.base is None and stage.image.lower() != "scratch":
            yield dockerfile.at(stage.line), stage.image
        for each in stage.instructions:
            for source in _sources(each):
                filled = fill(source, environment(stage, dockerfile.arguments) | dockerfile.arguments)
                if filled.lower() not in names and not filled.isdigit():
                    yield dockerfile.at(each.line), filled


def _sources(each: Instruction) -> list[str]:
    if each.keyword == "COPY" and "from" in each.flags:
        return [each.flags["from"]]
    if each.keyword == "RUN":
        return re.findall(r"(?:\A|,)from=([^,\n]+)", each.flags.get("mount", ""), re.MULTILINE)
    return []


@rule(
    "C002",
    "Base images are pinned by version or digest",
    level=Level.ERROR,
    source="Docker Docs, Building best practices: pin base image versions; CIS Docker Benchmark 4.2; SLSA v1.0",
    mend="Name a version (`python:3.13.1-slim`), better with its digest (`@sha256:...`), and let a bot update it.",
    applies_when="the repository has container files",
)
def bases_pinned(facts: Facts) -> Iterator[Answer]:
    """`latest`, a missing tag and a variant alone (`alpine`, `slim`, `lts`, `nonroot`) name another image tomorrow: the
    build that passed its tests cannot be repeated, and a roll-back builds something new."""
    found = facts.once(dockerfiles)
    if not found:
        yield NO_IMAGE
    built = _own_names(facts)
    for dockerfile in found:
        for at, text in bases(dockerfile):
            if "$" in text:
                yield Unknown(f"{at.path}:{at.line} takes its image {text} from the build's arguments")
                continue
            name = image_name(text)
            if name.digest or name.name in built:
                continue
            if fault := moving(name):
                yield Flaw(f"the image {text} {fault}", at, text)


def moving(name: ImageName) -> str:
    """Say why an image without a digest is not pinned; empty where its tag carries a version."""
    if not name.tag:
        return "has no version: that means `latest`" if not re.search(r"\d", name.short) else ""
    if name.tag == "latest" or name.tag.endswith("-latest"):
        return "moves with every release: `latest` is no version"
    if not re.search(r"\d", name.tag) and not re.search(r"\d{2,}", name.short):
        return f"moves: the tag {name.tag} names a variant and no version"
    return ""


def _own_names(facts: Facts) -> frozenset[str]:
    """Names of images that the repository itself builds: their version is this commit."""
    from machgen.check.compose import compose_services  # noqa: PLC0415 - only a rare base needs it

    built = (each.node.get("image") for each in facts.once(compose_services) if each.context is not None)
    return frozenset(image_name(text).name for text in built if isinstance(text, str))


_ROOT_BASES = frozenset(
    {
        "python", "node", "golang", "alpine", "debian", "ubuntu", "eclipse-temurin", "openjdk", "amazoncorretto",
        "php", "ruby",
        "rust", "nginx", "httpd", "busybox", "maven", "gradle", "scratch", "caddy", "fedora", "centos", "rockylinux",
        "almalinux", "amazonlinux", "oraclelinux", "buildpack-deps", "bun", "deno", "erlang", "elixir", "perl", "swift",
    }
)  # fmt: skip
"""Docker Official Images (and their peers) whose user is root unless a USER says otherwise."""


def inherited_user(image: str) -> str:
    """Return who runs an image that sets no user: `root`, `nonroot`, or empty where it is not known."""
    name = image_name(image)
    if re.search(r"non-?root|unprivileged|rootless|chiseled", f"{name.short}:{name.tag}") or name.name.startswith(
        "cgr.dev/"
    ):
        return "nonroot"
    if name.name.startswith("gcr.io/distroless/"):
        return "root"
    official = is_official(name)
    if name.name.startswith("mcr.microsoft.com/dotnet/") or (official and name.short in _ROOT_BASES):
        return "root"
    return "root" if name.name.startswith("public.ecr.aws/amazonlinux/") else ""


@rule(
    "C003",
    "The container runs as a numeric user that is not root",
    level=Level.ERROR,
    source="Kubernetes, Pod Security Standards (restricted): runAsNonRoot; CIS Docker Benchmark 4.1; NIST SP "
    "800-190 4.1",
    mend="End the final stage with `USER 10001:10001`, and own nothing in the image as that user.",
    applies_when="the repository has container files that are not a database's",
)
def not_root(facts: Facts) -> Iterator[Answer]:
    """A process that is root in its container is root on the node as soon as it escapes, and can change every file of
    its image. Kubernetes can only prove `runAsNonRoot` where the user is a number."""
    judged = [each for each in facts.once(dockerfiles) if is_program(facts, each)]
    if not judged:
        yield NO_IMAGE
    for dockerfile in judged:
        if _manifests_say_who(facts, dockerfile):
            continue
        yield from _user_of(dockerfile)


def is_program(facts: Facts, dockerfile: Dockerfile) -> bool:
    """Whether an image is a program of ours: no database, and nothing that only compiles or carries files."""
    root = root_of(facts, dockerfile.path)
    role = root.role if root else None
    if role is Role.DATA:
        return False
    served = role in {Role.SERVICE, Role.TOUCHPOINT} and dockerfile.final.external != "scratch"
    return served or not starts_nothing(dockerfile)


def _user_of(dockerfile: Dockerfile) -> Iterator[Answer]:
    final = dockerfile.final
    said = final.last("USER")
    if said is None:
        inherited = inherited_user(final.external)
        if inherited == "root":
            at = dockerfile.at(final.line)
            yield Flaw(f"the image runs as root: no USER, and {final.external} has none", at, "no USER")
        elif not inherited:
            yield Unknown(f"{dockerfile.path} sets no USER, and who {final.external} runs as is not known")
        return
    values = environment(final, dockerfile.arguments)
    if "mcr.microsoft.com/dotnet/" in final.external:
        values.setdefault("APP_UID", "1654")  # set by the image itself since .NET 8
    user = fill(said.value.split()[0] if said.value else "", values).partition(":")[0].strip("\"'")
    if "$" in user:
        yield Unknown(f"{dockerfile.path}:{said.line} takes its user from {user}")
    elif user in {"0", "root", ""}:
        yield Flaw("the image runs as root", dockerfile.at(said.line), "USER root")
    elif not user.isdigit():
        message = f"the image runs as {user}, a name: Kubernetes can only prove a number to be not root"
        yield Flaw(message, dockerfile.at(said.line), "USER name", level=Level.WARNING)


def _manifests_say_who(facts: Facts, dockerfile: Dockerfile) -> bool:
    """Whether every workload that runs the image sets a numeric user that is not root."""
    from machgen.check.image_use import containers_of  # noqa: PLC0415 - reads the manifests

    used = containers_of(facts, dockerfile)
    if not used:
        return _chart_says_who(facts, dockerfile)
    return all(
        _runs_as(container.get("securityContext"), workload.pod.get("securityContext")) for workload, container in used
    )


_USER = lazy_compile(r"^\s*runAsUser:\s*[1-9]\d*\s*(?:#.*)?$", re.MULTILINE)


def _chart_says_who(facts: Facts, dockerfile: Dockerfile) -> bool:
    """Whether the image's Helm chart, which is not rendered, sets a numeric user by default or in a template."""
    from machgen.check.helm import charts  # noqa: PLC0415 - see above
    from machgen.check.image_use import image_names  # noqa: PLC0415 - see above

    root = root_of(facts, dockerfile.path)
    names = {name.rpartition("/")[2].lower() for name in image_names(facts, dockerfile)}
    for chart in facts.once(charts):
        if (root is None or not root.path or not root.holds(chart)) and chart.rpartition("/")[2].lower() not in names:
            continue
        said = (path for path in facts.below(chart) if path == join(chart, "values.yaml") or "/templates/" in path)
        if any(_USER.search(facts.prose(path)) for path in said):
            return True
    return False


def _runs_as(*contexts: object) -> bool:
    for context in contexts:
        user = context.get("runAsUser") if isinstance(context, dict) else None
        if user is not None:
            return isinstance(user, int) and user > 0
    return False


@rule(
    "C010",
    "No base image or runtime past its end of life",
    level=Level.WARNING,
    source=f"endoflife.date and the projects' own release pages, as of {TABLE_DATE}",
    mend="Move to a release that still gets security fixes.",
    applies_when="the repository has container files whose base images carry a version",
)
def supported_bases(facts: Facts) -> Iterator[Answer]:
    """A runtime past its end of life gets no security fixes: each new vulnerability in it stays open. The table of
    dates is part of this rule, so that the same repository always gets the same answer from the same version of it."""
    found = facts.once(dockerfiles)
    if not found:
        yield NO_IMAGE
    for dockerfile in found:
        for at, text in bases(dockerfile):
            name = image_name(text)
            for product, release, date in end_of_life(name):
                yield Flaw(
                    f"{text}: {product} {release} has been without security fixes since {date}", at, f"{text}/{product}"
                )


def final_stages(facts: Facts) -> Iterator[tuple[Dockerfile, Stage]]:
    """Give each container file with the stage that becomes its image."""
    for dockerfile in facts.once(dockerfiles):
        yield dockerfile, dockerfile.final


RULES = rules_in(vars())
