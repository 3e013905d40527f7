"""C205-C206: how a process starts and ends."""

import itertools
import re
from collections.abc import Iterator

from machgen.check.cloud_native.process import SOURCES
from machgen.check.compose import compose_services
from machgen.check.dockerfile import Dockerfile
from machgen.check.document import Map, dig
from machgen.check.facts import Facts, join, parent, place
from machgen.check.kubernetes import cluster
from machgen.check.lazy_regex import lazy_compile
from machgen.check.microservices import anchor
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_INIT = whole("init")
_MIGRATES = Words("lyway", "iquibase", "FLYWAY", "LIQUIBASE")
_COMMANDS = lazy_compile(
    r"\balembic\s{1,99}(?:-\S{1,99}\s{1,99}\S{1,99}\s{1,99}){0,4}upgrade\b|\bmanage\.py\s+migrate\b|\bflask\s{1,99}(?:\S{1,99}\s{1,99}){0,6}?db\s{1,99}upgrade\b|"
    r"\bprisma\s+(?:migrate\s+deploy|db\s+push)\b|"
    r"\btypeorm\s+migration:run\b|\bsequelize(?:-cli)?\s+db:migrate\b|\bknex\s+migrate:latest\b|"
    r"\bdotnet\s+ef\s+database\s+update\b|"
    r"\bartisan\s+migrate\b|\bdoctrine:migrations:migrate\b|\bdiesel\s+migration\s+run\b|\bsqlx\s+migrate\s+run\b|"
    r"\bgoose\s{1,99}(?:\S{1,99}\s{1,99}){0,6}?up\b|\brails\s+db:migrate\b|\bmigrate\s{1,99}-\S{1,99}.{0,300}\bup\b"
)
_AT_START = (
    ((".py",), whole("create_all"), lazy_compile(r"[\w)]\.create_all\b"), "creates its tables"),
    ((".py",), whole("alembic"),
        lazy_compile(r"\balembic\.command\.upgrade\(|^from alembic import[^\n]{0,200}\bcommand\b"
        r"(?=[\s\S]{0,20000}?\bcommand\.upgrade\()", re.MULTILINE), "migrates its database"),
    ((".cs",), whole("Migrate", "MigrateAsync", "EnsureCreated", "EnsureCreatedAsync", "AddMigration"),
        lazy_compile(r"\.Database\.(?:Migrate|MigrateAsync|EnsureCreated|EnsureCreatedAsync)\(|"
        r"\bAddMigration<"), "migrates its database"),
    ((".js", ".ts"), whole("sync", "synchronize", "migrationsRun", "runMigrations", "migrate", "umzug"),
        lazy_compile(r"\bsequelize\.sync\(|\bsynchronize\s*:\s*true\b|"
        r"\bmigrationsRun\s*:\s*true\b|\.runMigrations\(|\.migrate\.latest\(|\bumzug\.up\("), "changes its tables"),
    ((".go",), whole("AutoMigrate", "goose", "migrate"),
        lazy_compile(r"\.AutoMigrate\(|\bgoose\.Up\w*\(|\bmigrate\.New\w*\("), "migrates its database"),
    ((".rs",), whole("migrate", "run_pending_migrations"),
        lazy_compile(r"\bsqlx::migrate!\(|\.run_pending_migrations\("), "migrates its database"),
    ((".yml", ".yaml"), whole("ddl"), lazy_compile(r"\bddl-auto\s*:\s*(?:update|"
        r"create(?:-drop)?)\b"), "lets Hibernate change its tables"),
    ((".yml", ".yaml", ".properties"), whole("init"),
        lazy_compile(r"^spring\.sql\.init\.mode\s*[=:]\s*always\b", re.MULTILINE), "runs its SQL scripts"),
    ((".yml", ".yaml", ".properties"), whole("migrate"),
        lazy_compile(r"\bmigrate-at-start\s*[=:]\s*true\b"), "migrates its database"),
    ((".yml", ".yaml", ".properties"), whole("drop"),
        lazy_compile(r"\b(?:strategy|generation)\s*[=:]\s*drop-and-create\b"),
        "drops and creates its tables"),
    ((".properties",), whole("ddl"), lazy_compile(r"^spring\.jpa\.hibernate\.ddl-auto\s*=\s*(?:update|"
        r"create)", re.MULTILINE), "lets Hibernate change its tables"),
)  # fmt: skip
"""File endings, words of which one is in each match, what does it, and what it does."""

