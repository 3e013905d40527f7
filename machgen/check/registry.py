"""Every rule there is. A module of rules ends with `RULES = rules_in(vars())` and is named here."""

import importlib

from machgen.check.model import Rule

MODULES: tuple[str, ...] = (
    "machgen.check.microservices",
    "machgen.check.delivery",
    "machgen.check.api_first.presence",
    "machgen.check.api_first.validity",
    "machgen.check.api_first.operation_rules",
    "machgen.check.api_first.data_rules",
    "machgen.check.api_first.compatibility",
    "machgen.check.api_first.agreement",
    "machgen.check.headless",
    "machgen.check.cross_origin",
    "machgen.check.cloud_native.base_image",
    "machgen.check.cloud_native.image_build",
    "machgen.check.cloud_native.image_downloads",
    "machgen.check.cloud_native.image_start",
    "machgen.check.cloud_native.workloads",
    "machgen.check.cloud_native.probing",
    "machgen.check.cloud_native.grace",
    "machgen.check.cloud_native.cluster_objects",
    "machgen.check.cloud_native.references",
    "machgen.check.cloud_native.schema",
    "machgen.check.cloud_native.process",
    "machgen.check.cloud_native.lifecycle",
    "machgen.check.cloud_native.outgoing_calls",
    "machgen.check.cloud_native.supply_chain",
    "machgen.check.cloud_native.contents",
    "machgen.check.landscape",
    "machgen.check.usage",
)
"""The modules that hold rules, one group each."""


def all_rules() -> tuple[Rule, ...]:
    """Return every built-in rule, by id.

    Raises:
        ValueError: Two rules have one id; a defect of machgen.
    """
    rules: dict[str, Rule] = {}
    for name in MODULES:
        for rule in importlib.import_module(name).RULES:
            if rule.id in rules:
                raise ValueError(f"two rules are called {rule.id}: {rules[rule.id].title!r} and {rule.title!r}")
            rules[rule.id] = rule
    return tuple(rules[key] for key in sorted(rules))
