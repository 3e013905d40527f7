"""Who answers under which name among the services of one tree: what a host in an address or a call leads to."""

from collections.abc import Iterator

from machgen.check.addresses import Address, addresses
from machgen.check.cloud_native.manifests import root_of_workload, services_of
from machgen.check.compose import compose_services
from machgen.check.facts import Facts, squeezed
from machgen.check.kubernetes import cluster
from machgen.check.model import Role
from machgen.check.roots import Root, roots


class Network:
    """Who answers under which name, for all roots at once."""

    def __init__(self, facts: Facts) -> None:
        self.hosts = facts.once(_hosts)
        self.names: dict[str, set[str]] = {}
        self.services: set[str] = set()
        # `catalog-api` is how service discovery calls what stands in Catalog.API
        self.folded: dict[str, list[Root]] = {}
        for name, root in self.hosts.items():
            self.names.setdefault(root.path, set()).add(name)
            if root.role is Role.SERVICE:
                self.services.add(root.path)
                self.folded.setdefault(squeezed(name), []).append(root)
        self._addresses: dict[str, list[tuple[int, Address]]] = {}
        for number, address in enumerate(facts.once(addresses)):
            self._addresses.setdefault(address.caller, []).append((number, address))

    def addresses_in(self, root: Root) -> Iterator[Address]:
        """Give the addresses that a root's settings hold, in order."""
        held = [each for name in self.names.get(root.path, ()) for each in self._addresses.get(name, ())]
        yield from (address for _, address in sorted(held, key=lambda each: each[0]))


class Siblings:
    """The services around one root, by name."""

    def __init__(self, network: Network, root: Root) -> None:
        self._network, self._root = network, root
        self._mine = {squeezed(name) for name in network.names.get(root.path, ())}

    def __bool__(self) -> bool:
        return len(self._network.services) > (self._root.path in self._network.services)

    def get(self, name: str) -> Root | None:
        """The service of a name, exact or squeezed; None where there is none beside the root."""
        exact = self._network.hosts.get(name)
        if exact is not None and exact.path != self._root.path and exact.role is Role.SERVICE:
            return exact
        if name in self._mine:
            return None
        named = self._network.folded.get(name, ())
        return next((each for each in reversed(named) if each.path != self._root.path), None)


def _hosts(facts: Facts) -> dict[str, Root]:
    """The roots by the names that others call them: in compose files, as workloads and as Services."""
    by_dockerfile = {each.path: root for root in facts.once(roots) for each in root.dockerfiles}
    found: dict[str, Root] = {}
    for each in facts.once(compose_services):
        if each.dockerfile in by_dockerfile:
            found.setdefault(each.name, by_dockerfile[each.dockerfile])
    for workload in facts.once(cluster).workloads:
        root = root_of_workload(facts, workload)
        if root is not None:
            for name in (workload.name, *(service.name for service in services_of(facts, workload))):
                found.setdefault(name, root)
    for root in facts.once(roots):
        if root.path and root.role is Role.SERVICE:
            found.setdefault(root.path.rpartition("/")[2], root)
    return found
