"""C004, C008: how a container starts, and how a platform sees that it works."""

import json
import re
from collections.abc import Iterator

from machgen.check.cloud_native.base_image import NO_IMAGE, final_stages
from machgen.check.cloud_native.front_shell import fronted
from machgen.check.cloud_native.manifests import container_keys
from machgen.check.dockerfile import Dockerfile, Instruction, Stage, image_name
from machgen.check.document import dig, table
from machgen.check.facts import Facts, place
from machgen.check.image_use import compose_services_of, containers_of
from machgen.check.kubernetes import probes
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Edit, Flaw, Level, NotApplicable, Role, Unknown, rule, rules_in
from machgen.check.roots import Root, root_of

_DEVELOPMENT = (
    (r"--reload\b(?!=false)", "reloads on every change (--reload)"),
    (r"\bnest start\b[^&|;]*--(?:watch|debug)\b|\A(?:/go/bin/)?air(?= -c|\Z)", "watches its sources"),
    (r"\bnodemon\b|\bts-node-dev\b|\bnode --watch\b|\btsx watch\b", "watches its sources"),
    (r"\b(?:npm|yarn|pnpm|bun)(?: run)? (?:dev|start:dev|serve:dev|develop)\b", "runs the development script"),
    (r"\bflask\b[^&|;]*\brun\b", "is Flask's development server"),
    (r"\bmanage\.py runserver\b", "is Django's development server"),
    (r"\bfastapi dev\b", "is FastAPI's development server"),
    (r"\bng serve\b|\bvite(?: dev| serve)?(?=\s|$)(?! build)|\bnext dev\b|\bwebpack(?:-dev-server| serve)\b|"
        r"\breact-scripts start\b", "is a development server"),
    (r"\bdotnet watch\b|\bdotnet run\b|\bgo run\b|\bphp artisan serve\b|\bphp -S\b|\bcargo (?:run|watch)\b|"
        r"\bmvnw? spring-boot:run\b|\bgradlew? bootRun\b", "builds or watches sources at start"),
)  # fmt: skip


@rule(
    "C004",
    "The container starts its server directly",
    level=Level.WARNING,
    source="Dockerfile reference, Shell and exec form; Flask, Django, uvicorn and Vite documentation on deployment",
    mend='Start the production server in exec form: `CMD ["python", "-m", "service"]`. A shell, if needed, ends with '
    "`exec` and the server.",
    applies_when="the repository has container files of services, touchpoints or tools",
    fix="writes a single command in exec form where it uses nothing of the shell",
)
def starts_directly(facts: Facts) -> Iterator[Answer]:
    """In shell form the process with id 1 is a shell that does not pass SIGTERM on, so that every stop waits for the
    grace period and cuts requests off. Development servers reload, trace and serve one request at a time."""
    judged = [(each, final) for each, final in final_stages(facts) if _role(facts, each) is not Role.DATA]
    if not judged:
        yield NO_IMAGE
    for dockerfile, final in judged:
        yield from fronted(facts, dockerfile, final)
        commands = [each for each in (final.last("ENTRYPOINT"), final.last("CMD")) if each is not None]
        if not commands:
            if image_name(final.external).short != "nginx" and _role(facts, dockerfile) is not Role.TOUCHPOINT:
                yield Unknown(f"{dockerfile.path} starts what {final.external} starts")
            continue
        alone = len(commands) == 1 and final.last("SHELL") is None
        for each in commands:
            yield from _start(facts, dockerfile, each, alone=alone)


def _role(facts: Facts, dockerfile: Dockerfile) -> Role | None:
    root = root_of(facts, dockerfile.path)
    return root.role if root else None


_PLAIN = lazy_compile(r"(?!(?:exec|cd|source|export|set|eval|\.)\s)[\w./@%+:,-]+(?: [\w./@%+:,=-]+)*\Z")


def _start(facts: Facts, dockerfile: Dockerfile, each: Instruction, *, alone: bool) -> Iterator[Flaw]:
    at = dockerfile.at(each.line)
    words = each.exec_form
    text = " ".join(words) if words is not None else each.value
    if words is None and not re.match(r"exec\s", each.value):
        # one command of plain words is the same without a shell; beside another one, that would change its meaning
        edits = (Edit(at.path, at.line, each.value, json.dumps(each.value.split(" "))),)
        fix = edits if alone and _PLAIN.match(each.value) else ()
        yield Flaw(f"{each.keyword} is in shell form: {_short(each.value)}", at, f"{each.keyword} shell", fix)
    script = " ".join(filter(None, [text, _npm_script(facts, dockerfile, text)]))
    for pattern, said in _DEVELOPMENT:
        if re.search(pattern, script):
            yield Flaw(f"{each.keyword} {said}: {_short(text)}", at, f"{each.keyword} development", level=Level.ERROR)
            break


