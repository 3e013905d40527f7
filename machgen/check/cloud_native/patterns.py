"""What the rules look for in program text: per language, or whatever the language."""

import re

from machgen.check.lazy_regex import lazy_compile
from machgen.check.vocabulary import Words

_WORD = r"(?:secret_?key|jwt_?secret|jwt_?key|session_?secret|signing_?key|secret_?key_?base|cookie_?secret|token_?secret|auth_?secret|app_?secret|encryption_?key|secret)"
_ENDING = (
    "secret", "secret_key", "secretkey", "secret_key_base", "secret_keybase", "secretkey_base", "secretkeybase",
    "jwt_key", "jwtkey", "signing_key", "signingkey", "encryption_key", "encryptionkey",
)  # fmt: skip
_ENDS = Words(*(f"{word}\n" for word in _ENDING), folded=True)
"""What a word that `_WORD` matches to its end ends with, in lower case."""

DEFAULTS: tuple[tuple[tuple[str, ...], Words, re.Pattern[str]], ...] = (
    ((".py",), _ENDS, lazy_compile(rf"(?:environ\.get|getenv|env|config)\(\s*[\"']\w*?({_WORD})[\"']\s*,"
        rf"\s*(?:default\s*=\s*)?[\"']([^\"'\n]+)[\"']", re.IGNORECASE)),
    ((".py",), _ENDS, lazy_compile(rf"^[ \t]*\w*?({_WORD})\s*(?::\s*(?:str|SecretStr|"
        rf"bytes)\s*)?=\s*(?:SecretStr\()?b?[\"']([^\"'\n]+)[\"']", re.IGNORECASE | re.MULTILINE)),
    ((".js", ".ts", ".mjs", ".cjs"), _ENDS, lazy_compile(rf"process\.env(?:\.|\[[\"'])\w*?({_WORD})(?:[\"']\])?\s*(?:\|\|"
        rf"|\?\?)\s*[\"'`]([^\"'`\n]+)[\"'`]", re.IGNORECASE)),
    ((".js", ".ts", ".mjs", ".cjs"), Words("\nsession\n", "\njwt\n", "\nexpressjwt\n", "\ncookiesession\n", folded=True), lazy_compile(r"\b(session|jwt|expressjwt|"
        r"cookieSession)\(\s*\{[^{}]*?\b(?:secret|secretOrKey|keys)\s*:\s*\[?[\"']([^\"'\n]+)[\"']", re.IGNORECASE)),
    ((".js", ".ts", ".mjs", ".cjs"), Words("\njwt\n", folded=True), lazy_compile(r"\b(jwt)\.(?:sign|verify)\([^,()\n]+,\s*[\"']([^\"'\n]+)[\"']")),
    ((".properties", ".yml", ".yaml"), Words("secret\n", "key\n", "base\n", folded=True), lazy_compile(rf"^[ \t]*[\w.-]*?({_WORD.replace('_?', '[-_.]?')})\s*[:=]\s*[\"']?\$\{{[\w.]+:([^}}\s]+)\}}", re.IGNORECASE | re.MULTILINE)),
    ((".go",), _ENDS, lazy_compile(rf"\b\w*?({_WORD})\s*(?::=|=)\s*(?:\[\]byte\()?\"([^\"\n]+)\"", re.IGNORECASE)),
    ((".java", ".kt"), Words(*_ENDING, folded=True), lazy_compile(rf"\b(?:final\s+)?String\s+\w*?({_WORD})\w*\s*=\s*\"([^\"\n]+)\"", re.IGNORECASE)),
    (("appsettings.json", "appsettings.Production.json"), Words("secret\n", "key\n", folded=True), lazy_compile(r"\"(?:Jwt|JWT|JwtSettings|JwtOptions|JwtConfig|TokenSettings)\"\s*:\s*\{[^{}]{0,2000}?\"(Key|Secret|SecretKey|SigningKey|IssuerSigningKey)\"\s*:\s*\"([^\"\n]+)\"")),
    ((".cs",), Words("\nsymmetricsecuritykey\n", folded=True), lazy_compile(r"new SymmetricSecurityKey\(\s*Encoding\.\w+\.GetBytes\(\s*(\")([^\"\n]+)\"")),
)  # fmt: skip
"""File endings, parts of words of which one is in each match, and the pattern of a secret with a default: group 1 is its name, group 2 the default."""

