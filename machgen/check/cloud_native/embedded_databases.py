"""A database inside of the process, or in a file of the container's layer, that is a service's only one (C203)."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.environment import environment
from machgen.check.compose import compose_services
from machgen.check.document import items, maps
from machgen.check.facts import Facts
from machgen.check.image_use import containers_of
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Level
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_OTHERS = (
    # Python
    "psycopg*", "asyncpg", "pg8000", "mysqlclient", "pymysql", "aiomysql", "asyncmy", "mysql-connector-python",
    "pymongo", "motor", "beanie", "mongoengine", "redis", "cassandra-driver", "boto3", "aioboto3", "cx-oracle",
    "oracledb",
    "pyodbc", "google-cloud-firestore", "google-cloud-datastore", "google-cloud-spanner", "azure-cosmos",
    "elasticsearch",
    "opensearch-py", "neo4j", "dj-database-url", "django-environ", "environs", "sqlalchemy-libsql", "libsql*",
    "litefs*",
    # Node
    "pg", "pg-promise", "postgres", "mysql", "mysql2", "mariadb", "mongodb", "mongoose", "redis", "ioredis",
    "tedious",
    "mssql", "oracledb", "cassandra-driver", "@aws-sdk/*", "aws-sdk", "@google-cloud/*", "@azure/cosmos",
    "@elastic/elasticsearch", "@libsql/*", "@neondatabase/*", "@planetscale/*", "@supabase/*",
    # Go
    "github.com/lib/pq", "github.com/jackc/pgx*", "github.com/go-sql-driver/mysql", "gorm.io/driver/postgres",
    "gorm.io/driver/mysql", "gorm.io/driver/sqlserver", "go.mongodb.org/*", "github.com/redis/*",
    "github.com/go-redis/*", "github.com/aws/*", "cloud.google.com/*", "github.com/gocql/*",
    "github.com/tursodatabase/*",
    "github.com/microsoft/go-mssqldb", "github.com/denisenkom/go-mssqldb",
    # .NET
    "npgsql*", "aspire.npgsql*", "microsoft.entityframeworkcore.sqlserver*", "microsoft.data.sqlclient",
    "pomelo.entityframeworkcore*", "mysql*", "mongodb.*", "microsoft.entityframeworkcore.cosmos",
    "microsoft.azure.cosmos", "oracle.*", "stackexchange.redis", "marten", "aspire.*", "dapr.*",
    "microsoft.extensions.caching.stackexchangeredis", "dapper", "ravendb*", "awssdk.*",
)  # fmt: skip
"""Clients of databases that stand outside of the process, or what chooses among them."""

_MAPPERS = (
    # Python
    "sqlalchemy*", "sqlmodel", "django*", "tortoise-orm", "peewee*", "pony", "databases", "prisma", "aiosqlite",
    "confluent-kafka", "kafka-python*", "aiokafka", "pika", "aio-pika", "nats-py", "celery", "dapr*",
    # Node
    "@prisma/*", "typeorm", "@nestjs/typeorm", "sequelize", "knex", "drizzle-orm", "@mikro-orm/*", "objection",
    "@nestjs/mongoose", "better-sqlite3", "sqlite3", "kafkajs", "amqplib", "nats", "level", "lowdb", "nedb*",
    # Java
    "org.springframework.boot:spring-boot-starter-data-*", "org.springframework.boot:spring-boot-starter-jdbc",
    "org.springframework.boot:spring-boot-starter-amqp", "org.springframework.data:*", "org.springframework.kafka:*",
    "org.springframework.amqp:*", "org.springframework.cloud:spring-cloud-*stream*", "org.hibernate*", "org.mongodb:*",
    "io.quarkus:quarkus-*", "io.micronaut.data:*", "redis.clients:*", "io.lettuce:*", "org.redisson:*",
    "software.amazon.awssdk:*", "com.amazonaws:*", "com.google.cloud:*", "com.azure*", "org.mybatis*", "org.jooq:*",
    "org.postgresql:*", "mysql:*", "com.mysql:*", "org.mariadb.jdbc:*", "com.h2database:h2", "com.hazelcast:*",
    # Go
    "gorm.io/*", "entgo.io/*", "github.com/uptrace/bun*", "github.com/jmoiron/sqlx", "modernc.org/sqlite",
    "github.com/mattn/go-sqlite3", "go.etcd.io/*", "github.com/segmentio/kafka-go", "github.com/confluentinc/*",
    "github.com/rabbitmq/*", "github.com/nats-io/*", "github.com/ibm/sarama", "github.com/dapr/*",
    # .NET
    "microsoft.entityframeworkcore*", "linq2db*", "nhibernate*", "masstransit*", "confluent.kafka", "rabbitmq.client",
)  # fmt: skip
"""What maps objects to tables of whichever database, and brokers, which keep what they are told."""

_FILE = r"[\w./ %-]{1,200}?\.(?:db3?|sqlite3?|s3db)"
_OPENED = (
    ((".py",), whole("sqlite", "sqlite3", "aiosqlite", "DATABASES"), lazy_compile(
        rf"[\"']sqlite(?:\+\w+)?:///[^\"'\n]{{0,200}}[\"']|"
        rf"^[^#\n]*\b(?:aio)?sqlite3?\.connect\(\s*[\"'](?:{_FILE}|:memory:)[\"']|"
        r"[\"']ENGINE[\"']\s*:\s*[\"']django\.db\.backends\.sqlite3[\"']", re.MULTILINE)),
    ((".js", ".ts", ".mjs", ".cjs"), whole("sqlite", "sqlite3", "DatabaseSync"), lazy_compile(
        rf"\bnew\s+(?:sqlite3\.)?Database(?:Sync)?\(\s*[\"'`](?:{_FILE}|:memory:)[\"'`]|"
        r"require\([\"']better-sqlite3[\"']\)\(\s*[\"'`]|\b(?:type|dialect)\s*:\s*[\"'`](?:better-)?sqlite3?[\"'`]|"
        r"\bnew\s+Sequelize\(\s*[\"'`]sqlite:")),
    ((".prisma",), Words("sqlite"), lazy_compile(r"^\s*provider\s*=\s*\"sqlite\"", re.MULTILINE)),
    ((".go",), whole("sqlite", "sqlite3"), lazy_compile(
        r"\bsqlite\.Open\(\s*\"[^\"\n]{1,200}\"|"
        r"\bsqlx?\.(?:Open|Connect|MustConnect)\(\s*\"sqlite3?\",\s*\"[^\"\n]{1,200}\"")),
    ((".cs",), whole("UseInMemoryDatabase", "UseSqlite"), lazy_compile(
        r"^(?!\s*//)[^\n]*\.Use(?:InMemoryDatabase|Sqlite)\(", re.MULTILINE)),
)  # fmt: skip
"""File endings, words of which one is in each match, and what opens a database in the process or in a file."""

_IN_MEMORY = lazy_compile(r":memory:|UseInMemoryDatabase|sqlite(?:\+\w+)?:///?[\"']|mode=memory")
_ASIDE = lazy_compile(
    r"(?:\A|/)(?:migrations?|alembic|seeds?|scripts?|cli|tools?)/|[-_.](?:dev|local|test)\w*\.|conftest"
)
_CHOOSES = lazy_compile(r"(?i)(?:\A|_)(?:DATABASE|DB|SQLALCHEMY|DATASOURCE|CONNECTIONSTRINGS?)(?:_|\Z)")


def embedded_database(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Give where a root opens a database in its own process or in a file of its container, and has no other.

    Nothing is said where a client of another database is a dependency, where the environment names a database, or where
    a volume is mounted: then the file may be kept.
    """
    opened = next(_opened(facts, root), None)
    if opened is None or not root.dockerfiles or any(each.needs(*_OTHERS) for each in root.manifests):
        return
    if _is_kept(facts, root) or any(_CHOOSES.search(name) for name, _, _ in environment(facts, root)):
        return
    yield opened