_APART = lazy_compile(r"(?:\A|/)(?:migrations?|alembic|seeds?|scripts?|cli|tools?)/|migrat|seed|init_db|initial_data")
_DATABASES = (
    "sqlalchemy", "sqlmodel", "django", "alembic", "tortoise-orm", "psycopg", "psycopg2", "psycopg2-binary",
    "asyncpg", "flask-sqlalchemy", "typeorm",
    "sequelize", "@prisma/client", "prisma", "knex", "pg", "mysql2",
    "org.springframework.boot:spring-boot-starter-data-jpa", "org.flywaydb:*", "io.quarkus:quarkus-hibernate-*",
    "org.liquibase:*", "gorm.io/gorm", "npgsql.entityframeworkcore.postgresql", "microsoft.entityframeworkcore*",
    "aspire.npgsql.entityframeworkcore.postgresql",
    "diesel", "sqlx", "sea-orm", "doctrine/orm", "laravel/framework",
)  # fmt: skip


@rule(
    "C205",
    "Migrations are a step of their own",
    level=Level.WARNING,
    source="The Twelve-Factor App, XII (admin processes); Humble and Farley, Continuous Delivery ch. 12",
    mend="Run migrations as a command of the same image: a Job, an init step of the release, `make migrate`.",
    applies_when="a service that keeps data in a database",
    roles=(Role.SERVICE,),
)
def migrations_apart(facts: Facts, root: Root) -> Iterator[Answer]:
    """Every pod that starts migrates: two at once race, one that fails crashes in a loop with the schema half changed,
    and the service needs the right to drop its own tables."""
    if not any(each.needs(*_DATABASES) for each in root.manifests):
        yield NotApplicable("no database library is a dependency")
        return
    for dockerfile in root.dockerfiles:
        yield from _started(facts, root, dockerfile)
    yield from _composed(facts, root)
    yield from _by_framework(facts, root)
    for path in files_of(facts, root):
        for endings, words, pattern, said in _AT_START:
            if not path.endswith(endings) or not facts.mentions(path, words) or _APART.search(path.lower()):
                continue
            for at, match in itertools.islice(facts.grep((path,), pattern), 1):
                if match[0].startswith(("strategy", "generation", "migrate-at")) and _overridden(facts, root):
                    continue
                if not facts.lines(path)[at.line - 1].lstrip().startswith(("#", "//", "*")) and not re.search(
                    r"-(?:dev|test|local)\.", path
                ):
                    yield Flaw(f"{root.name} {said} when it starts", Place(path, at.line), path)


def _overridden(facts: Facts, root: Root) -> bool:
    """Whether manifests or compose files tell Quarkus to leave the tables alone when it starts."""
    manifests = {each.path for each in facts.once(cluster).everything}
    compose = {each.path for each in facts.once(compose_services)}
    own = [path for path in manifests | compose if root.holds(path)] or [*manifests, *compose]
    return any(_LEFT_ALONE.search(facts.prose(path)) for path in own)


