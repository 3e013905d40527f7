"""Dependency manifests of the main ecosystems: what a directory depends on, and which lock stands beside it."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from machgen.check.document import Map, Seq, dig, table
from machgen.check.facts import Facts, blanked, join, parent, place
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest import Dependency, Manifest
from machgen.check.model import Place
from machgen.check.version_catalog import version_catalog
from machgen.check.workspaces import linked


def manifests(facts: Facts) -> tuple[Manifest, ...]:
    """Return every manifest that is not a test's, a sample's or vendored, by path."""
    found: list[Manifest] = []
    for path in facts.paths:
        name = path.rpartition("/")[2].lower()
        read = _BY_NAME.get(name) or (_dotnet if name.endswith((".csproj", ".fsproj")) else None)
        if read is None and _REQUIREMENTS.match(name):
            read = _requirements
        if read is not None and not facts.is_beside(path):
            found.append(read(facts, path))
    return tuple(linked(facts, found))


def manifests_of(facts: Facts, directory: str) -> tuple[Manifest, ...]:
    """Return the manifests that stand in a directory itself."""
    return tuple(each for each in facts.once(manifests) if each.directory == directory)


def shared_manifests(facts: Facts, manifest: Manifest) -> Iterator[Manifest]:
    """Give the manifests of libraries in this repository that a manifest depends on, and of those that they do."""
    seen: set[str] = set()
    waiting: list[Dependency] = list(manifest.dependencies)
    while waiting:
        each = waiting.pop()
        if each.local is not None and each.local not in seen:
            seen.add(each.local)
            for inner in manifests_of(facts, each.local):
                yield inner
                waiting += inner.dependencies


_REQUIREMENT = lazy_compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)")
_REQUIREMENTS = lazy_compile(r"requirements[a-z0-9_.-]*\.txt\Z")


def _python_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pep508(items: object, path: str, *, runtime: bool) -> Iterator[Dependency]:
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str) and (match := _REQUIREMENT.match(item)):
            constraint = match[2].split(";")[0].strip()
            yield Dependency(_python_name(match[1]), constraint, place(path, items, index), runtime)


def _pyproject(facts: Facts, path: str) -> Manifest:
    document = facts.toml(path)
    project = dig(document, "project")
    found = list(_in_order(facts, path, _pep508(dig(project, "dependencies"), path, runtime=True)))
    for name, group in table(dig(project, "optional-dependencies")).items():
        optional = _pep508(group, path, runtime=name not in {"dev", "test", "tests", "docs", "lint"})
        found += _in_order(facts, path, (each._replace(extra=name) for each in optional))
    for group in table(dig(document, "dependency-groups")).values():
        found += _in_order(facts, path, _pep508(group, path, runtime=False))
    poetry = dig(document, "tool", "poetry")
    for key in ("dependencies", "dev-dependencies"):
        found += _table_dependencies(dig(poetry, key), path, _python_name, runtime=key == "dependencies")
    for group in table(dig(poetry, "group")).values():
        found += _table_dependencies(dig(group, "dependencies"), path, _python_name, runtime=False)
    found = _with_sources(found, dig(document, "tool", "uv", "sources"), parent(path))
    described = project if isinstance(project, Map) else poetry
    named = str(dig(described, "name") or "")
    where = described.lines if isinstance(described, Map) else {}
    tools_only = project is None and poetry is None
    return Manifest("python", path, named, str(dig(described, "version") or ""), tuple(found), where, tools_only)


def _with_sources(found: list[Dependency], sources: object, directory: str) -> list[Dependency]:
    """uv names a dependency's path beside the list that asks for it."""
    if not isinstance(sources, dict):
        return found
    local = {
        _python_name(name): join(directory, str(path)) for name, at in sources.items() if (path := dig(at, "path"))
    }
    return [each._replace(local=local.get(each.name, each.local)) for each in found]


