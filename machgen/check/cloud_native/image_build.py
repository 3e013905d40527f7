"""C001, C005, C006, C007: what goes into an image, and what stays out."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.base_image import NO_IMAGE, final_stages, is_program
from machgen.check.cloud_native.secrets import is_secret_name, is_secret_value
from machgen.check.compose import compose_services
from machgen.check.dependencies import manifests, manifests_of
from machgen.check.dockerfile import (
    Dockerfile,
    Instruction,
    Stage,
    copies,
    dockerfiles,
    image_name,
    pairs,
)
from machgen.check.facts import Facts, join, parent
from machgen.check.ignoring import ignores
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.pipelines import pipelines
from machgen.check.roots import ASIDE, Root, root_of


@rule(
    "C001",
    "A container description is present",
    level=Level.WARNING,
    source="CNCF, Cloud Native Definition v1.1; The Twelve-Factor App, V (build, release, run); OCI Image "
    "Specification",
    mend="Add a Dockerfile, or have Jib, buildpacks or the .NET SDK build the image.",
    applies_when="a service or touchpoint",
    roles=(Role.SERVICE, Role.TOUCHPOINT),
)
def container_described(facts: Facts, root: Root) -> Iterator[Answer]:
    """An image is the one form in which every platform takes a service. What builds it belongs beside the code, so that
    the image of each commit can be built again."""
    if root.dockerfiles or _built_otherwise(facts, root):
        return
    if any(manifest.needs(*_NO_CONTAINER) for manifest in root.manifests):
        yield NotApplicable("runs on its user's device")
        return
    if any(manifest.ecosystem == "dotnet" for manifest in root.manifests) and (host := _aspire(facts)):
        yield Unknown(f"{host} may have the .NET SDK build it")
        return
    serverless = next(
        (
            path
            for path in facts.below(root.path)
            if re.search(r"(?:\A|/)(?:serverless\.ya?ml|template\.ya?ml|host\.json)\Z", path)
        ),
        None,
    )
    if serverless:
        yield NotApplicable(f"{serverless} deploys it without a container")
        return
    if any(
        each.context is not None and root.holds(f"{each.context}/".lstrip("/")) for each in facts.once(compose_services)
    ):
        return
    if _copied_by_another(facts, root):
        return
    shared = [
        each
        for each in facts.once(dockerfiles)
        if (inner := root_of(facts, each.path)) is None or not inner.path or ASIDE & set(each.path.split("/")[:-1])
    ]
    if shared and root.path:
        yield Unknown(f"{shared[0].path} may build it")
        return
    anchor = root.manifests[0].path if root.manifests else next(iter(facts.below(root.path)), root.path)
    yield Flaw(f"nothing describes how {root.name} becomes an image", Place(anchor), root.path)


_NO_CONTAINER = ("microsoft.maui.controls", "react-native", "expo", "electron", "@capacitor/core", "@ionic/react")
"""What makes an application for a telephone or a desk."""


def _aspire(facts: Facts) -> str:
    """The Aspire host of the repository, which can publish every project as an image."""
    hosts = (each.path for each in facts.once(manifests) if each.ecosystem == "dotnet" and "AppHost" in each.path)
    return next(hosts, "")


_SDK = lazy_compile(
    r"<(?:EnableSdkContainerSupport|ContainerRepository|ContainerImageName|ContainerBaseImage)>|DefaultContainer"
)


def _built_otherwise(facts: Facts, root: Root) -> bool:
    for manifest in root.manifests:
        text = facts.prose(manifest.path)
        if manifest.needs(
            "plugin:jib-maven-plugin", "plugin:com.google.cloud.tools.jib", "plugin:spring-boot-maven-plugin"
        ) and ("jib" in text or "build-image" in text):
            return True
        if manifest.ecosystem == "dotnet" and _SDK.search(text):
            return True
        if manifest.needs("io.quarkus:quarkus-container-image-*"):
            return True
    if any(join(root.path, name) in facts.known for name in ("project.toml", "Procfile", ".ko.yaml", "nixpacks.toml")):
        return True
    commands = "\n".join(each.commands for each in facts.once(pipelines))
    return bool(
        re.search(
            r"\bpack build\b|bootBuildImage|spring-boot:build-image|PublishContainer|\bko (?:build|publish|resolve)\b",
            commands,
        )
    )


_SDK_IMAGES = {"golang": "the Go toolchain", "maven": "Maven", "gradle": "Gradle", "rust": "the Rust toolchain"}
_COMPILERS = lazy_compile(
    r"(?<![\w./-])(gcc|g\+\+|build-essential|make|cmake|clang|default-jdk|openjdk-\d+-jdk|maven|build-base|"
    r"[a-z0-9.]+-dev(?=\s|$)|cargo|rustc|golang)(?![\w./-])"
)
_INSTALL = lazy_compile(r"(?:apt-get|apt|apk|microdnf|dnf|yum)\s+(?:-\S+\s+)*(?:install|add)\b([^&|;\n]*)")
_REMOVED = lazy_compile(
    r"(?:apk\s+del|apt-get\s+(?:-\S+\s+)*(?:purge|remove|autoremove)|(?:dnf|yum|microdnf)\s+(?:-\S+\s+)*remove)"
)


def _copied_by_another(facts: Facts, root: Root) -> bool:
    """Whether the image of another root builds this one too and carries what came of it."""
    if not root.path:
        return False
    for dockerfile in facts.once(dockerfiles):
        above = {parent(dockerfile.path), ""}
        for stage in dockerfile.stages:
            for each, sources, _ in copies(stage):
                taken = {join(base, source.lstrip("/")) for base in above for source in sources}
                if "from" not in each.flags and root.path in taken:
                    return True
    return False


@rule(
    "C005",
    "Build tools stay out of the final stage",
    level=Level.WARNING,
    source="Docker Docs, Building best practices: multi-stage builds; NIST SP 800-190 4.1.3; CIS Docker Benchmark 4.3",
    mend="Build in a first stage and `COPY --from` it only what runs into a stage on a runtime image.",
    applies_when="the repository has container files that are not a database's",
)
def no_build_tools(facts: Facts) -> Iterator[Answer]:
    """Compilers, package managers' caches and development dependencies make an image large and give an intruder tools;
    nothing that runs needs them."""
    judged = [(each, stage) for each, stage in final_stages(facts) if is_program(facts, each)]
    if not judged:
        yield NO_IMAGE
    for dockerfile, final in judged:
        builds = any(_BUILDS.search(each.value) for each in final.all("RUN"))
        if _is(facts, dockerfile, Role.TOOL) and image_name(final.external).short in _SDK_IMAGES and not builds:
            continue
        yield from _heavy_base(dockerfile, final)
        for each in final.all("RUN"):
            yield from _compilers(dockerfile, each)
            yield from _development_dependencies(facts, dockerfile, final, each)


def _is(facts: Facts, dockerfile: Dockerfile, role: Role) -> bool:
    root = root_of(facts, dockerfile.path)
    return root is not None and root.role is role


_BUILDS = lazy_compile(r"\bgo (?:build|install)\b|\bcargo (?:build|install)\b|\bmvnw?\b|\bgradlew?\b")
_PLAIN = lazy_compile(r"\d+(?:\.\d+)*(?:-(?:trixie|bookworm|bullseye|buster))?")
_WHOLE = frozenset({"python", "node", "ruby", "perl"})
"""Official images whose plain tags stand on buildpack-deps, with its compilers; `slim` and `alpine` do not."""


def _heavy_base(dockerfile: Dockerfile, final: Stage) -> Iterator[Flaw]:
    name = image_name(final.external)
    if name.name.removeprefix("docker.io/").removeprefix("library/") in _WHOLE and _PLAIN.fullmatch(name.tag):
        message = f"the final stage is {final.external}, which carries compilers; its slim variant does not"
        yield Flaw(message, dockerfile.at(final.lineage()[-1].line), "base", level=Level.NOTE)
        return
    tool = _SDK_IMAGES.get(name.short, "") if "/" not in name.name else ""
    if name.name == "mcr.microsoft.com/dotnet/sdk":
        tool = "the .NET SDK"
    elif name.short in {"eclipse-temurin", "amazoncorretto", "openjdk"} and not re.search(r"jre|headless", name.tag):
        tool = "a JDK" if "jdk" in name.tag or name.short == "eclipse-temurin" else ""
    if tool:
        base = final.lineage()[-1]
        yield Flaw(f"the final stage is {final.external} and so carries {tool}", dockerfile.at(base.line), "base")


def _compilers(dockerfile: Dockerfile, each: Instruction) -> Iterator[Flaw]:
    if _REMOVED.search(each.value):
        return
    for install in _INSTALL.finditer(each.value):
        tools = sorted(set(_COMPILERS.findall(install[1])))
        if tools:
            yield Flaw(f"the final stage installs {', '.join(tools)}", dockerfile.at(each.line), ",".join(tools))


_NODE_INSTALL = lazy_compile(r"\b(npm (?:ci|install|i)|yarn(?: install)?|pnpm (?:install|i))(?=\s|$)([^&|;\n]*)")


def _development_dependencies(facts: Facts, dockerfile: Dockerfile, final: Stage, each: Instruction) -> Iterator[Flaw]:
    root = root_of(facts, dockerfile.path)
    around = manifests_of(facts, root.path) if root else ()
    if not any(
        not dependency.runtime
        for manifest in around
        if manifest.ecosystem == "node"
        for dependency in manifest.dependencies
    ):
        return
    environment = "\n".join(set_.value for set_ in final.all("ENV", "ARG"))
    for install in _NODE_INSTALL.finditer(each.value):
        rest = install[2]
        bare = (
            install[1] in {"npm install", "npm i", "pnpm i"} and re.search(r"(?:^|\s)(?!-)[\w@./]+", rest) is not None
        )
        lean = re.search(r"--omit[= ]dev|--production|--prod\b|--only[= ]prod|-g\b|--global|--immutable", rest)
        production = re.search(r"NODE_ENV[= ]\"?production", environment + each.value)
        pruned = re.search(
            r"npm prune|--production|workspaces focus", "\n".join(later.value for later in final.all("RUN"))
        )
        if not (bare or lean or production or pruned):
            yield Flaw(
                f"`{install[1]}` puts development dependencies into the final stage",
                dockerfile.at(each.line),
                install[1],
            )


@rule(
    "C006",
    "An ignore file keeps secrets and history out of the build",
    level=Level.WARNING,
    source="Docker Docs, Build context: .dockerignore files; CIS Docker Benchmark 4.10",
    mend="Add a .dockerignore beside the context's root that leaves out `.git`, `.env*` and everything the image "
    "does not need.",
    applies_when="a container file copies its whole build context",
)
def context_ignored(facts: Facts) -> Iterator[Answer]:
    """`COPY . .` takes whatever lies in the working copy: the git history with every secret ever committed, the
    developer's `.env`, keys. Layers keep them even where a later instruction deletes them."""
    judged = False
    for dockerfile in facts.once(dockerfiles):
        whole = [
            each
            for stage in dockerfile.stages
            for each, sources, _ in copies(stage)
            if "from" not in each.flags and any(source in {".", "./", "*", "./*"} for source in sources)
        ]
        if whole:
            judged = True
            yield from _ignored(facts, dockerfile, whole[0])
    if not judged:
        yield NotApplicable("no container file copies its whole context")


