"""What compose files and manifests set in the environment of a root's processes."""

from collections.abc import Iterator

from machgen.check.compose import compose_services
from machgen.check.document import Map, dig, maps
from machgen.check.facts import Facts, place
from machgen.check.image_use import containers_of
from machgen.check.kubernetes import cluster
from machgen.check.model import Place
from machgen.check.roots import Root


def environment(facts: Facts, root: Root) -> Iterator[tuple[str, object, Place]]:
    """Give what compose files and manifests set for a root: name, value (None where it is not literal), place."""
    for each in facts.once(compose_services):
        own = each.dockerfile in {dockerfile.path for dockerfile in root.dockerfiles}
        if own and not (each.development or each.node.get("command") or each.node.get("entrypoint")):
            for name, (value, at) in each.environment.items():
                yield name, value, at
    for dockerfile in root.dockerfiles:
        for workload, container in containers_of(facts, dockerfile):
            if container.get("command") or workload.kind in {"Job", "CronJob"}:
                continue
            for variable in maps(container.get("env")):
                yield str(variable.get("name")), variable.get("value"), place(workload.path, variable, "name")
            yield from _from_config_maps(facts, container)


def _from_config_maps(facts: Facts, container: Map) -> Iterator[tuple[str, object, Place]]:
    named = {str(dig(each, "configMapRef", "name")) for each in maps(container.get("envFrom")) if "prefix" not in each}
    for config in facts.once(cluster).of("ConfigMap"):
        data = config.node.get("data")
        if config.name in named and facts.once(_config_users).get(config.name) == 1 and isinstance(data, Map):
            for key in data:
                yield key, data[key], place(config.path, data, key)


def _config_users(facts: Facts) -> dict[str, int]:
    """How many kinds of containers take a ConfigMap into their environment: what is shared is not read by all."""
    users: dict[str, set[str]] = {}
    for workload in facts.once(cluster).workloads:
        for container in workload.all_containers:
            for source in maps(container.get("envFrom")):
                users.setdefault(str(dig(source, "configMapRef", "name")), set()).add(str(container.get("image")))
    return {name: len(images) for name, images in users.items()}