def _in_order(facts: Facts, path: str, found: Iterable[Dependency]) -> Iterator[Dependency]:
    """TOML's arrays carry no lines: the line is the one that names the dependency in quotes."""
    lines = facts.lines(path)
    for each in found:
        name = "[-_.]".join(map(re.escape, each.name.split("-")))
        pattern = re.compile(rf"[\"']{name}\b", re.IGNORECASE)
        line = next((number for number, text in enumerate(lines, 1) if pattern.search(text)), each.at.line)
        yield each._replace(at=Place(path, line))


def _table_dependencies(table: object, path: str, fold: Callable[[str], str], *, runtime: bool) -> Iterator[Dependency]:
    if not isinstance(table, Map):
        return
    for name, value in table.items():
        constraint = value if isinstance(value, str) else str(dig(value, "version") or "")
        where = dig(value, "path")
        local = join(parent(path), where) if isinstance(where, str) else None
        yield Dependency(fold(name), constraint, place(path, table, name), runtime, local)


def _requirements(facts: Facts, path: str) -> Manifest:
    found: list[Dependency] = []
    runtime = not re.search(r"dev|test|lint|docs|build", path.rpartition("/")[2].lower())
    for number, line in enumerate(facts.lines(path), 1):
        text = line.split(" #")[0].strip().rstrip("\\").strip()
        if text.startswith(("-e ", "--editable ", "./", "../", "file:")):
            where = re.sub(r"\A(?:-e|--editable)\s+|file:(?://)?", "", text)
            found.append(Dependency(where, "", Place(path, number), runtime, join(parent(path), where)))
        elif not text.startswith(("#", "-")) and (match := _REQUIREMENT.match(text)):
            constraint = match[2].split(";")[0].split("--hash")[0].strip()
            found.append(Dependency(_python_name(match[1]), constraint, Place(path, number), runtime))
    return Manifest("python", path, dependencies=tuple(found))


def _pipfile(facts: Facts, path: str) -> Manifest:
    table = facts.toml(path)
    found = [*_table_dependencies(table.get("packages"), path, _python_name, runtime=True)]
    found += _table_dependencies(table.get("dev-packages"), path, _python_name, runtime=False)
    return Manifest("python", path, dependencies=tuple(found))


def _setup(facts: Facts, path: str) -> Manifest:
    text = facts.prose(path)
    asked = re.search(r"install_requires\s{0,99}=\s{0,99}(?:\[([^\]]{0,20000})\]|((?:\n[ \t]+\S.*)+))", text)
    items = Seq()
    if asked:
        items.extend(re.findall(r"[\"']([^\"']+)[\"']", asked[1]) if asked[1] else asked[2].split("\n"))
    name = re.search(r"\bname\s*=\s*[\"']?([A-Za-z0-9._-]+)", text)
    return Manifest("python", path, name[1] if name else "", dependencies=tuple(_pep508(items, path, runtime=True)))


def _package_json(facts: Facts, path: str) -> Manifest:
    document = facts.json(path)
    found: list[Dependency] = []
    for key in ("dependencies", "devDependencies", "optionalDependencies"):
        table = dig(document, key)
        if not isinstance(table, Map):
            continue
        for name, constraint in table.items():
            match = re.match(r"(?:file|link|portal):(.*)", constraint) if isinstance(constraint, str) else None
            local = join(parent(path), match[1]) if match else None
            at = place(path, table, name)
            found.append(Dependency(name.lower(), str(constraint), at, key != "devDependencies", local))
    lines = document.lines if isinstance(document, Map) else {}
    version = str(dig(document, "version") or "")
    scripts = dig(document, "scripts")
    published = dig(document, "private") is not True and bool(dig(document, "publishConfig") or dig(document, "files"))
    package = published and not (isinstance(scripts, Map) and "start" in scripts)
    return Manifest(
        "node",
        path,
        str(dig(document, "name") or ""),
        version,
        tuple(found),
        lines,
        bool(dig(document, "workspaces")),
        "package" if package else "",
    )


_POM_DEPENDENCY = lazy_compile(r"<(dependency|plugin|parent)>((?:(?!<\1>).)*?)</\1>", re.DOTALL)
_POM_FIELD = lazy_compile(r"<(groupId|artifactId|version|scope)>\s{0,99}([^<]{0,300}?)\s{0,99}</\1>")


