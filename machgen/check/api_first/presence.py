"""A001, A003, A004, A015, A017: there is a contract, it is current, owned and kept by CI, and events are in one too."""

import re
from collections.abc import Iterator

from machgen.check.api_first.contracts import Contract, contracts, no_openapi, of, parsed
from machgen.check.api_first.routes import Routes, routes
from machgen.check.dependencies import shared_manifests
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.microservices import anchor
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Role, Unknown, rule, rules_in
from machgen.check.pipelines import pipelines
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words

_INFRASTRUCTURE = (
    "duende.identityserver*",  # OpenID Connect is its contract
    "identityserver4*",
    "openiddict*",
    "org.springframework.cloud:spring-cloud-config-server",
    "org.springframework.cloud:spring-cloud-starter-netflix-eureka-server",
    "org.springframework.cloud:spring-cloud-starter-gateway*",
    "de.codecentric:spring-boot-admin-starter-server",
    "org.springframework.cloud:spring-cloud-starter-netflix-zuul",
    "org.springframework.cloud:spring-cloud-starter-zuul",
    "org.springframework.cloud:spring-cloud-starter-netflix-hystrix-dashboard",
    "org.springframework.cloud:spring-cloud-starter-netflix-turbine*",
    "yarp.reverseproxy",
    "ocelot",
)
_GENERATES = (
    ("fastapi", "FastAPI"), ("flask-smorest", "flask-smorest"), ("apiflask", "APIFlask"),
    ("drf-spectacular", "drf-spectacular"), ("litestar", "Litestar"), ("@nestjs/swagger", "@nestjs/swagger"),
    ("swagger-jsdoc", "swagger-jsdoc"), ("org.springdoc:*", "springdoc"), ("io.springfox:*", "springfox"),
    ("io.quarkus:quarkus-smallrye-openapi", "SmallRye OpenAPI"), ("swashbuckle.aspnetcore*", "Swashbuckle"),
    ("nswag.aspnetcore", "NSwag"), ("microsoft.aspnetcore.openapi", "Microsoft.AspNetCore.OpenApi"),
    ("github.com/swaggo/swag*", "swag"), ("github.com/danielgtaylor/huma*", "huma"), ("utoipa", "utoipa"),
)  # fmt: skip
_GRPC = ("google.golang.org/grpc", "grpcio", "@grpc/grpc-js", "grpc.aspnetcore", "io.grpc:*", "tonic", "grpc")


@rule(
    "A001",
    "There is a contract",
    level=Level.ERROR,
    source="MACH Alliance principles: API-first; Zalando RESTful API Guidelines, rule 100",
    mend="Write the OpenAPI description first, or export the one that the framework makes, and commit it.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def present(facts: Facts, root: Root) -> Iterator[Answer]:
    """The contract is what consumers build on, what reviewers see change and what tests compare with. One that only a
    running service can show cannot be reviewed before it breaks somebody."""
    if of(facts, root):
        return
    if any(each.needs(*_INFRASTRUCTURE) for each in root.manifests):
        yield NotApplicable("it is infrastructure whose API its framework defines")
        return
    if (
        any(each.needs(*_GRPC) for each in root.manifests)
        and any(each.kind == "protobuf" for each in facts.once(contracts))
        and not _only_calls(facts, root)
    ):
        return
    if not root.manifests or root.reason == "its image exposes a port":
        yield Unknown("nothing but its image shows that it serves an API")
        return
    if any(each.kind == "web" for each in root.manifests) and routes(facts, root) == Routes(()):
        yield Unknown("it uses the web SDK, and no route declaration can be read")
        return
    for name, title in _GENERATES:
        if any(each.needs(name) for each in root.manifests):
            yield Flaw(f"{root.name} has no contract in the tree; {title} can export it", anchor(root), "contract")
            return
    yield Flaw(f"{root.name} has no contract in the tree", anchor(root), "contract")


def _only_calls(facts: Facts, root: Root) -> bool:
    """Whether a .NET program only calls the gRPC services whose definitions it compiles."""
    compiled = [match for each in root.manifests for match in _COMPILED.findall(facts.prose(each.path))]
    return bool(compiled) and all(_AS_CLIENT.search(each) for each in compiled)


_COMPILED = lazy_compile(r"<Protobuf\s[^>]{0,500}>")
_AS_CLIENT = lazy_compile(r"GrpcServices\s?=\s?\"(?:Client|None)\"")


@rule(
    "A003",
    "The contract is written in a current version",
    level=Level.WARNING,
    source="OpenAPI 3.1.0 (2021): schemas are JSON Schema 2020-12; AsyncAPI 3.0.0 (2023)",
    mend="Move to OpenAPI 3.1 or AsyncAPI 3.0.",
    applies_when="a service with an OpenAPI or AsyncAPI description",
    roles=(Role.SERVICE,),
)
def current(facts: Facts, root: Root) -> Iterator[Answer]:
    """Before 3.1, schemas are a dialect that general validators misread, and there are no webhooks; before AsyncAPI 3,
    whether one publishes or subscribes is said from the reader's side and often read the wrong way round."""
    judged = [*of(facts, root, "openapi"), *of(facts, root, "asyncapi")]
    if not judged:
        yield no_openapi(facts, root)
    for each in judged:
        if each.kind == "asyncapi" and each.version.startswith(("1", "2")):
            yield Flaw(
                f"the contract is AsyncAPI {each.version}; 3.0 is current", each.at("/asyncapi"), level=Level.NOTE
            )
        elif each.version.startswith("2") and each.kind == "openapi":
            yield Flaw(
                f"the contract is Swagger {each.version}; OpenAPI 3.1 is current", each.at("/swagger"), "version"
            )
        elif each.version.startswith("3.0") and each.kind == "openapi":
            at = each.at("/openapi")
            yield Flaw(f"the contract is OpenAPI {each.version}; 3.1 is current", at, "version", level=Level.NOTE)


_SEMANTIC = lazy_compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?\Z"
)