def _ignored(facts: Facts, dockerfile: Dockerfile, each: Instruction) -> Iterator[Answer]:
    built = {service.context for service in facts.once(compose_services) if service.dockerfile == dockerfile.path}
    contexts = [context for context in built if context is not None] or [parent(dockerfile.path)]
    at = dockerfile.at(each.line)
    for context in sorted(contexts):
        candidates = (
            f"{dockerfile.path}.dockerignore",
            f"{context}/.dockerignore".lstrip("/"),
            f"{context}/.containerignore".lstrip("/"),
        )
        file = next((path for path in candidates if path in facts.known), None)
        if file is None:
            above = f"{parent(context)}/.dockerignore".lstrip("/")
            if not built and (above in facts.known or ".dockerignore" in facts.known):
                yield Unknown(f"{dockerfile.path} does not say from which directory it is built")
                continue
            yield Flaw(
                f"`{each.keyword} {each.value}` takes the whole context, and no .dockerignore keeps anything out",
                at,
                "none",
            )
            continue
        patterns = [line.strip() for line in facts.lines(file) if line.strip() and not line.startswith("#")]
        if not context and not ignores(patterns, ".git"):
            yield Flaw(f"{file} lets .git, the whole history, into the build", Place(file), ".git")
        if _uses_env_files(facts, context) and not ignores(patterns, ".env"):
            yield Flaw(f"{file} lets .env, where this repository keeps settings, into the build", Place(file), ".env")


