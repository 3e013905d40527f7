"""Where templates come from: the built-in pack, directories, menus of templates, and git repositories."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machgen import __version__, entries, gitpack, pack
from machgen.errors import BadRequest, MachgenError, Surroundings
from machgen.origin import Origin
from machgen.pack import builtin, open_pack
from machgen.tree import File, Tree

README = "{{cookiecutter.slug}}/README.md"


def make(directory: Path, files: dict[str, str]) -> Path:
    """Write `files` (path → text) below `directory`."""
    for path, text in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return directory


def template(directory: Path, **more: str) -> Path:
    """Write a template of one question and one file below `directory`."""
    return make(directory, {"cookiecutter.json": '{"slug": "x"}', README: "# {{cookiecutter.slug}}\n"} | more)


def git(directory: Path, *arguments: str) -> str:
    """Run git in `directory` and return what it printed."""
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *who, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one template: `first` is tagged v1, the branch `next` is one commit ahead of `main`."""
    directory = tmp_path / "origin" / "orders"
    directory.mkdir(parents=True)
    git(directory, "init", "--quiet", "--initial-branch=main")
    template(directory)
    git(directory, "add", "-A")
    git(directory, "commit", "--quiet", "-m", "first")
    git(directory, "tag", "-a", "v1", "-m", "one")
    (directory / README).write_text("second\n")
    git(directory, "commit", "--quiet", "-am", "second")
    git(directory, "checkout", "--quiet", "-b", "next/big")
    (directory / README).write_text("third\n")
    git(directory, "commit", "--quiet", "-am", "third")
    git(directory, "checkout", "--quiet", "main")
    return directory


class TestBuiltin:
    def test_offers_the_templates_of_this_repository(self) -> None:
        """The built-in pack is `templates/`, recorded with machgen's own version."""
        found = builtin()

        assert Origin("builtin", __version__) == found.origin
        assert "cookiecutter.json" in found.sources["service"]

    def test_is_what_no_source_and_its_name_mean(self) -> None:
        """`machgen.toml` records the pack as `builtin`, and that name leads back to it."""
        assert open_pack(None).origin == open_pack("builtin").origin == builtin().origin

    def test_reads_a_template_only_when_asked(self, tmp_path: Path) -> None:
        """A template is read when it is first looked up: an unreadable other one is nobody's concern."""
        template(tmp_path / "good")
        template(tmp_path / "bad")
        os.symlink("/etc/hostname", tmp_path / "bad" / "link")
        sources = pack._Builtin(str(tmp_path))

        assert ["bad", "good"] == list(sources)
        assert {"cookiecutter.json", README} == set(sources["good"])
        with pytest.raises(BadRequest, match="is absolute"):
            sources["bad"]
        with pytest.raises(KeyError):
            sources["../good"]

    def test_leaves_out_what_tests_leave_behind(self, tmp_path: Path) -> None:
        """A checkout in which the templates' own tests ran gives the same bytes as a wheel."""
        template(tmp_path / "one", **{"{{cookiecutter.slug}}/__pycache__/a.pyc": "x", ".mypy_cache/a": "x"})

        assert {"cookiecutter.json", README} == set(pack._Builtin(str(tmp_path))["one"])


