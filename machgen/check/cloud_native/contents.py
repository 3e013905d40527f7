"""C306-C309: what lies in the tree that should not, and what is named and does not lie there."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.copied import exists, missing_sources
from machgen.check.cloud_native.patterns import DEFAULTS, PLAIN, TLS
from machgen.check.cloud_native.secrets import entropy, is_placeholder, is_secret_name, is_secret_value
from machgen.check.compose import compose_services
from machgen.check.dockerfile import dockerfiles
from machgen.check.document import Map, dig, items, maps, walk
from machgen.check.facts import Facts, join, parent, place, squeezed
from machgen.check.kustomize import kustomizations
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, rule, rules_in
from machgen.check.pipelines import Pipeline, pipelines
from machgen.check.vocabulary import Words

_BINARY = (
    ".png", ".jpg", ".jpeg", ".gif", ".ico", ".svg", ".pdf", ".woff", ".woff2", ".ttf", ".eot", ".zip", ".gz", ".jar",
    ".mp4", ".mp3", ".wav", ".ogg", ".otf", ".webm", ".ds_store", ".db", ".sqlite", ".sqlite3", ".keystore", ".jks",
    ".webp", ".lock", ".sum", ".min.js", ".map", ".exe", ".dll", ".so", ".pyc", ".class", ".bin", ".snap",
)  # fmt: skip
_LOCK = lazy_compile(
    r"(?:\A|/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|"
    r"packages\.lock\.json|composer\.lock)\Z"
)
_TOKENS = lazy_compile(
    r"(?P<aws>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)|(?P<github>\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,})|"
    r"(?P<gitlab>\bglpat-[A-Za-z0-9_-]{20,})|(?P<slack>\bxox[abprs]-[A-Za-z0-9-]{20,})|"
    r"(?P<google>\bAIza[0-9A-Za-z_-]{35}\b)|"
    r"(?P<stripe>\b[rs]k_live_[0-9A-Za-z]{20,})|(?P<npm>\bnpm_[A-Za-z0-9]{36}\b)|"
    r"(?P<pypi>\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})|"
    r"(?P<azure>\bAccountKey=[A-Za-z0-9+/]{86}==)|(?P<sendgrid>\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})|"
    r"(?P<key>-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----(?:\\n|[\"'+\s]){0,200}[A-Za-z0-9+/]{40})"
)
_MARKS = tuple(
    lazy_compile(mark)
    for mark in (
        b"A[KS]IA[0-9A-Z]", b"gh[pousr]_", b"github_pat_", b"glpat-", b"xox[abprs]-", b"AIza", b"k_live_", b"npm_",
        b"pypi-AgEI", b"AccountKey=", rb"SG\.[A-Za-z0-9_-]", b"PRIVATE KEY-----",
    )
)  # fmt: skip
_MARKED = Words(
    "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat\n", "xoxa\n", "xoxb\n", "xoxp\n",
    "xoxr\n", "xoxs\n", "AIza", "k_live_", "npm_", "pypi\n", "AccountKey\n", "SG\n", "PRIVATE\n",
)  # fmt: skip
"""Words of which one is in each mark."""
_WORDS = {
    "aws": "an AWS access key", "github": "a GitHub token", "gitlab": "a GitLab token", "slack": "a Slack token",
    "google": "a Google API key", "stripe": "a live Stripe key", "npm": "an npm token", "pypi": "a PyPI token",
    "azure": "an Azure storage key", "sendgrid": "a SendGrid key", "key": "a private key",
}  # fmt: skip
_STATE = lazy_compile(
    r"(?:\A|/)(?:[\w.-]*\.tfstate(?:\.backup)?|\.vault-token|\.git-credentials|\.netrc|\.pgpass|"
    r"\.htpasswd)\Z"
)


@rule(
    "C306",
    "No credential, private key or state file in the tree",
    level=Level.ERROR,
    source="OWASP Secrets Management Cheat Sheet; CWE-798; GitHub Docs, Supported secret scanning patterns",
    mend="Revoke it, remove it, and keep it in a secret store; removing alone leaves it in the history.",
    applies_when="always",
)
def no_credentials(facts: Facts) -> Iterator[Answer]:
    """What is committed is copied to every clone, fork, cache and backup, for ever. Bots find keys in public
    repositories within minutes, and in private ones whoever gets in finds them first."""
    seen: set[str] = set()
    for path in facts.paths:
        low = path.lower()
        if _STATE.search(low) and not facts.is_beside(path):
            yield Flaw(f"{path} is a state or credential file", Place(path), "file")
            continue
        if low.endswith(_BINARY) or _LOCK.search(low) or facts.files.size(path) > 400_000:
            continue
        yield from _tokens(facts, path, seen)
        yield from _key_sets(facts, path)
        if re.search(r"(?:\A|/)\.env(?:\.(?:prod|production|staging|local))?\Z", low) and not facts.is_beside(path):
            yield from _dotenv(facts, path, seen)


def _tokens(facts: Facts, path: str, seen: set[str]) -> Iterator[Flaw]:
    text = facts.glance(path, _MARKS, _MARKED)  # a look for some words is far cheaper than the pattern
    for match in _TOKENS.finditer(text):
        kind = str(match.lastgroup)
        value = match[0]
        if kind == "key" and (facts.is_beside(path) or "example" in path.lower()):
            continue  # a test's own key opens nothing
        if is_placeholder(value.partition("_")[2] if kind == "stripe" else value) or (
            kind != "key" and entropy(value[-16:]) < 2.5
        ):
            continue
        if "sops" in text and "ENC[" in text:
            continue
        import hashlib  # noqa: PLC0415 - a repository without credentials needs none

        digest = hashlib.sha256(
            (value if kind != "key" else text[match.start() : match.start() + 400]).encode()
        ).hexdigest()
        if digest not in seen:
            seen.add(digest)
            at = Place(path, text.count("\n", 0, match.start()) + 1)
            yield Flaw(f"{_WORDS[kind]} is in the tree", at, f"{kind}/{digest[:12]}")


_KEY_SET = lazy_compile(r"\.jwks?\Z|jwks?[\w.-]*\.json\Z", re.IGNORECASE)


def _key_sets(facts: Facts, path: str) -> Iterator[Flaw]:
    """Private keys as JSON Web Keys (RFC 7517): `d` is what a public one lacks."""
    if not _KEY_SET.search(path) or facts.is_beside(path):
        return
    document = facts.json(path)
    for each in maps(dig(document, "keys")) if dig(document, "keys") else maps([document]):
        fields = {key.lower(): key for key in each}
        if "kty" in fields and len(str(each.get(fields.get("d", "")) or "")) >= 40:
            yield Flaw("a private key is in the tree", place(path, each, fields["d"]), f"key/{each.get('kid', '')}")


def _dotenv(facts: Facts, path: str, seen: set[str]) -> Iterator[Flaw]:
    for number, line in enumerate(facts.lines(path), 1):
        name, equals, value = line.partition("=")
        plain = re.sub(r"\s+#.*", "", value).strip().strip("\"'")
        if (
            equals
            and is_secret_name(name.strip())
            and is_secret_value(plain)
            and len(plain) >= 16
            and entropy(plain) > 3.2
            and re.search(r"\d", plain)
            and plain not in seen
        ):
            seen.add(plain)
            yield Flaw(f"{path} holds {name.strip()}", Place(path, number), name.strip())


_REFUSES = lazy_compile(r"(?:raise|throw|panic|exit|Fatal|abort)\b", re.IGNORECASE)


@rule(
    "C307",
    "No default for a signing or session secret",
    level=Level.ERROR,
    source="OWASP ASVS 5.0 V13.3 (secret management); CWE-1392 (use of default credentials); CWE-321",
    mend="Read the secret from the environment and stop the start with a clear message where it is missing.",
    applies_when="the sources name a signing or session secret",
)
def no_default_secret(facts: Facts) -> Iterator[Answer]:
    """Whoever reads the repository can sign tokens that your service believes, on every installation where somebody
    forgot to set the secret. A default that is refused outside of development is none."""
    for path in facts.paths:
        if not path.endswith(_DEFAULT_ENDINGS) or facts.is_beside(path) or _DEVELOPMENT.search(path):
            continue
        text = facts.glance(path, _MARKS_OF_SECRETS, _NAMES_A_SECRET)
        if not text or (path.endswith(_FILLED_IN) and "${" not in text):
            continue  # large contracts and manifests, where no setting has a default
        for endings, ends, pattern in DEFAULTS:
            if path.endswith(endings) and facts.mentions(path, ends):
                for name, line in facts.told(path, _defaults, pattern):
                    message = f"the secret {name} has a default that everybody can read"
                    yield Flaw(message, Place(path, line), name.lower())


_DEVELOPMENT = lazy_compile(r"(?:\A|/)(?:dev|local|scripts?|seed)[\w-]*(?:/|\.)|-(?:dev|local|test)\.")
_FILLED_IN = (".properties", ".yml", ".yaml")
_DEFAULT_ENDINGS = tuple({ending for endings, *_ in DEFAULTS for ending in endings})
_NAMES_A_SECRET = Words(
    "ecret", "SECRET", "jwt", "Jwt", "JWT", "igning", "SIGNING", "ncryption", "ENCRYPTION", "SymmetricSecurityKey",
    "ookieSession",
)  # fmt: skip
_MARKS_OF_SECRETS = tuple(lazy_compile(part.encode("ascii")) for part in _NAMES_A_SECRET.parts)
_NO_LITERAL = ("$", "/", "http", "env:", "{", "<")
_COMMENT = ("#", "//", "*", "/*")
_ONLY_A_NAME = lazy_compile(
    r"[A-Z][A-Z_]{3,}|[a-z_.-]*(?:secret|key|token)(?:[-_.](?:name|id|path|file|header|ref))?", re.ASCII
)
_ONLY_A_WORD = lazy_compile(r"[A-Z]?[a-z]+(?:[A-Z][a-z]+)*", re.ASCII)
"""A word or two, as the name of a kind or of a field; a secret that somebody signs with is read from somewhere."""
_SIGNS = lazy_compile(r"environ|getenv|process\.env|jwt|session", re.IGNORECASE)


def _defaults(text: str, pattern: re.Pattern[str]) -> list[tuple[str, int]]:
    """The secrets with defaults in a text, each with its line."""
    found = []
    for match in pattern.finditer(text):
        value = match[2]
        start = match.start(1)
        line = text[text.rfind("\n", 0, start) + 1 : start + 2].lstrip()
        if value.startswith(_NO_LITERAL) or not value.strip() or line.startswith(_COMMENT):
            continue
        # `secret_key = "session-secret"` names a secret that is kept elsewhere, unless something is signed with it
        if (_ONLY_A_NAME.fullmatch(value) and not _SIGNS.search(match[0])) or _is_refused(text, value):
            continue
        if _ONLY_A_WORD.fullmatch(value) and squeezed(value) == squeezed(match[0].partition("=")[0].partition(":")[0]):
            continue  # `SECRET_MULTILINE = "SecretMultiline"`: one of the values of an enumeration
        found.append((match[1].strip('"') or "key", text.count("\n", 0, start) + 1))
    return found


def _is_refused(text: str, value: str) -> bool:
    """Whether the same file compares with the default and then ends or raises."""
    for match in re.finditer(re.escape(value), text):
        around = text[match.end() : match.end() + 400]
        before = text[max(0, match.start() - 60) : match.start()]
        if re.search(r"(?:==|!=|\bin\b|is not|equals\()\s*[\"'({\[]*\Z", before) and _REFUSES.search(around):
            return True
    return False


_TLS_ENDINGS = tuple({ending for endings, *_ in TLS for ending in endings})
_HERE = lazy_compile(r"https://(?:localhost|127\.0\.0\.1|\[::1\]|kubernetes\.default)")


@rule(
    "C308",
    "TLS certificates are always verified",
    level=Level.ERROR,
    source="RFC 9110 section 4.3.4; RFC 9525; CWE-295; OWASP ASVS 5.0 V12",
    mend="Trust the company's certificate authority (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS) instead of everybody.",
    applies_when="always",
)
def tls_verified(facts: Facts) -> Iterator[Answer]:
    """Encryption with somebody unknown is none: whoever sits between reads and changes everything. The switch that was
    meant for a test certificate is still off in production."""
    for path in facts.paths:
        low = path.lower()
        if facts.is_beside(path):
            continue
        if not low.endswith(_TLS_ENDINGS):
            continue
        for endings, words, pattern, said in TLS:
            if not low.endswith(endings) or not facts.mentions(path, words):
                continue
            if not pattern.search(facts.prose(path)):
                continue
            for number, line in enumerate(facts.lines(path), 1):
                if pattern.search(line) and not line.lstrip().startswith(_COMMENT) and not _HERE.search(line):
                    plain = said == PLAIN
                    message = f"{'keys may come over plain HTTP' if plain else 'a certificate is not verified'}: {said}"
                    yield Flaw(message, Place(path, number), f"{said}/{line.strip()[:80]}")


@rule(
    "C309",
    "Every file that is named exists",
    level=Level.ERROR,
    source="Dockerfile reference, COPY; Compose specification; GitHub Docs, Workflow syntax; Kustomize reference",
    mend="Correct the name, or commit the file.",
    applies_when="compose files, container files, kustomizations or pipelines name files",
)
def named_files_exist(facts: Facts) -> Iterator[Answer]:
    """A build, a deployment or a pipeline that names a file which is not there fails on the day it is needed. What an
    ignore file expects to be made is not looked for."""
    found = facts.once(dockerfiles)
    if not found and not facts.once(compose_services) and not facts.once(pipelines) and not facts.once(kustomizations):
        yield NotApplicable("nothing here names files")
    for dockerfile in found:
        yield from missing_sources(facts, dockerfile)
    yield from _composed(facts)
    yield from _kustomized(facts)
    yield from _piped(facts)


def _composed(facts: Facts) -> Iterator[Flaw]:
    for each in facts.once(compose_services):
        if each.context is not None and not exists(facts, each.context):
            yield Flaw(
                f"{each.name} is built from {each.context}, which is not here", each.at("build"), f"{each.name}/context"
            )
        elif each.dockerfile is not None and not exists(facts, each.dockerfile):
            yield Flaw(
                f"{each.name} is built by {each.dockerfile}, which is not here",
                each.at("build"),
                f"{each.name}/dockerfile",
            )
        given = each.node.get("env_file")
        for item in given if isinstance(given, list) else [given]:
            name = item.get("path") if isinstance(item, Map) and item.get("required") is not False else item
            if isinstance(name, str) and "$" not in name and not exists(facts, join(parent(each.path), name)):
                yield Flaw(
                    f"{each.name} takes its environment from {name}, which is not here",
                    each.at("env_file"),
                    f"{each.name}/{name}",
                )
        for mount in items(each.node.get("volumes")):
            source = str(mount).partition(":")[0] if isinstance(mount, str) else ""
            # a missing directory is made by the engine; a missing file becomes a directory, and the program fails
            if (
                source.startswith(("./", "../"))
                and re.search(r"\.[a-z]{2,5}\Z", source)
                and "$" not in source
                and not exists(facts, join(parent(each.path), source))
            ):
                yield Flaw(
                    f"{each.name} mounts {source}, which is not here", each.at("volumes"), f"{each.name}/{source}"
                )


def _kustomized(facts: Facts) -> Iterator[Flaw]:
    for path in facts.once(kustomizations):
        documents = facts.yaml(path)
        document = documents[0] if documents else None
        named: list[tuple[object, int, object]] = []
        for key in ("resources", "bases", "components", "patchesStrategicMerge", "crds"):
            items = dig(document, key)
            named += [(items, index, item) for index, item in enumerate(items if isinstance(items, list) else ())]
        for holder, index, item in named:
            local = isinstance(item, str) and not re.search(r"://|\Agithub\.com|\Agit@|\?ref=|\n", item)
            if local and isinstance(item, str) and not exists(facts, join(parent(path), item)):
                yield Flaw(f"the kustomization names {item}, which is not here", place(path, holder, index), item)
        for key in ("patches", "patchesJson6902"):
            for each in maps(dig(document, key)):
                name = each.get("path")
                if isinstance(name, str) and not exists(facts, join(parent(path), name)):
                    yield Flaw(f"the kustomization names {name}, which is not here", place(path, each, "path"), name)


def _piped(facts: Facts) -> Iterator[Flaw]:
    for each in facts.once(pipelines):
        for step in each.steps:
            if each.system in {"github", "action"} and step.uses.startswith("./") and "$" not in step.uses:
                path = join("", step.uses)
                if not exists(facts, path) and not _checks_out_elsewhere(each.document):
                    yield Flaw(f"the workflow uses {step.uses}, which is not here", step.at, step.uses)
        if each.system == "github":
            yield from _started(facts, each)
            for _, value, holder, key in walk(each.document):
                local = key == "working-directory" and isinstance(value, str) and "$" not in value
                path = join("", value.removeprefix("./").rstrip("/")) if local else None
                if not exists(facts, path) and not _checks_out_elsewhere(each.document):
                    at = place(each.path, holder, key)
                    yield Flaw(f"the workflow works in {value}, which is not here", at, str(value))
        if each.system == "gitlab":
            includes = dig(each.document, "include")
            for item in includes if isinstance(includes, list) else [includes]:
                name = item.get("local") if isinstance(item, Map) else None
                if (
                    isinstance(name, str)
                    and not re.search(r"[$*]", name)
                    and not exists(facts, join("", name.lstrip("/")))
                ):
                    yield Flaw(
                        f"the pipeline includes {name}, which is not here", place(each.path, item, "local"), name
                    )


_SCRIPT = lazy_compile(
    r"(?:bash|sh|python3?|node) +(?P<path>[\w.-][\w./-]{0,200}\.(?:sh|py|js|mjs))(?: .*)?|"
    r"(?P<own>(?:\./|\b[\w-]{1,99}/)[\w./-]{1,200})(?: .*)?"
)
"""A command that starts a file of the repository."""

_PREPARES = ("actions/checkout", "actions/setup-", "astral-sh/setup-", "docker/setup-", "step-security/harden-runner")


def _started(facts: Facts, pipeline: Pipeline) -> Iterator[Flaw]:
    """Scripts that a job starts before anything in it could have made them."""
    if _checks_out_elsewhere(pipeline.document) or ".gitmodules" in facts.known:
        return
    begun: set[str] = set()
    for step in pipeline.steps:
        if step.job in begun or step.uses.startswith(_PREPARES):
            continue
        begun.add(step.job)
        node = step.node if isinstance(step.node, Map) else {}
        where = [
            node.get("working-directory"),
            dig(pipeline.document, "defaults"),
            dig(pipeline.document, "jobs", step.job, "defaults"),
        ]
        first = next(iter(step.run.strip().split("\n")), "").strip()
        match = _SCRIPT.fullmatch(first)
        if step.uses or match is None or any(where):
            continue
        path = join("", (match["path"] or match["own"]).removeprefix("./"))
        if not exists(facts, path):
            yield Flaw(f"the workflow starts {path}, which is not here", step.at, path or "")


def _checks_out_elsewhere(document: object) -> bool:
    """Whether a workflow checks another repository or another directory out, or makes directories of its own."""
    return any(
        (key in {"path", "repository"} and isinstance(holder, Map))
        or (key == "run" and "git clone" in str(value))
        or (key == "run" and "mkdir" in str(value))
        for _, value, holder, key in walk(document)
    )


RULES = rules_in(vars())