PLAIN = "RequireHttpsMetadata = false"
"""What .NET calls taking an issuer's keys without TLS."""

TLS: tuple[tuple[tuple[str, ...], Words, re.Pattern[str], str], ...] = (
    ((".py",), Words("\nverify\n"), lazy_compile(r"\b(?:requests|httpx|session|client|aiohttp|http)\b[^\n#]*\bverify\s*=\s*False|"
        r"\.verify\s*=\s*False"), "verify=False"),
    ((".py",), Words("_create_unverified_context", "CERT_NONE", "check_hostname", "\nssl\n"), lazy_compile(r"_create_unverified_context|ssl\.CERT_NONE|check_hostname\s*=\s*False|"
        r"\bssl\s*=\s*False\b[^\n]*(?:get|post|request)"), "an unverified context"),
    ((".js", ".ts", ".mjs", ".cjs"), Words("rejectUnauthorized", "NODE_TLS"), lazy_compile(r"rejectUnauthorized\s*:\s*false|"
        r"NODE_TLS_REJECT_UNAUTHORIZED[\"'\]]*\s*=\s*[\"']?0"), "rejectUnauthorized: false"),
    ((".go",), Words("InsecureSkipVerify"), lazy_compile(r"InsecureSkipVerify\s*:\s*true"), "InsecureSkipVerify"),
    ((".java", ".kt"), Words("NoopHostname", "TrustAll", "InsecureTrust", "ALLOW_ALL"), lazy_compile(r"NoopHostnameVerifier|TrustAllStrategy|InsecureTrustManagerFactory|"
        r"ALLOW_ALL_HOSTNAME_VERIFIER"), "a trust manager that trusts all"),
    ((".cs",), Words("DangerousAccept", "CustomValidationCallback"), lazy_compile(r"DangerousAcceptAnyServerCertificateValidator|"
        r"ServerCertificateCustomValidationCallback\s*(?:\+)?=\s*(?:\([^)]*\)|"
            r"_)\s*=>\s*(?:\{\s*return\s+)?true"), "a validator that accepts all"),
    ((".cs",), Words("RequireHttpsMetadata"), lazy_compile(r"\bRequireHttpsMetadata\s*=\s*false"), PLAIN),
    ((".rs",), Words("danger_accept"), lazy_compile(r"danger_accept_invalid_(?:certs|hostnames)\(\s*true"), "danger_accept_invalid_certs"),
    ((".php",), Words("CURLOPT_SSL", "\nverify\n"), lazy_compile(r"CURLOPT_SSL_VERIFY(?:PEER|HOST)\s*(?:,|=>)\s*(?:false|0)|"
        r"[\"']verify[\"']\s*=>\s*false"), "CURLOPT_SSL_VERIFYPEER off"),
    (("dockerfile", ".sh", ".yml", ".yaml", "makefile"), Words("\ncurl\n", "certificate", "NODE_TLS", "sslVerify", "GIT_SSL", "strict", "PYTHONHTTPSVERIFY", "\ntls\n"), lazy_compile(r"\bcurl\s(?:[^|;&\n]{0,300}\s)?(?:-[a-zA-Z]{0,20}k[a-zA-Z]{0,20}|--insecure)(?=\s)[^|;&\n]{0,300}https://|--no-check-certificate|NODE_TLS_REJECT_UNAUTHORIZED\s*[=:]\s*[\"']?0|http\.sslVerify[= ]false|GIT_SSL_NO_VERIFY\s*[=:]\s*[\"']?(?:1|true)|strict-ssl\s+false|PYTHONHTTPSVERIFY\s*[=:]\s*[\"']?0|--skip-tls-verify\b|--insecure-skip-tls-verify\b"), "an option that skips the check"),
)  # fmt: skip
"""File endings, words of which one is in each match, the pattern of a check that is off, and what it is called."""