def _npm_script(facts: Facts, dockerfile: Dockerfile, text: str) -> str:
    """What `npm start` or `npm run NAME` stands for."""
    match = re.search(r"\b(?:npm|yarn|pnpm)(?: run)? ([\w:-]+)", text)
    root = root_of(facts, dockerfile.path)
    for manifest in root.manifests if root and match else ():
        if manifest.ecosystem == "node" and match:
            script = table(dig(facts.json(manifest.path), "scripts"))
            found = script.get(match[1]) if isinstance(script, dict) else None
            return found if isinstance(found, str) else ""
    return ""


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


@rule(
    "C008",
    "The platform can ask whether the service works",
    level=Level.WARNING,
    source="Kubernetes Docs, Configure liveness, readiness and startup probes; Dockerfile reference, HEALTHCHECK",
    mend="Add probes to the manifests or a HEALTHCHECK whose command is in the image.",
    applies_when="a service with a container file",
    roles=(Role.SERVICE,),
)
def health_asked(facts: Facts, root: Root) -> Iterator[Answer]:
    """A process that hangs still runs. Only an answer to a question shows that it works, and a question whose command
    is not in the image always fails."""
    if not root.dockerfiles:
        yield NotApplicable("no container file")
    for dockerfile in root.dockerfiles:
        checks = dockerfile.final.all("HEALTHCHECK")
        check = checks[-1] if checks else None
        probed = [probe for _, container in containers_of(facts, dockerfile) for probe in probes(container)]
        composed = [each for each in compose_services_of(facts, dockerfile) if each.node.get("healthcheck")]
        if check is not None and check.value.upper() != "NONE":
            value = re.sub(r"\ACMD\s*", "", check.value, flags=re.IGNORECASE)
            if missing := _missing_command(dockerfile.final, value):
                yield Flaw(f"the HEALTHCHECK calls {missing}", dockerfile.at(check.line), "HEALTHCHECK command")
        elif not probed and not composed:
            if containers_of(facts, dockerfile):
                continue  # its manifests are there and have no probes: that is C101's finding
            at = dockerfile.at(dockerfile.final.line)
            yield Flaw(f"nothing asks {root.name} whether it works: no HEALTHCHECK, no probe", at, "none")
        yield from _asked_around(facts, dockerfile)


def _asked_around(facts: Facts, dockerfile: Dockerfile) -> Iterator[Flaw]:
    """The commands that compose files and probes run in the image."""
    for each in compose_services_of(facts, dockerfile):
        check = each.node.get("healthcheck")
        test = dig(check, "test")
        words = [str(word) for word in test] if isinstance(test, list) else ["CMD-SHELL", str(test or "")]
        value = json.dumps(words[1:]) if words[:1] == ["CMD"] else " ".join(words[1:])
        if words[:1] != ["NONE"] and value.strip() and (missing := _missing_command(dockerfile.final, value)):
            at = place(each.path, check, "test")
            yield Flaw(f"the health check of {each.name} calls {missing}", at, f"{each.name} healthcheck")
    for workload, container in containers_of(facts, dockerfile):
        for kind, probe in probes(container).items():
            command = dig(probe, "exec", "command")
            if not isinstance(command, list) or not command:
                continue
            if missing := _missing_command(dockerfile.final, json.dumps([str(word) for word in command])):
                at = workload.at(*container_keys(workload, container), kind, "exec", "command")
                yield Flaw(f"the {kind} of {workload.title} calls {missing}", at, f"{workload.title} {kind}")


def _missing_command(final: Stage, value: str) -> str:
    """Say which command of a health check is known not to be in the image; empty where none is.

    Args:
        final: The image's last stage.
        value: A shell's line, or a JSON list of words.
    """
    shell = not value.startswith("[")
    words = value.split() if shell else _words(value)
    image = image_name(final.external)
    bare = image.name.startswith("gcr.io/distroless/") or image.name == "scratch" or "chiseled" in image.tag
    copied = " ".join(each.value for each in final.all("COPY", "ADD"))
    installed = " ".join(each.value for each in final.all("RUN"))
    if bare and shell and not re.search(r"/sh\b|busybox", copied):
        return f"a shell, and {final.external} has none"
    # a shell's line may stand inside one word: sh -c "curl …"
    called = {part.rpartition("/")[2] for word in words for part in re.split(r"[\s;&|()]+", word)}
    for command in ("curl", "wget"):
        if command not in called or re.search(rf"\b{command}\b", installed + copied):
            continue
        official = "/" not in image.name
        slim = official and ("slim" in image.tag or image.name in {"debian", "ubuntu"})
        alpine = official and ("alpine" in image.tag or image.name == "alpine")
        if bare or slim or (alpine and command == "curl") or image.name == "mcr.microsoft.com/dotnet/aspnet":
            return f"{command}, which {final.external} does not have and nothing installs"
    return ""


def _words(value: str) -> list[str]:
    try:
        words = json.loads(value)
    except ValueError:
        return []
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else []


RULES = rules_in(vars())