def _pom(facts: Facts, path: str) -> Manifest:
    # behind the last end of a comment none begins: to look for its end from each beginning would take for ever
    text, end, rest = facts.prose(path).rpartition("-->")
    text = re.sub(r"<!--.*?-->", lambda match: blanked(match[0]), text + end, flags=re.DOTALL) + rest
    found: list[Dependency] = []
    for match in _POM_DEPENDENCY.finditer(text):
        fields = dict(_POM_FIELD.findall(re.sub(r"<exclusions>.{0,5000}?</exclusions>", "", match[2], flags=re.DOTALL)))
        name = f"{fields.get('groupId', '')}:{fields.get('artifactId', '')}"
        at = Place(path, text.count("\n", 0, match.start()) + 1)
        runtime = match[1] == "dependency" and fields.get("scope") not in {"test", "provided"}
        if match[1] == "parent" or runtime or match[1] == "dependency":
            found.append(Dependency(name, fields.get("version", ""), at, runtime))
        else:
            found.append(
                Dependency(f"plugin:{fields.get('artifactId', '')}", fields.get("version", ""), at, runtime=False)
            )
    own = dict(_POM_FIELD.findall(_POM_DEPENDENCY.sub("", text)))
    modules = "<modules>" in text and re.search(r"<packaging>\s*pom\s*<", text) is not None
    return Manifest("java", path, own.get("artifactId", ""), own.get("version", ""), tuple(found), {}, modules)


_GRADLE = lazy_compile(
    r"(?:^|[{;])[ \t]*(implementation|api|runtimeOnly|compileOnly|testImplementation|developmentOnly|compile)\b[ \t(]*"
    r"(?:platform\()?\s*([\"'][^\"'\n]+[\"'](?:\s*,\s*[\"'][^\"'\n]+[\"'])*)",
    re.MULTILINE,
)
_GRADLE_NAME = lazy_compile(r"[\"']([^:\"'\s]+):([^:\"'\s]+)(?::([^\"'\s]+))?[\"']")
_GRADLE_PLUGIN = lazy_compile(
    r"(?:^|[{;])\s*id[ (]*[\"']([^\"']+)[\"']\)?(?:\s+version\s+[\"']([^\"']+)[\"'])?", re.MULTILINE
)
_GRADLE_PROJECT = lazy_compile(
    r"(?:^|[{;])\s*(?:implementation|api)\b[ (]*project\([\"']:([^\"']+)[\"']\)", re.MULTILINE
)


_GRADLE_ALIAS = lazy_compile(
    r"(?:^|[{;(])[ \t]*(implementation|api|runtimeOnly|compileOnly|testImplementation|developmentOnly|alias)\b[ \t(]*"
    r"(?:platform\()?\s*libs\.([\w.]+)",
    re.MULTILINE,
)


def _catalogued(facts: Facts, path: str, text: str) -> Iterator[Dependency]:
    """What a build names by its version catalog: `libs.spring.web` is the library `spring-web`."""
    for match in itertools.islice(_GRADLE_ALIAS.finditer(text), 1_000):  # more than a person names
        for name, version in version_catalog(facts, path).get(match[2], ()):
            runtime = not match[1].startswith("test") and match[1] != "alias"
            yield Dependency(name, version, _at(path, text, match), runtime)


def _gradle(facts: Facts, path: str) -> Manifest:
    text = facts.prose(path)
    found = [
        Dependency(
            f"{name[1]}:{name[2]}",
            name[3] or "",
            Place(path, text.count("\n", 0, match.start(2) + name.start()) + 1),
            not match[1].startswith("test"),
        )
        for match in _GRADLE.finditer(text)
        for name in _GRADLE_NAME.finditer(match[2])
    ]
    found += [
        Dependency(f"plugin:{match[1]}", match[2] or "", _at(path, text, match), runtime=False)
        for match in _GRADLE_PLUGIN.finditer(text)
    ]
    found += _catalogued(facts, path, text)
    for match in _GRADLE_PROJECT.finditer(text):
        local = match[1].replace(":", "/")
        found.append(Dependency(f"project:{match[1]}", "", _at(path, text, match), local=local))
    version = re.search(r"^version\s*=?\s*[\"']([^\"']+)", text, re.MULTILINE)
    return Manifest("java", path, version=version[1] if version else "", dependencies=tuple(found), workspace=not found)