class TestDirectory:
    def test_of_templates(self, tmp_path: Path) -> None:
        """Each directory with a cookiecutter.json directly below the pack is a template, named as it is."""
        template(tmp_path / "house" / "service")
        template(tmp_path / "house" / "shop")
        make(tmp_path / "house", {"docs/guide.md": "no template"})

        found = open_pack(str(tmp_path / "house"))

        assert Origin(str(tmp_path / "house"), "") == found.origin
        assert ["service", "shop"] == list(found.sources)
        assert (
            Tree({"cookiecutter.json": File(b'{"slug": "x"}'), README: File(b"# {{cookiecutter.slug}}\n")})
            == found.sources["shop"]
        )

    def test_that_is_one_template(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A plain cookiecutter template is a pack of one, named after its directory, also when named as `.`."""
        template(tmp_path / "orders")
        monkeypatch.chdir(tmp_path / "orders")

        assert ["orders"] == list(open_pack(str(tmp_path / "orders")).sources)
        assert ["orders"] == list(open_pack(".").sources)

    def test_inside_the_pack(self, tmp_path: Path) -> None:
        """`--directory` chooses where to look, and is recorded."""
        template(tmp_path / "repo" / "tools" / "cutters" / "one")

        found = open_pack(str(tmp_path / "repo"), directory="tools/cutters")

        assert ["one"] == list(found.sources)
        assert "tools/cutters" == found.origin.directory
        assert ["one"] == list(open_pack(str(tmp_path / "repo"), directory="tools/cutters/one").sources)

    def test_with_a_menu(self, tmp_path: Path) -> None:
        """cookiecutter's `templates` menu names the templates; a menu in the menu is joined with `/`."""
        menu = {"templates": {"a": {"path": "./one", "title": "A"}, "more": {"path": "deep"}}}
        inner = {"templates": {"b": {"path": "two"}}}
        make(tmp_path, {"cookiecutter.json": json.dumps(menu), "deep/cookiecutter.json": json.dumps(inner)})
        template(tmp_path / "one")
        template(tmp_path / "deep" / "two")
        template(tmp_path / "unlisted")

        assert ["a", "more/b"] == list(open_pack(str(tmp_path)).sources)

    def test_with_a_menu_of_the_old_style(self, tmp_path: Path) -> None:
        """cookiecutter's older `template` menu has labels with the directory in brackets."""
        make(tmp_path, {"cookiecutter.json": '{"template": ["The first (./one)", "Two (sub/two)"]}'})
        template(tmp_path / "one")
        template(tmp_path / "sub" / "two")

        assert ["one", "sub/two"] == list(open_pack(str(tmp_path)).sources)

    def test_keeps_the_executable_bit(self, tmp_path: Path) -> None:
        """The owner's executable bit is what a tree knows of permissions."""
        template(tmp_path, run="#!/bin/sh\n")
        (tmp_path / "run").chmod(0o700)
        (tmp_path / "cookiecutter.json").chmod(0o611)

        source = open_pack(str(tmp_path)).sources[tmp_path.name]

        assert (True, False) == (source["run"].executable, source["cookiecutter.json"].executable)

    def test_leaves_out_what_tools_keep_beside_the_source(self, tmp_path: Path) -> None:
        """A virtual environment with its links, caches and modules in the pack are neither read nor in its digest."""
        inside = "{{cookiecutter.slug}}/node_modules/x"
        template(tmp_path, **{inside: "x"})
        before = open_pack(str(tmp_path)).sources[tmp_path.name]
        make(tmp_path, {".tox/x": "", "hooks/__pycache__/x.pyc": "", "node_modules/x": "", ".pytest_cache/x": ""})
        (tmp_path / ".venv").mkdir()
        os.symlink("/usr/bin/python3", tmp_path / ".venv" / "python")

        assert before == open_pack(str(tmp_path)).sources[tmp_path.name]
        assert inside in before

    def test_leaves_out_git(self, tmp_path: Path) -> None:
        """The repository's own `.git` is no part of the template; one inside the project is, to be refused by name."""
        inside = "{{cookiecutter.slug}}/.git/hooks/post-checkout"
        template(tmp_path, **{".git/config": "x", "sub/.git": "gitdir: x", inside: "evil"})

        assert {"cookiecutter.json", README, inside} == set(open_pack(str(tmp_path)).sources[tmp_path.name])

    def test_reads_names_alike_in_any_locale(self, tmp_path: Path) -> None:
        """Names are UTF-8 whatever the locale says; other bytes survive as they are."""
        template(tmp_path, grün="x")
        (Path(os.fsdecode(bytes(tmp_path) + b"/\xff"))).write_text("x")
        code = "import sys; from machgen.pack import open_pack; print([*open_pack(sys.argv[1]).sources.values()][0])"
        trees = {
            subprocess.run(
                [sys.executable, "-X", utf8, "-c", code, str(tmp_path)],
                check=True,
                capture_output=True,
                cwd=Path(pack.__file__).parents[1],
                env={**os.environ, "LC_ALL": locale},
            ).stdout
            for locale, utf8 in (("C", "utf8=0"), ("C.UTF-8", "utf8=0"), ("POSIX", "utf8=1"))
        }

        assert 1 == len(trees)

    @pytest.mark.parametrize(
        ("files", "told"),
        [
            ({"README": "x"}, "no template in it: no cookiecutter.json there or one directory below"),
            ({"cookiecutter.json": '{\n "a": 1,\n x}'}, "cookiecutter.json:3: not valid JSON: "),
            ({"one/cookiecutter.json": "[]"}, "one/cookiecutter.json:1: the questions are no JSON object"),
            ({"cookiecutter.json": "[" * 100_000}, "cookiecutter.json: holds a number or a nesting that is too large"),
            ({"cookiecutter.json": '{"a": ' + "9" * 5000 + "}"}, "holds a number or a nesting that is too large"),
            ({"cookiecutter.json/x": ""}, "no template in it"),
            ({"cookiecutter.json": '{"templates": {"a": {"path": "../x"}}}'}, "the template 'a': no such directory"),
            ({"cookiecutter.json": '{"templates": {"a": {"path": "/etc"}}}'}, "the template 'a': an absolute path"),
            ({"cookiecutter.json": '{"templates": {"a": {"path": "."}}}'}, "this menu of templates offers itself"),
            ({"cookiecutter.json": '{"templates": {}}'}, '"templates" is not a menu'),
            ({"cookiecutter.json": '{"templates": ["a"]}'}, '"templates" is not a menu'),
            ({"cookiecutter.json": '{"template": "a"}'}, '"template" is not a menu'),
            ({"cookiecutter.json": '{"templates": {"a": {"path": "b"}}}', "b/c": ""}, "'a' has no cookiecutter.json"),
        ],
    )
    def test_with_a_fault_is_told_in_one_line(self, tmp_path: Path, files: dict[str, str], told: str) -> None:
        """What is wrong with a pack is said with file and, where there is one, line."""
        make(tmp_path, files)

        with pytest.raises(BadRequest) as caught:
            open_pack(str(tmp_path))

        assert told in caught.value.message
        assert "\n" not in caught.value.message

    def test_not_in_utf8_is_told_with_its_line(self, tmp_path: Path) -> None:
        """A cookiecutter.json in another encoding is named with the line of the first such byte."""
        (tmp_path / "cookiecutter.json").write_bytes(b'{\n"a": "\xe4"}')

        with pytest.raises(BadRequest, match=r"cookiecutter\.json:2: not UTF-8"):
            open_pack(str(tmp_path))

    @pytest.mark.parametrize(
        "source", ["", "nowhere", "-x", "a\0b", "https", "./x@v1", "gh:", "gh:o", "gl:o/", "bb:o /n"]
    )
    def test_that_is_none_is_refused(self, source: str) -> None:
        """What is neither a directory nor a repository is refused with how to name one."""
        with pytest.raises(BadRequest) as caught:
            open_pack(source)

        assert "URL@REF" in caught.value.hint

    @pytest.mark.parametrize("directory", ["..", "/etc", "gone", "cookiecutter.json", "a/../.."])
    def test_chosen_outside_the_pack_is_refused(self, tmp_path: Path, directory: str) -> None:
        """`--directory` names a directory of the pack."""
        template(tmp_path)

        with pytest.raises(BadRequest, match="--directory"):
            open_pack(str(tmp_path), directory=directory)

    def test_with_something_else_than_files_is_refused(self, tmp_path: Path) -> None:
        """A named pipe or socket would block or connect; it is named and never opened."""
        template(tmp_path)
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(BadRequest, match="pipe is a named pipe"):
            open_pack(str(tmp_path))
        (tmp_path / "pipe").unlink()

        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "talk"))
            with pytest.raises(BadRequest, match="talk is a socket"):
                open_pack(str(tmp_path))

    def test_too_large_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The bounds hold for the number of files, for their bytes and for the depth, before anything is read."""
        template(tmp_path)
        with open(tmp_path / "sparse", "wb") as sparse:
            sparse.truncate(entries.LARGEST_PACK + 1)
        with pytest.raises(BadRequest, match="more than 64 MiB"):
            open_pack(str(tmp_path))
        (tmp_path / "sparse").unlink()

        monkeypatch.setattr(entries, "MOST_FILES", 1)
        with pytest.raises(BadRequest, match="more than 1 files"):
            open_pack(str(tmp_path))
        monkeypatch.undo()

        (tmp_path / "/".join(["d"] * (entries.DEEPEST + 1))).mkdir(parents=True)
        with pytest.raises(BadRequest, match="more than 100 directories"):
            open_pack(str(tmp_path))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_that_cannot_be_read_is_the_surroundings(self, tmp_path: Path) -> None:
        """A file without permission is not the request's fault: exit code 3."""
        template(tmp_path, closed="x")
        (tmp_path / "closed").chmod(0)

        with pytest.raises(Surroundings, match=r"cannot read .*/closed: Permission denied"):
            open_pack(str(tmp_path))