@rule(
    "A004",
    "The contract says what it is, which version, and whose",
    level=Level.WARNING,
    source="OpenAPI 3.1.0, Info Object; Semantic Versioning 2.0.0; Zalando RESTful API Guidelines, rules 116 and 218",
    mend="Give `info` a description, a semantic version and a contact.",
    applies_when="a service with an OpenAPI or AsyncAPI description",
    roles=(Role.SERVICE,),
)
def introduced(facts: Facts, root: Root) -> Iterator[Answer]:
    """In a catalog of a hundred contracts, whoever needs one has to find it, know whether it changed, and know whom to
    ask."""
    judged = [*of(facts, root, "openapi"), *of(facts, root, "asyncapi")]
    if not judged:
        yield no_openapi(facts, root)
    for each in judged:
        info = each.node.child("info")
        version, contact = info.get("version"), info.get("contact")
        if isinstance(version, str) and not _SEMANTIC.match(version):
            yield Flaw(f"the version {version} is not a semantic one", each.at("/info/version"), "version")
        if not str(info.get("description") or "").strip():
            yield Flaw("`info` has no description", each.at("/info"), "description")
        if not (isinstance(contact, dict) and any(contact.get(key) for key in ("name", "email", "url"))):
            yield Flaw("`info` names no contact", each.at("/info"), "contact")


_TOOLS = lazy_compile(
    r"\bspectral\b|\bredocly\b|\bvacuum\b|\boasdiff\b|openapi-diff|openapi-changes|openapi-generator|schemathesis|"
    r"\bdredd\b|\bprism\b|\bpact(?:-|flow|\b)|swagger-cli|swagger-parser|openapi-spec-validator|openapi-enforcer|"
    r"\bbuf[ -](?:lint|breaking|build|action|setup)|buf-(?:lint|breaking|setup)-action|\bprotolint\b|\basyncapi\b|"
    r"graphql-inspector|graphql-schema-linter|\brover (?:sub)?graph|\bspecmatic\b|\bmicrocks\b|\boptic\b|\bzally\b|"
    r"machgen check|swagger-codegen|oapi-codegen|openapi-typescript|\bopenapi-lint|\bswagger (?:validate|generate)|"
    r"\bkin-openapi\b|\bopenapi2conv\b|\brestler\b|\bportman\b|cats fuzz|spring-cloud-contract|\bnswag\b|\bprotoc\b",
    re.IGNORECASE,
)
_INDIRECT = lazy_compile(
    r"(?:\A|/)(?:Makefile|makefile|GNUmakefile|justfile|Taskfile\.ya?ml|package\.json|tox\.ini|noxfile\.py|tasks\.py|"
    r"pyproject\.toml|pom\.xml|build\.gradle(?:\.kts)?|\.pre-commit-config\.yaml|Rakefile|Earthfile|composer\.json|"
    r"[^/]+\.sh|[^/]+\.csproj)\Z"
)