def _uses_env_files(facts: Facts, context: str) -> bool:
    prefix = f"{context}/" if context else ""
    if any(f"{prefix}.env{suffix}" in facts.known for suffix in ("", ".example", ".sample", ".template", ".dist")):
        return True
    return any(
        re.fullmatch(r"/?(?:\*\*/)?\.env\*?", line.strip()) is not None
        for path in {f"{prefix}.gitignore", ".gitignore"} & facts.known
        for line in facts.lines(path)
    ) and any(manifest.needs("dotenv", "python-dotenv") for manifest in manifests_of(facts, context))


_SECRET_FILE = lazy_compile(
    r"(?:\A|/)(?:\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|[\w.-]+\.(?:p12|"
    r"pfx|jks|keystore)|"
    r"[\w.-]*private[\w.-]*\.(?:pem|key)|\.netrc|\.pgpass|\.git-credentials|kubeconfig|\.aws/?|\.ssh/?|"
    r"\.docker/config\.json|"
    r"service-?account[\w.-]*\.json|credentials(?:\.json)?)\Z"
)
_INLINE = lazy_compile(
    r"://[^/\s:@$]+:([^/\s@${]+)@|--password[= ]([^\s$\"'-][^\s$]*)|Authorization: (?:Bearer|Basic) "
    r"([A-Za-z0-9+/=._-]{12,})"
)