_PACKAGE = lazy_compile(
    r"<PackageReference\s[^>]{0,300}?Include=\"([^\"]+)\"(?:[^>]{0,300}?Version=\"([^\"]+)\")?", re.IGNORECASE
)
_PROJECT = lazy_compile(r"<ProjectReference\s[^>]{0,300}?Include=\"([^\"]+)\"", re.IGNORECASE)


def _dotnet(facts: Facts, path: str) -> Manifest:
    text = facts.prose(path)
    found = [Dependency(match[1].lower(), match[2] or "", _at(path, text, match)) for match in _PACKAGE.finditer(text)]
    for match in _PROJECT.finditer(text):
        target = join(parent(path), match[1].replace("\\", "/"))
        found.append(Dependency(match[1], "", _at(path, text, match), local=parent(target) if target else None))
    web = re.search(r"Sdk=\"Microsoft\.NET\.Sdk\.(Web|BlazorWebAssembly|Worker)\"", text)
    version = re.search(r"<Version(?:Prefix)?>([^<]+)<", text)
    return Manifest(
        "dotnet",
        path,
        path.rpartition("/")[2].rpartition(".")[0],
        version[1] if version else "",
        tuple(found),
        kind=web[1].lower() if web else "",
    )


_GO_REQUIRE = lazy_compile(r"^\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+)\s+(v\S+)([^\n]*)", re.MULTILINE)
_GO_REPLACE = lazy_compile(r"^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s+(\.\.?/\S*)", re.MULTILINE)


def _go(facts: Facts, path: str) -> Manifest:
    text = facts.prose(path)
    local = {match[1]: join(parent(path), match[2]) for match in _GO_REPLACE.finditer(text)}
    found = [
        Dependency(match[1], match[2], _at(path, text, match), "// indirect" not in match[3], local.get(match[1]))
        for match in _GO_REQUIRE.finditer(text)
        if "=>" not in match[0]
    ]
    module = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
    return Manifest("go", path, module[1] if module else "", dependencies=tuple(found))


def _cargo(facts: Facts, path: str) -> Manifest:
    table = facts.toml(path)
    found = [*_table_dependencies(table.get("dependencies"), path, str.lower, runtime=True)]
    found += _table_dependencies(table.get("dev-dependencies"), path, str.lower, runtime=False)
    package: Any = table.get("package")
    lines = package.lines if isinstance(package, Map) else {}
    version = dig(package, "version")
    version = version if isinstance(version, str) else ""
    return Manifest("rust", path, str(dig(package, "name") or ""), version, tuple(found), lines, package is None)


def _composer(facts: Facts, path: str) -> Manifest:
    document = facts.json(path)
    found: list[Dependency] = []
    for key in ("require", "require-dev"):
        table = dig(document, key)
        if isinstance(table, Map):
            found += [
                Dependency(name.lower(), str(value), place(path, table, name), key == "require")
                for name, value in table.items()
                if "/" in name
            ]
    package = str(dig(document, "type") or "project") != "project" and not _is_php_program(facts, path)
    return Manifest(
        "php",
        path,
        str(dig(document, "name") or ""),
        str(dig(document, "version") or ""),
        tuple(found),
        kind="package" if package else "",
    )


def _is_php_program(facts: Facts, path: str) -> bool:
    return join(parent(path), "public/index.php") in facts.known


def _at(path: str, text: str, match: re.Match[str]) -> Place:
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    return Place(path, text.count("\n", 0, start) + 1)


_BY_NAME: dict[str, Callable[[Facts, str], Manifest]] = {
    "pyproject.toml": _pyproject,
    "pipfile": _pipfile,
    "setup.py": _setup,
    "setup.cfg": _setup,
    "package.json": _package_json,
    "pom.xml": _pom,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "go.mod": _go,
    "cargo.toml": _cargo,
    "composer.json": _composer,
}