OF_RUNTIMES = lazy_compile(
    r"(?:OTEL_|JAVA_|JDK_|JVM_|NODE_|NPM_|PYTHON|UVICORN_|GUNICORN_|WEB_CONCURRENCY|ASPNETCORE_|DOTNET_|COMPlus_|"
        r"SPRING_|SERVER_|LOGGING_|"
    r"MANAGEMENT_|QUARKUS_|MICRONAUT_|EUREKA_|GIN_|GO(?:MAXPROCS|DEBUG|GC|MEMLIMIT|TRACEBACK)|GRPC_|TZ\Z|LANG\Z|"
        r"LC_|PATH\Z|HOME\Z|HOSTNAME\Z|"
    r"https?_proxy\Z|HTTPS?_PROXY|NO_PROXY|DD_|NEW_RELIC|INSTANA_|ELASTIC_APM|DATADOG|SENTRY_|AWS_|AZURE_|GOOGLE_|GCP_|"
        r"PIP_|UV_|MALLOC_|LD_|RUST_|"
    r"SSL_CERT|REQUESTS_CA|CURL_CA|POD_|K8S_|KUBERNETES_|SERVICE_NAME\Z|FLASK_|DJANGO_SETTINGS|PHP_|APACHE_|"
        r"NGINX_|PORT\Z|PROMETHEUS_|"
    r"DISABLE_PROFILER|ENABLE_|LOG_LEVEL|DEBUG\Z|RAILS_|VIRTUAL_ENV|TINI_|CATALINA_)",
    re.IGNORECASE,
)  # fmt: skip
"""Variables that a runtime, an agent or the platform reads, whatever the program does."""

STRUCTURED: tuple[tuple[str, ...], ...] = tuple(
    tuple(words.split("+"))
    for words in (
        "structlog",
        "python-json-logger",
        "pythonjsonlogger",
        "jsonformatter",
        "json_log_formatter",
        "ecs_logging",
        "loguru+serialize",
        "pino",
        "winston+json",
        "bunyan",
        "log4js+json",
        "logstashencoder",
        "logstash-logback-encoder",
        "jsonlayout",
        "jsontemplatelayout",
        "ecslayout",
        "ecsencoder",
        "logging.structured",
        "structured:+format",
        "quarkus-logging-json",
        "stackdriverlogging",
        "newjsonhandler",
        "newtexthandler",
        "zerolog",
        "go.uber.org/zap",
        "go-logr/logr",
        "go-kit/log",
        "addjsonconsole",
        "serilog",
        "addopentelemetry(",
        "tracing_subscriber+json",
        "logfmt",
        "opentelemetry+loggerprovider",
        "google.cloud.logging",
        "google-cloud-logging",
        "consolelogger(+json:",
        '"formattername": "json"',
        '"formattername":"json"',
        "usejsonformatter",
        "google.cloud.diagnostics",
        "applicationinsights",
        "aws.logger",
        "tracing_bunyan_formatter",
        "json_subscriber",
        "slog_json",
        "labstack/echo+middleware.logger(",
        "labstack/gommon/log",
        "structured_logger",
        "opentelemetry_appender",
    )
)
"""What makes log lines JSON or key-value: words in lower case, all of one entry in one file."""

HINTS = Words(*(max(re.findall(r"[a-z0-9_]+", max(words, key=len)), key=len) for words in STRUCTURED), folded=True)
"""The longest plain word of each entry: a file without any of them needs no closer look."""