_LEFT_ALONE = lazy_compile(r"(?i)(?:strategy|generation)\W+(?:validate|none)\b|migrate[-_]at[-_]start\W+false\b")
_MIGRATES_ITSELF = (
    "org.flywaydb:flyway-core", "org.springframework.boot:spring-boot-starter-flyway",
    "org.liquibase:liquibase-core", "org.springframework.boot:spring-boot-starter-liquibase",
)  # fmt: skip
_SWITCHED_OFF = lazy_compile(
    r"\b(?:flyway|liquibase)\.enabled\s*[=:]\s*(?:false|\$\{)|\b(?:flyway|liquibase):[ \t]*\n(?:[ \t][^\n]*\n){0,20}?"
    r"[ \t]+enabled:\s*(?:false|\$\{)|\b(?:FLYWAY|LIQUIBASE)_ENABLED\W+false|FlywayMigrationStrategy|"
    r"(?:Flyway|Liquibase)AutoConfiguration"
)


def _by_framework(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Spring Boot migrates before it serves as soon as Flyway or Liquibase is there, unless it is switched off."""
    for path in files_of(facts, root):
        if re.search(r"(?:\A|/)application(?:-prod\w*)?\.ya?ml\Z", path) and facts.mentions(path, _INIT):
            for document in facts.yaml(path):
                init = dig(document, "spring", "sql", "init")
                if isinstance(init, Map) and init.get("mode") == "always":
                    at = place(path, init, "mode")
                    yield Flaw(f"{root.name} runs its SQL scripts when it starts", at, f"{path}/init")
    for manifest in root.manifests:
        found = manifest.needs(*_MIGRATES_ITSELF)
        spring = manifest.needs("org.springframework.boot:*", "plugin:org.springframework.boot")
        if found is None or not found.runtime or spring is None:
            continue
        settings = (
            path
            for path in (*files_of(facts, root), *(each.path for each in facts.once(cluster).everything))
            if path.endswith((".yml", ".yaml", ".properties", ".java", ".kt"))
            and not re.search(r"-(?:dev|test|local)\.", path)
        )
        if not any(facts.mentions(path, _MIGRATES) and _SWITCHED_OFF.search(facts.prose(path)) for path in settings):
            title = "Flyway" if "flyway" in found.name else "Liquibase"
            yield Flaw(
                f"{root.name} migrates its database when it starts: {title} with Spring Boot", found.at, found.name
            )


def _started(facts: Facts, root: Root, dockerfile: Dockerfile) -> Iterator[Flaw]:
    for start in (dockerfile.final.last("ENTRYPOINT"), dockerfile.final.last("CMD")):
        if start is None:
            continue
        text = " ".join(start.words)
        if _COMMANDS.search(text):
            yield Flaw(
                f"{root.name} migrates its database when it starts",
                dockerfile.at(start.line),
                f"{dockerfile.path}/start",
            )
        for said, at in _scripted(facts, root, text):
            if _COMMANDS.search(said):
                yield Flaw(f"{root.name} migrates its database when it starts", at, f"{at.path}/start")
        for word in re.findall(r"(?<![\w./-])[\w./-]{1,300}\.sh\b", text):
            names = (
                join(where, word.rpartition("/")[2])
                for where in (parent(dockerfile.path), root.path, f"{root.path}/scripts", f"{root.path}/docker")
            )
            script = next((name for name in names if name in facts.known), None)
            for number, line in enumerate(facts.lines(script) if script else (), 1):
                if script and _COMMANDS.search(line) and not line.lstrip().startswith("#"):
                    yield Flaw(
                        f"{root.name} migrates its database when it starts", Place(script, number), f"{script}/start"
                    )


_SERVES = lazy_compile(
    r"\b(?:uvicorn|gunicorn|hypercorn|granian|daphne|runserver|flask\s+run|fastapi\s+run|node|nest\s+start|npm|yarn|pnpm|java|dotnet)\b"
)


def _composed(facts: Facts, root: Root) -> Iterator[Flaw]:
    """What compose files start instead of the image's own command: a migration, then the server."""
    files = {each.path for each in root.dockerfiles}
    for each in facts.once(compose_services):
        command = each.node.get("command")
        text = " ".join(map(str, command)) if isinstance(command, list) else str(command or "")
        migration = _COMMANDS.search(text) if each.dockerfile in files and not each.development else None
        if migration and _SERVES.search(text, migration.end()):
            yield Flaw(f"{root.name} migrates its database when it starts", each.at("command"), f"{each.path}/start")


def _scripted(facts: Facts, root: Root, text: str) -> Iterator[tuple[str, Place]]:
    """What `npm start` or `npm run NAME` stands for, what runs before it included, and where that is written."""
    match = re.search(r"\b(?:npm|yarn|pnpm|bun)(?: run)? ([\w:-]+)", text)
    for manifest in root.manifests if match else ():
        scripts = dig(facts.json(manifest.path), "scripts") if manifest.ecosystem == "node" else None
        if match is None or not isinstance(scripts, Map):
            continue
        for name in (f"pre{match[1]}", match[1]):
            if isinstance(script := scripts.get(name), str):
                yield script, place(manifest.path, scripts, name)


_SERVERS_THAT_END = (
    "uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "waitress", "fastapi", "aiohttp", "@nestjs/terminus",
    "close-with-grace", "http-terminator",
    "lightship", "stoppable", "@godaddy/terminus", "actix-web", "rocket", "laravel/framework", "litestar", "sanic",
    "http-graceful-shutdown", "fastify-cli", "quart", "falcon-asgi", "io.micronaut:*", "io.helidon.webserver:*",
    "io.dropwizard:*",
)  # fmt: skip
_HANDLING = Words(
    "SIGTERM",
    "NotifyContext",
    "hutdown",
    "PreDestroy",
    "signal",
    "SignalKind",
    "closeWithGrace",
    "New",
    "serve_with",
)
_HANDLES = lazy_compile(
    r"SIGTERM|NotifyContext|enableShutdownHooks|addShutdownHook|@PreDestroy|signal\.signal\(|"
    r"add_signal_handler|shutdown_signal|"
    r"with_graceful_shutdown|serve_with_(?:incoming_)?shutdown|SignalKind::terminate|RegisterForShutdown|closeWithGrace|fx\.New\("
)


@rule(
    "C206",
    "SIGTERM ends it gracefully",
    level=Level.WARNING,
    source="The Twelve-Factor App, IX (disposability); Kubernetes Docs, Pod Lifecycle: termination of Pods; "
    "POSIX.1-2017 signal",
    mend="On SIGTERM stop taking requests, finish those at hand, then exit; or use a server that does.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def ends_on_term(facts: Facts, root: Root) -> Iterator[Answer]:
    """Every roll-out and every drained node sends SIGTERM. Go's runtime and a JVM end at once and cut requests off;
    Node, Python and Rust as process 1 ignore it and are killed when the grace period is over."""
    ecosystems = {each.ecosystem for each in root.manifests}
    start = " ".join(
        each.value for dockerfile in root.dockerfiles for each in dockerfile.final.all("CMD", "ENTRYPOINT")
    )
    if re.search(r"(?:\A|[\s/\"])uwsgi\b", start):
        yield from _reloads(facts, root)
        return
    if any(each.needs(*_SERVERS_THAT_END) for each in root.manifests) or re.search(
        r"\b(?:uvicorn|gunicorn|hypercorn|granian|nginx|php-fpm|apache2)\b", start
    ):
        return
    if "dotnet" in ecosystems or any(
        each.needs("org.springframework.boot:*", "plugin:org.springframework.boot", "io.quarkus:*")
        for each in root.manifests
    ):
        return  # their hosts end on SIGTERM by themselves
    sources = [path for path in files_of(facts, root) if path.endswith(SOURCES)]
    local = {each.local for manifest in root.manifests for each in manifest.dependencies if each.local is not None}
    shared = [path for where in local for path in facts.below(where) if path.endswith(SOURCES)]
    if any(facts.mentions(path, _HANDLING) and _HANDLES.search(facts.prose(path)) for path in [*sources, *shared]):
        return
    if "php" in ecosystems:
        # its server is Apache or php-fpm; what it has of Node builds its pages
        yield Unknown(f"what {root.name} does on SIGTERM is not read in its language")
    elif ecosystems & {"go", "node"} and sources:
        main = next((path for path in sources if _main(path, ecosystems)), None) or next(
            (path for path in sources if path.endswith(".go") and "\nfunc main() {" in facts.prose(path)), None
        )
        yield Flaw(f"{root.name} does nothing on SIGTERM", Place(main) if main else anchor(root), "SIGTERM")
    elif at := _cut_off(facts, sources, ecosystems):
        yield Flaw(f"{root.name} does nothing on SIGTERM", at, "SIGTERM")
    else:
        yield Unknown(f"what {root.name} does on SIGTERM is not read in its language")


_DIES = lazy_compile(r"die[-_]on[-_]term", re.IGNORECASE)


def _reloads(facts: Facts, root: Root) -> Iterator[Flaw]:
    """uWSGI takes SIGTERM for the wish to load everything again, unless it is told not to (its documentation, Options:
    die-on-term)."""
    for dockerfile in root.dockerfiles:
        start = dockerfile.final.last("CMD") or dockerfile.final.last("ENTRYPOINT")
        settings = [path for path in files_of(facts, root) if path.endswith(".ini") and "uwsgi" in facts.prose(path)]
        told = [*(facts.prose(path) for path in settings), *(each.value for each in dockerfile.final.all("ENV"))]
        if start and "uwsgi" in start.value and not any(_DIES.search(text) for text in [start.value, *told]):
            at = Place(settings[0]) if settings else dockerfile.at(start.line)
            yield Flaw(f"uWSGI starts {root.name} again on SIGTERM: nothing says die-on-term", at, "SIGTERM")


def _main(path: str, ecosystems: set[str]) -> bool:
    """Whether a process of these ecosystems begins in this file; the scripts of pages beside a Go server do not."""
    names = [pattern for each, pattern in _MAINS.items() if each in ecosystems]
    return re.search(rf"(?:\A|/)(?:{'|'.join(names)})\Z", path) is not None


_CUT_OFF: dict[str, tuple[str, Words, re.Pattern[str]]] = {
    # Python and Rust leave SIGTERM at its default, which process 1 ignores; a JVM ends at once
    "python": (
        ".py",
        Words("\nrun\n", "\ngrpc\n", "serve_forever"),
        lazy_compile(r"^(?!\s*#)[^\n]*?(?:\b(?:app|application|api|socketio)\.run\(|\bgrpc\.(?:aio\.)?server\(|"
            r"\.serve_forever\()", re.MULTILINE),
    ),
    "rust": (
        ".rs",
        whole("axum", "tonic", "warp", "hyper"),
        lazy_compile(r"^(?!\s*//)[^\n]*?\b(?:axum::serve\(|Server::b(?:uilder\(\)|ind\()|warp::serve\()", re.MULTILINE),
    ),
    "java": (
        ".java",
        whole("ServerBuilder", "NettyServerBuilder"),
        lazy_compile(r"^(?!\s*(?://|\*))[^\n]*?\b(?:Netty)?ServerBuilder\s*\.forPort\(", re.MULTILINE),
    ),
}  # fmt: skip
"""By ecosystem: the ending of sources, words of which one is in each match, a server that needs a handler."""


def _cut_off(facts: Facts, sources: list[str], ecosystems: set[str]) -> Place | None:
    """Where a server is started that does nothing on SIGTERM unless somebody handles it."""
    for ending, words, pattern in (_CUT_OFF[each] for each in sorted(ecosystems & _CUT_OFF.keys())):
        for path in sources:
            if path.endswith(ending) and facts.mentions(path, words) and (match := pattern.search(facts.prose(path))):
                return Place(path, facts.prose(path).count("\n", 0, match.start()) + 1)
    return None


_MAINS = {"go": r"main\.go", "node": r"(?:index|server|app|main)\.[jt]s"}


RULES = rules_in(vars())