@rule(
    "C007",
    "No secret in an image",
    level=Level.ERROR,
    source="Docker Docs, Build secrets and the check SecretsUsedInArgOrEnv; CIS Docker Benchmark 4.10; OWASP "
    "Docker Security",
    mend="Give it at run time from the environment, or at build time with `RUN --mount=type=secret`; then rotate it.",
    applies_when="the repository has container files",
)
def no_secret_in_image(facts: Facts) -> Iterator[Answer]:
    """Everything in ENV, ARG and every layer can be read by whoever can pull the image, also what a later layer
    deletes: `docker history` shows it."""
    if not facts.once(dockerfiles):
        yield NO_IMAGE
    for dockerfile in facts.once(dockerfiles):
        for stage in dockerfile.stages:
            for each in stage.instructions:
                yield from _secrets_in(dockerfile, each)


def _secrets_in(dockerfile: Dockerfile, each: Instruction) -> Iterator[Flaw]:
    at = dockerfile.at(each.line)
    if each.keyword in {"ENV", "ARG"}:
        for name, value in pairs(each):
            if is_secret_name(name) and (is_secret_value(value) if value is not None else each.keyword == "ARG"):
                said = (
                    "a value that everyone who pulls the image can read"
                    if value
                    else "a build argument, which stays in the image's history"
                )
                yield Flaw(f"{each.keyword} {name} is {said}", at, f"{each.keyword} {name}")
    elif each.keyword in {"COPY", "ADD"} and "from" not in each.flags:
        for source in each.words[:-1]:
            if _SECRET_FILE.search(source):
                yield Flaw(f"{each.keyword} takes {source} into a layer", at, source)
    elif each.keyword == "RUN":
        match = _INLINE.search(each.value)
        if match and is_secret_value(next(group for group in match.groups() if group)):
            yield Flaw("RUN holds a credential, and the layer's history keeps it", at, "RUN")


RULES = rules_in(vars())