TO_FILES = (
    ((".py",), Words("FileHandler", "basicConfig"), lazy_compile(r"^[^#\n]*\b(?:Rotating|TimedRotating|Watched)?FileHandler\(|"
        r"^[^#\n]*basicConfig\([^)\n]*filename\s*=", re.MULTILINE)),
    ((".js", ".ts", ".mjs", ".cjs"), Words("\ntransports\n", "\ndestination\n"), lazy_compile(r"transports\.(?:File|DailyRotateFile)\(|"
        r"pino\.destination\(\s*[\"'`][^\"'`]+")),
    ((".xml",), Words("FileAppender", "RollingFile", "RollingRandom", "\nFile\n"), lazy_compile(r"class=\"[\w.]*(?:Rolling)?FileAppender\"|<(?:RollingFile|RollingRandomAccessFile|"
        r"File)\s+name=")),
    ((".properties", ".yml", ".yaml"), Words("\nlogging\n"), lazy_compile(r"^[ \t]*logging\.file\.(?:name|path)\s*=|^logging:[ \t]*\n(?:[ "
        r"\t][^\n]*\n){0,60}?[ \t]+file:\s*(?:\n[ \t]+(?:name|path):|[^\s#])", re.MULTILINE)),
    ((".go",), Words("lumberjack"), lazy_compile(r"lumberjack\.Logger\{")),
    ((".cs", ".json"), Words("WriteTo", "\nFile\n"), lazy_compile(r"WriteTo\.File\(|\"Name\"\s*:\s*\"File\"")),
)  # fmt: skip
"""File endings, words of which one is in each match, and what logs to a file in them."""

AGENT = lazy_compile(
    r"opentelemetry-javaagent|dd-java-agent|elastic-apm-agent|opentelemetry-instrument\b|newrelic-admin|"
    r"applicationinsights-agent|otel-dotnet-auto|instrumentation\.opentelemetry\.io/inject"
)
"""Agents that observe a program from outside of its dependencies."""

CALLS: tuple[tuple[tuple[str, ...], str, Words, re.Pattern[str], str], ...] = (
    ((".py",), "requests.", Words("requests"), lazy_compile(r"\brequests\.(?:get|post|put|patch|delete|head|request)\(((?:[^()]|\((?:[^()]|"
        r"\([^()]*\))*\))*)\)"), "requests has none by default"),
    ((".py",), "urlopen(", Words("urlopen"), lazy_compile(r"\burllib\.request\.urlopen\(((?:[^()]|\([^()]*\))*)\)"), "urlopen has none by default"),
    ((".py",), "httpx.", Words("httpx"), lazy_compile(r"\bhttpx\.(?:AsyncClient|Client|get|post)\(((?:[^()]|"
        r"\([^()]*\))*timeout\s*=\s*None(?:[^()]|\([^()]*\))*)\)"), "it is switched off"),
    ((".go",), "http.", Words("DefaultClient"), lazy_compile(r"(?<=[\s(])http\.DefaultClient(?=\s*[,)\n}])()"), "Go's default client has none"),
    ((".go",), "http.", Words("http"), lazy_compile(r"\bhttp\.(?:Get|Post|PostForm|Head)\(()|\bhttp\.DefaultClient\.Do\(()|"
        r"&?\bhttp\.Client\{\s*()\}"), "Go's default client has none"),
    ((".java", ".kt"), "RestTemplate(", Words("RestTemplate"), lazy_compile(r"\bnew RestTemplate\(\s*()\)"), "RestTemplate has none by default"),
    ((".js", ".ts", ".mjs", ".cjs"), "axios.", Words("axios"), lazy_compile(r"\baxios\.(?:get|post|put|patch|delete|request)\(((?:[^()]|"
        r"\((?:[^()]|\([^()]*\))*\))*)\)|\baxios\.create\(((?:[^()]|\([^()]*\))*)\)"), "axios has none by default"),
)  # fmt: skip
"""File endings, a word of the call and what follows it, the word alone, calls that may lack a timeout (groups: what they are given), and why they wait for ever."""