@rule(
    "A015",
    "CI holds the contract",
    level=Level.WARNING,
    source="Zalando RESTful API Guidelines, rule 101; Richardson, microservices.io: Consumer-side contract test",
    mend="Lint the contract in CI, compare it with the last release's (`machgen check --base`), or test against it.",
    applies_when="a service with a contract",
    roles=(Role.SERVICE,),
)
def held(facts: Facts, root: Root) -> Iterator[Answer]:
    """A contract that nothing compares with anything is a document, and drifts like one."""
    described = of(facts, root)
    if not described:
        yield NotApplicable("no contract: A002-A021 are not judged")
        return
    running = [each for each in facts.once(pipelines) if each.system != "action"]
    every = facts.once(pipelines)
    if not running:
        yield Flaw(f"nothing lints or tests {described[0].path}: there is no pipeline", described[0].at(), "pipeline")
        return
    if any(_TOOLS.search(each.commands) for each in every):
        return
    indirect = (path for path in facts.paths if _INDIRECT.search(path) and (root.holds(path) or "/" not in path))
    if any(_TOOLS.search(facts.prose(path)) for path in indirect) or _tested(facts, root, described):
        return
    if all(each.readable for each in running):
        yield Flaw(f"no pipeline lints, compares or tests {described[0].path}", described[0].at(), "pipeline")
    else:
        yield Unknown("what the pipelines run is written elsewhere")


def _tested(facts: Facts, root: Root, described: tuple[Contract, ...]) -> bool:
    names = {each.path.rpartition("/")[2] for each in described}
    tests = (path for path in facts.below(root.path) if facts.is_beside(path) and path.endswith(_CODE))
    return any(name in text for path in tests if (text := facts.text(path)) for name in names)


_CODE = (".py", ".js", ".ts", ".mjs", ".java", ".kt", ".cs", ".go", ".rs", ".php", ".rb")
_PUBLISHES = lazy_compile(
    r"\b(?:kafkaTemplate|streamBridge|rabbitTemplate|amqpTemplate|jmsTemplate)\s*\.\s*(?:send|convertAndSend)\s*\(|"
    r"\b(?:ch|channel)\s*\.\s*(?:basic_publish|basicPublish|BasicPublish(?:Async)?|sendToQueue|publish|"
    r"Publish(?:WithContext)?)"
    r"\s*\(|"
    r"\b(?:kafka_?)?producer\s*\.\s*(?:send|produce|send_and_wait|Produce(?:Async)?|ProduceAsync|SendMessage|"
    r"send_batch)\s*\(|"
    r"\b(?:_?publishEndpoint|_?bus|_?eventBus|_?publisher)\s*\.\s*(?:Publish|PublishAsync|publish)\s*(?:<[^>]*>)?\s*\(|"
    r"\b(?:sns|SNS|sns_client)\s*\.\s*publish\s*\(|\b(?:events|eventbridge|event_bridge)\s*\.\s*put_events\s*\(|"
    r"\bnew\s+(?:PublishCommand|PutEventsCommand)\s*\(|\bkafka\.Message\s*\{"
)
_PUBLISHING = Words(
    "kafkaTemplate", "streamBridge", "rabbitTemplate", "amqpTemplate", "jmsTemplate", "\npublish\n", "\nPublish\n",
    "_publish\n", "basicPublish", "BasicPublish", "PublishWithContext", "PublishAsync", "PublishCommand", "sendToQueue",
    "roducer\n", "put_events", "PutEventsCommand", "\nkafka\n",
)  # fmt: skip
_BROKERS = (
    "kafkajs", "amqplib", "nats", "@aws-sdk/client-sns", "@aws-sdk/client-eventbridge", "@google-cloud/pubsub",
    "kafka-python", "aiokafka", "confluent-kafka", "pika", "aio-pika", "nats-py", "google-cloud-pubsub",
    "org.springframework.kafka:*", "org.springframework.amqp:*", "org.springframework.boot:spring-boot-starter-amqp",
    "org.apache.kafka:*", "org.springframework.cloud:spring-cloud-stream*", "com.rabbitmq:*",
    "masstransit*", "confluent.kafka", "rabbitmq.client", "nservicebus*", "aspire.rabbitmq.client*",
    "aspire.confluent.kafka", "aspire.nats.net", "azure.messaging.servicebus", "aspire.azure.messaging.servicebus",
    "github.com/segmentio/kafka-go", "github.com/ibm/sarama", "github.com/IBM/sarama", "github.com/Shopify/sarama",
    "github.com/confluentinc/confluent-kafka-go*", "github.com/rabbitmq/amqp091-go", "github.com/nats-io/nats.go",
)  # fmt: skip