def has_other_database(facts: Facts, root: Root) -> bool:
    """Whether anything that a root depends on, or its environment, tells of a place to keep data in."""
    return any(each.needs(*_OTHERS, *_MAPPERS) for each in root.manifests) or any(
        _CHOOSES.search(name) for name, _, _ in environment(facts, root)
    )


def _opened(facts: Facts, root: Root) -> Iterator[Flaw]:
    for path in files_of(facts, root):
        for endings, words, pattern in _OPENED:
            if not path.endswith(endings) or _ASIDE.search(path) or not facts.mentions(path, words):
                continue
            for at, match in facts.grep((path,), pattern):
                said = "in the memory of the process" if _IN_MEMORY.search(match[0]) else "in a file of its container"
                yield Flaw(f"{root.name} keeps its only database {said}", at, path, level=Level.WARNING)


def _is_kept(facts: Facts, root: Root) -> bool:
    """Whether a volume is mounted into the containers of a root, or its image declares one."""
    for dockerfile in root.dockerfiles:
        if dockerfile.final.all("VOLUME"):
            return True
        for workload, container in containers_of(facts, dockerfile):
            lost = {
                volume.get("name")
                for volume in maps(workload.pod.get("volumes"))
                if not volume.keys().isdisjoint({"emptyDir", "configMap", "secret", "projected", "downwardAPI"})
            }
            if any(mount.get("name") not in lost for mount in maps(container.get("volumeMounts"))):
                return True
    files = {each.path for each in root.dockerfiles}
    return any(
        items(each.node.get("volumes")) and each.dockerfile in files and not each.development
        for each in facts.once(compose_services)
    )