class TestLinks:
    @pytest.mark.parametrize(
        ("links", "copied"),
        [
            ({"a": README}, {"a": "readme"}),
            ({"{{cookiecutter.slug}}/L": "../LICENSE"}, {"{{cookiecutter.slug}}/L": "license"}),
            ({"a": "b", "b": "c", "c": "LICENSE"}, {"a": "license", "b": "license", "c": "license"}),
            ({"templates": "sub"}, {"templates/f": "f"}),
            ({"a": "sub/../LICENSE"}, {"a": "license"}),
            ({"a": "s/f", "s": "sub"}, {"a": "f", "s/f": "f"}),
            ({"sub/x": "../other"}, {"sub/x/g": "g"}),
        ],
    )
    def test_inside_the_pack_are_copies(self, tmp_path: Path, links: dict[str, str], copied: dict[str, str]) -> None:
        """A link to a file or directory of the pack reads as what it leads to, as cookiecutter reads it."""
        files = {"LICENSE": "license", "sub/f": "f", "other/g": "g", README: "readme"}
        template(tmp_path, **files)
        for name, text in links.items():
            os.symlink(text, tmp_path / name)

        source = open_pack(str(tmp_path)).sources[tmp_path.name]

        assert {**files, **copied, "cookiecutter.json": '{"slug": "x"}'} == {
            p: f.data.decode() for p, f in source.items()
        }

    @pytest.mark.parametrize(
        ("links", "told"),
        [
            ({"a": "/etc/hostname"}, "the link a -> /etc/hostname is absolute"),
            ({"a": "../outside/secret"}, "the link a -> ../outside/secret leaves the pack"),
            ({"sub/a": "../../pack/LICENSE"}, "the link sub/a -> ../../pack/LICENSE leaves the pack"),
            ({"a": "b", "b": "../outside"}, "the link a -> b leaves the pack"),
            ({"a": "d/secret", "d": "../outside"}, "the link a -> d/secret leaves the pack"),
            ({"a": "gone"}, "the link a -> gone leads nowhere"),
            ({"a": "LICENSE/x"}, "the link a -> LICENSE/x leads nowhere"),
            ({"a": ".git/config"}, "the link a -> .git/config leads nowhere"),
            ({"a": "a"}, "the link a -> a loops"),
            ({"a": "b", "b": "a"}, "the link a -> b loops"),
            ({"sub/up": ".."}, "the link sub/up -> .. loops"),
            ({"sub/x": "../other", "other/y": "../sub"}, "loops"),
            ({"{{cookiecutter.slug}}/a": "/etc"}, "the link {{cookiecutter.slug}}/a -> /etc is absolute"),
        ],
    )
    def test_that_cannot_be_read_inside_are_refused(self, tmp_path: Path, links: dict[str, str], told: str) -> None:
        """A link out of the pack, to nothing, or in a circle is refused by its name and text."""
        make(tmp_path, {"outside/secret": "SECRET"})
        template(tmp_path / "pack", LICENSE="license", **{"sub/f": "f", "other/g": "g", ".git/config": "SECRET"})
        for name, text in links.items():
            os.symlink(text, tmp_path / "pack" / name)

        with pytest.raises(BadRequest) as caught:
            open_pack(str(tmp_path / "pack"))

        assert told in caught.value.message

    def test_to_directories_in_the_project_are_left_out_unless_copied(self, tmp_path: Path) -> None:
        """cookiecutter renders no linked directory of a project, but copies it where `_copy_without_render` says so."""
        files = {"shared/f": "{{ x }}", "cookiecutter.json": '{"slug": "x", "_copy_without_render": ["raw*"]}'}
        template(tmp_path, **files)
        os.symlink("../shared", tmp_path / "{{cookiecutter.slug}}" / "rendered")
        os.symlink("../shared", tmp_path / "{{cookiecutter.slug}}" / "raw")

        source = open_pack(str(tmp_path)).sources[tmp_path.name]

        assert {"cookiecutter.json", README, "shared/f", "{{cookiecutter.slug}}/raw/f"} == set(source)

    @given(
        links=st.dictionaries(
            st.sampled_from(["a", "b", "d/c", "d/e", "d/f/g"]),
            st.lists(st.sampled_from([*"abcefgd", "d", "f", "x", ".", "..", "", ".."]), min_size=1, max_size=5),
            max_size=5,
        )
    )
    @settings(max_examples=400, deadline=None)
    def test_lead_where_the_system_finds_them(self, links: dict[str, list[str]]) -> None:
        """For any links, what is resolved in memory is what the operating system resolves, or leaves the pack."""
        with tempfile.TemporaryDirectory() as scratch:
            root = make(Path(scratch, "way", "down", "pack"), {"x": "x", "d/f/y": "y", "d/z": "z"})
            for name, parts in links.items():
                os.symlink("/".join(parts).lstrip("/") or ".", root / name)
            found = entries.read_directory(str(root))

            for name in links:
                system = os.path.realpath(root / name)
                inside = system == str(root) or system.startswith(f"{root}/")
                try:
                    real: str | None = found.real(name)
                except BadRequest:
                    real = None
                if real is not None:
                    assert system == os.path.normpath(root / real)
                    assert os.path.exists(root / name)
                elif inside and os.path.exists(root / name):
                    assert _leaves(root, name), f"{name} was refused: {links}"

    @pytest.mark.parametrize("leaf", ["file", ""])
    def test_that_multiply_are_stopped(self, tmp_path: Path, leaf: str) -> None:
        """Twenty levels of two links each would make a million copies; the bounds hold for copies as well."""
        template(tmp_path)
        for level in range(20):
            (tmp_path / f"d{level}").mkdir()
            for name in "ab":
                os.symlink(f"../d{level + 1}", tmp_path / f"d{level}" / name)
        (tmp_path / "d20").mkdir()
        if leaf:
            (tmp_path / "d20" / leaf).write_text("x")

        with pytest.raises(BadRequest, match="more than 20,000 files"):
            open_pack(str(tmp_path))

    def test_swapped_in_while_reading_are_never_followed(self, tmp_path: Path) -> None:
        """A thread swaps a file and a directory for links outside all the time; no byte from there is ever read."""
        make(tmp_path, {"outside/secret": "SECRET"})
        root = template(tmp_path / "pack", **{"dir/secret": "inside", "file": "inside"})
        stop = threading.Event()

        def swap() -> None:
            swaps = ((root / "file", tmp_path / "outside" / "secret"), (root / "dir", tmp_path / "outside"))
            while not stop.is_set():
                for inside, outside in swaps:
                    kept = inside.with_name(inside.name + "~")
                    inside.rename(kept)
                    inside.symlink_to(outside)
                    inside.unlink()
                    kept.rename(inside)

        racing = threading.Thread(target=swap)
        racing.start()
        outcomes = set()
        try:
            for _ in range(400):
                try:
                    source = open_pack(str(root)).sources["pack"]
                except MachgenError as refused:
                    outcomes.add(type(refused).__name__)
                else:
                    outcomes.add("read")
                    assert all(b"SECRET" not in file.data for file in source.values())
        finally:
            stop.set()
            racing.join()

        assert "read" in outcomes
        assert outcomes <= {"read", "BadRequest", "Surroundings"}  # a link is refused, a file gone meanwhile unreadable