@rule(
    "A017",
    "Published events are described",
    level=Level.WARNING,
    source="AsyncAPI 3.0.0; Zalando RESTful API Guidelines, rule 195: event types are part of the interface",
    mend="Describe each event, its channel and its payload in an AsyncAPI document beside the code.",
    applies_when="a service that publishes to a broker",
    roles=(Role.SERVICE,),
)
def events_described(facts: Facts, root: Root) -> Iterator[Answer]:
    """An event is an interface like any other: somebody parses it. Undescribed, it changes without anybody knowing
    who breaks."""
    around = [*root.manifests, *(each for one in root.manifests for each in shared_manifests(facts, one))]
    broker = next((found for each in around if (found := each.needs(*_BROKERS))), None)
    if broker is None or not broker.runtime:
        yield NotApplicable("no broker's client is a dependency")
        return
    sources = tuple(
        path for path in files_of(facts, root) if path.endswith(_CODE) and facts.mentions(path, _PUBLISHING)
    )
    if any(each.kind in {"asyncapi", "protobuf"} for each in of(facts, root)) or _schemas(facts, root):
        yield from _undescribed(facts, root, sources)
        return
    first = next(facts.grep(sources, _PUBLISHES), None)
    if first is None:
        yield NotApplicable("it publishes nothing that can be seen")
        return
    at, match = first
    call = " ".join(match[0].split()).rstrip("({ ")
    yield Flaw(f"{root.name} publishes ({call}) and no AsyncAPI document describes what", at, "publishes")


# a topic that is literal, first of the arguments or named; with a broker that routes (AMQP) a name is no channel
_TOPIC = lazy_compile(
    r"\b(?:kafkaTemplate|streamBridge)\s?\.\s?send\(\s{0,40}\"(?P<spring>[\w.-]{1,120})\""
    r"|\bproducer\s?\.\s?(?:send|produce|send_and_wait|Produce|ProduceAsync)\(\s{0,40}(?:\{\s{0,40})?(?:topic\s?[:=]\s?)?[\"'](?P<any>[\w.-]{1,120})[\"']"
    r"|\b(?:kafka\.Message|sarama\.ProducerMessage)\{\s{0,40}Topic:\s{0,8}\"(?P<go>[\w.-]{1,120})\""
)


def _undescribed(facts: Facts, root: Root, sources: tuple[str, ...]) -> Iterator[Answer]:
    """Literal topics that none of the service's descriptions sends to, where they describe what it sends at all."""
    described = of(facts, root, "asyncapi")
    found = list(facts.grep(sources, _TOPIC)) if described else []
    if not found:
        return
    from machgen.check.api_first.event_changes import Events  # noqa: PLC0415 - few services publish to literal topics

    addresses = {
        address
        for each in described
        for sent, address in Events(each.path, each.document, lambda path: parsed(facts, path)).messages()
        if sent
    }
    known = [re.compile(re.sub(r"\\{[^{}]*\\}", "[^.]+", re.escape(address))) for address in sorted(addresses)]
    for at, match in found if known else ():
        topic = next(filter(None, match.groups()))
        if not any(pattern.fullmatch(topic) for pattern in known):
            message = f"{root.name} publishes to {topic}, which {described[0].path} does not describe"
            yield Flaw(message, at, f"topic {topic}")


def _schemas(facts: Facts, root: Root) -> bool:
    """Avro schemas describe events too."""
    return any(path.endswith(".avsc") for path in facts.below(root.path))


RULES = rules_in(vars())