def _leaves(root: Path, name: str) -> bool:
    """Say whether the way of a path leaves `root`, be it to come back; found by following one link at a time."""
    here, todo = root, name.split("/")[::-1]
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        here = here.parent if part == ".." else here / part
        if here != root and root not in here.parents:
            return True
        if here.is_symlink():
            todo.extend(os.readlink(here).split("/")[::-1])
            here = here.parent
    return False


class TestGit:
    @pytest.mark.parametrize(
        ("ref", "text"),
        [("v1", "# {{cookiecutter.slug}}\n"), ("main", "second\n"), ("next/big", "third\n"), ("", "second\n")],
    )
    def test_is_read_at_a_ref(self, repository: Path, ref: str, text: str) -> None:
        """A tag, a branch with a slash, or the default branch; the full commit is recorded beside the ref."""
        url = repository.as_uri()
        found = open_pack(f"{url}@{ref}" if ref else url)

        commit = git(repository, "rev-parse", f"{ref or 'HEAD'}^{{commit}}")
        assert Origin(url, ref, commit) == found.origin
        assert text == found.sources["orders"][README].data.decode()

    def test_is_read_at_a_full_commit(self, repository: Path) -> None:
        """A commit that no branch points to any more is read by its full id; one that is not there is refused."""
        commit = git(repository, "rev-parse", "v1^{commit}")
        absent = commit[:-1] + f"{(int(commit[-1], 16) + 1) % 16:x}"

        assert commit == open_pack(f"{repository.as_uri()}@{commit}").origin.commit
        with pytest.raises(BadRequest, match=f"{absent} is no commit of this repository"):
            open_pack(f"{repository.as_uri()}@{absent}")

    def test_that_hands_out_no_single_commit_is_fetched_whole(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Servers of protocol version 0 refuse a commit by its id; then all branches and tags are fetched."""
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.version")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "0")
        commit = git(repository, "rev-parse", "v1^{commit}")

        assert commit == open_pack(f"{repository.as_uri()}@{commit}").origin.commit

    def test_on_this_machine_is_named_by_its_path(self, repository: Path, tmp_path: Path) -> None:
        """A bare repository is read as git; a working one is read as a directory, unless a ref is asked for."""
        bare = tmp_path / "bare" / "orders.git"
        git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(bare))
        (repository / README).write_text("not committed\n")

        assert b"second\n" == open_pack(str(bare)).sources["orders"][README].data
        assert b"third\n" == open_pack(f"{bare}@next/big").sources["orders"][README].data
        assert b"second\n" == open_pack(f"{repository}@main").sources["orders"][README].data
        assert b"not committed\n" == open_pack(str(repository)).sources["orders"][README].data

    def test_of_the_newer_hash_is_read_too(self, tmp_path: Path) -> None:
        """A repository of SHA-256 objects is recognised; its commit ids have 64 digits."""
        directory = template(tmp_path / "new")
        git(directory, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
        git(directory, "add", "-A")
        git(directory, "commit", "--quiet", "-m", "one")
        commit = git(directory, "rev-parse", "HEAD")

        assert 64 == len(commit)
        assert commit == open_pack(f"{directory.as_uri()}@main").origin.commit
        assert commit == open_pack(f"{directory.as_uri()}@{commit}").origin.commit

    def test_gives_links_and_modes_as_a_directory_does(self, repository: Path) -> None:
        """Committed links are resolved in the commit, executable bits kept, submodules left out."""
        (repository / "run").write_text("#!/bin/sh\n")
        (repository / "run").chmod(0o755)
        os.symlink("../run", repository / "{{cookiecutter.slug}}" / "run")
        commit = git(repository, "rev-parse", "HEAD")
        git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},vendored")
        git(repository, "add", "run", "{{cookiecutter.slug}}/run")
        git(repository, "commit", "--quiet", "-m", "links")

        source = open_pack(f"{repository.as_uri()}@main").sources["orders"]

        assert File(b"#!/bin/sh\n", executable=True) == source["{{cookiecutter.slug}}/run"] == source["run"]
        assert {"cookiecutter.json", README, "run", "{{cookiecutter.slug}}/run"} == set(source)

    @pytest.mark.parametrize("text", ["/etc/hostname", "../../../etc/hostname", "gone", "l"])
    def test_links_out_of_the_commit_are_refused(self, repository: Path, text: str) -> None:
        """A committed link that leads out of the commit is refused like one in a directory."""
        os.symlink(text, repository / "l")
        git(repository, "add", "l")
        git(repository, "commit", "--quiet", "-m", "link")

        with pytest.raises(BadRequest, match=f"the link l -> {text}"):
            open_pack(f"{repository.as_uri()}@main")

    def test_reads_what_was_committed(self, repository: Path) -> None:
        """No line-ending conversion, no keyword, no filter: attributes of the repository change no byte."""
        make(repository, {".gitattributes": "* text eol=crlf ident filter=evil export-subst\n", "id": "$Id$\n"})
        git(repository, "add", "-A")
        git(repository, "commit", "--quiet", "-m", "attributes")

        assert b"$Id$\n" == open_pack(f"{repository.as_uri()}@main").sources["orders"]["id"].data

    def test_too_large_to_fetch_is_refused(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server cannot fill the disk: what git fetches is bounded while it comes in."""
        (repository / "large").write_bytes(os.urandom(3 * 1024 * 1024))
        git(repository, "add", "large")
        git(repository, "commit", "--quiet", "-m", "large")
        monkeypatch.setattr(gitpack, "LARGEST_FETCH", 2 * 1024 * 1024)
        monkeypatch.setattr(gitpack, "_INTERVAL", 0.001)

        with pytest.raises(BadRequest, match="more than 2 MiB to fetch"):
            open_pack(f"{repository.as_uri()}@main")
        assert ["orders"] == list(open_pack(f"{repository.as_uri()}@v1").sources)

    def test_called_from_a_git_hook_reads_the_pack_it_is_told(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """git's own variables for the repository it works in do not lead to that repository."""
        other = tmp_path / "other"
        git(tmp_path, "init", "--quiet", str(other))
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))

        assert ["orders"] == list(open_pack(f"{repository.as_uri()}@v1").sources)
        assert [] == list((other / ".git" / "objects").glob("??"))

    @pytest.mark.parametrize(
        ("ref", "hint"),
        [
            ("mian", "did you mean main?"),
            ("zzzzzzzz", "it has main, next/big, v1"),
            ("abcdef0", "named by its full id"),
        ],
    )
    def test_without_that_ref_says_what_it_has(self, repository: Path, ref: str, hint: str) -> None:
        """An unknown ref is answered with the nearest one."""
        with pytest.raises(BadRequest) as caught:
            open_pack(f"{repository.as_uri()}@{ref}")

        assert f"{repository.as_uri()}: no branch, tag or commit '{ref}'" == caught.value.message
        assert hint in caught.value.hint

    @pytest.mark.parametrize(
        "ref",
        [
            "--upload-pack=touch x",
            "-v1",
            "+main",
            "a:b",
            "^main",
            "a b",
            "*",
            "a..b",
            "@{1}",
            "a\\b",
            "main^",
            "x.lock",
        ],
    )
    def test_takes_no_ref_that_is_more_than_a_name(self, repository: Path, ref: str) -> None:
        """Options, refspecs, patterns and revision expressions are refused before git is started."""
        with pytest.raises(BadRequest, match="is no name of a branch, tag or commit"):
            open_pack(f"{repository.as_uri()}@{ref}")

    @pytest.mark.parametrize(
        "source", ["ext::sh -c 'touch pwned'", "fd::17", "ftp://h/x@v", "git+ext://h/x", "-oProxyCommand=x", "file::/x"]
    )
    def test_takes_no_other_transport(self, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Transports that run commands or are not encrypted by choice are refused."""
        monkeypatch.chdir(tmp_path)
        with pytest.raises(BadRequest):
            open_pack(source)

        assert [] == list(tmp_path.iterdir())

    def test_elsewhere_is_said_to_be_out_of_reach(self, tmp_path: Path) -> None:
        """Nothing there: exit code 2. No way there: exit code 3. Neither shows a password."""
        with pytest.raises(BadRequest, match="not a git repository"):
            open_pack((tmp_path / "gone").as_uri() + "@v1")

        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # bound and not listening: the port refuses
            with pytest.raises(Surroundings) as caught:
                open_pack(f"http://user:hunter2@127.0.0.1:{closed.getsockname()[1]}/o/n.git@v1")

        assert caught.value.message.startswith("cannot reach http://127.0.0.1:")
        assert "hunter2" not in caught.value.message + caught.value.hint

    def test_missing_is_said_so(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without git on the PATH the surroundings failed: exit code 3 and how to mend it."""
        monkeypatch.setenv("PATH", "/nowhere")

        with pytest.raises(Surroundings) as caught:
            open_pack(f"{repository.as_uri()}@v1")

        assert "install git" == caught.value.hint

    @pytest.mark.parametrize(
        ("source", "url", "ref"),
        [
            ("gh:o/n@v1", "https://github.com/o/n.git", "v1"),
            ("gl:group/sub/n", "https://gitlab.com/group/sub/n.git", ""),
            ("bb:o/n@x/y", "https://bitbucket.org/o/n", "x/y"),
            ("git@host:o/n.git@v1", "git@host:o/n.git", "v1"),
            ("host.example:o/n@v1", "host.example:o/n", "v1"),
            ("https://u:p@host/o/n@shop@1.2", "https://u:p@host/o/n", "shop@1.2"),
            ("https://host/@scope/n.git@v1", "https://host/@scope/n.git", "v1"),
            ("https://host/@scope/n", "https://host/@scope/n", ""),
            ("ssh://git@host:22/o/n@v1", "ssh://git@host:22/o/n", "v1"),
        ],
    )
    def test_is_named_in_many_ways(self, source: str, url: str, ref: str) -> None:
        """URL@REF, host abbreviations as in cookiecutter, and ssh's short form."""
        assert (url, ref) == pack._repository(source)

    @pytest.mark.parametrize(
        ("url", "recorded"),
        [
            ("https://user:token@host/o/n", "https://host/o/n"),
            ("https://token@host:8443/o/n", "https://host:8443/o/n"),
            ("https://u:p@ss@host/o/n", "https://host/o/n"),
            ("ssh://git:pw@host/o/n", "ssh://git@host/o/n"),
            ("https://host/@scope/n", "https://host/@scope/n"),
            ("git@host:o/n", "git@host:o/n"),
            ("file:///a@b/c", "file:///a@b/c"),
        ],
    )
    def test_is_recorded_without_credentials(self, url: str, recorded: str) -> None:
        """What machgen.toml records may be committed for all to read."""
        assert recorded == gitpack.without_credentials(url)
