"""What a pack would run: named and refused without consent, run by cookiecutter's own runner with it."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.compose import Template, compose
from machgen.errors import BadRequest
from machgen.hooks import Hooks, check_trust, code, load_extensions, read_back, trusted
from machgen.origin import Origin, Pack
from machgen.render import Renderer
from machgen.tree import File, Tree
from tests.templating import bake, template, write

SHELL = "#!/bin/sh\n"


def tiny(files: Mapping[str, str], questions: Mapping[str, Any] | None = None) -> Template:
    """Return a template with one rendered file and these more."""
    return template({"project_slug": "x", **(questions or {})}, {"a.txt": "{{ cookiecutter.project_slug }}", **files})


def extending(module: str, name: str = "local.Shout") -> Template:
    """Return a template with a module of its own and an extension from it."""
    return tiny({"/local.py": module, "shout.txt": "{{ 'a' | shout }}"}, {"_extensions": [name]})


SHOUT = """
from cookiecutter.utils import simple_filter

@simple_filter
def shout(text):
    import whisper
    return text.upper() + whisper.MARK

Shout = shout
"""


class TestCode:
    @pytest.mark.parametrize(
        ("files", "named"),
        [
            (["hooks/post_gen_project.py"], ("hooks/post_gen_project.py",)),
            (["hooks/pre_gen_project"], ("hooks/pre_gen_project",)),
            (["hooks/post_gen_project.sh", "hooks/pre_prompt.py"],
             ("hooks/pre_prompt.py", "hooks/post_gen_project.sh")),
            (["hooks/pre_gen_project.py", "hooks/pre_gen_project.sh"],
             ("hooks/pre_gen_project.py", "hooks/pre_gen_project.sh")),
            (["hooks/pre_prompt.exe"], ("hooks/pre_prompt.exe",)),
            (["hooks/post_gen_project.py~", "hooks/pre_gen_project.tar.gz", "hooks/other.py"], ()),
            (["hooks/pre_prompt/x.py", "sub/hooks/pre_prompt.py", "conftest.py", "sitecustomize.py"], ()),
        ],
    )  # fmt: skip
    def test_names_the_scripts_that_cookiecutter_would_run(self, files: list[str], named: tuple[str, ...]) -> None:
        """Which files are hooks is cookiecutter's rule: the name without its last extension, no backups."""
        made = tiny({f"/{path}": SHELL for path in files})

        assert named == code(made)

    def test_agrees_with_cookiecutter_on_any_name(self, tmp_path: Path) -> None:
        """cookiecutter's own search finds the same files."""
        from cookiecutter.hooks import find_hook  # noqa: PLC0415 - the judge of this test alone

        stems = ["pre_prompt", "pre_gen_project", "post_gen_project", "Pre_prompt", "pre_prompt.x", ".pre_prompt", "x"]
        names = [stem + end for stem in stems for end in ("", ".py", ".sh", ".py~", "~", ".", ".py.bak", " ")]
        made = tiny({f"/hooks/{name}": SHELL for name in names})
        write(made.files, tmp_path)
        found = {
            f"hooks/{Path(script).name}"
            for hook in ("pre_prompt", "pre_gen_project", "post_gen_project")
            for script in find_hook(hook, str(tmp_path / "hooks")) or []
        }

        assert len(found) > 5
        assert found == set(code(made))

    def test_names_extensions_that_are_not_jinjas_or_cookiecutters_own(self) -> None:
        """An extension is code wherever it lies; those that come with the engine are none of the pack's."""
        names = ["jinja2.ext.do", "cookiecutter.extensions.SlugifyExtension", "local.X", "jinja2_time.TimeExtension"]

        assert ("_extensions: local.X", "_extensions: jinja2_time.TimeExtension") == code(
            tiny({}, {"_extensions": names})
        )

    @pytest.mark.parametrize("value", ["local.X", {"local.X": 1}, [1], [["local.X"]], True, None])
    def test_refuses_extensions_that_are_no_list_of_names(self, value: Any) -> None:
        """cookiecutter would take a mapping's keys or a text's letters; here nothing can hide in them."""
        with pytest.raises(BadRequest, match="`_extensions` is no list of names"):
            code(tiny({}, {"_extensions": value}))


class TestConsent:
    def test_is_not_needed_for_data(self) -> None:
        """A template without code needs no `--trust`."""
        check_trust(tiny({}), None)

    def test_is_asked_for_with_what_would_run_the_digest_and_how_to_review(self) -> None:
        """The refusal has all that is needed to decide: what would run, what to type to read it, what to type then."""
        plain = tiny({"/hooks/post_gen_project.sh": SHELL}, {"_extensions": ["local.X"]})
        made = Template(
            "tiny", Origin("https://host/o/n.git", "v1", "0" * 40, "sub"), ("tiny",),
            plain.questions, plain.files, plain.root,
        )  # fmt: skip

        with pytest.raises(BadRequest) as caught:
            check_trust(made, None)

        assert "tiny would run code of its own: hooks/post_gen_project.sh, _extensions: local.X" == caught.value.message
        assert caught.value.hint == (
            "review it with `machgen show tiny --pack https://host/o/n.git@v1 --directory sub`, "
            f"and allow it with `--trust {made.digest}`"
        )

    def test_is_to_exactly_this_digest(self) -> None:
        """The whole digest, as it is shown, and nothing else: no prefix, no other case, no other algorithm."""
        made = tiny({"/hooks/post_gen_project.sh": SHELL})
        digest = made.digest
        other = tiny({"/hooks/post_gen_project.sh": SHELL + "#"}).digest
        check_trust(made, digest)

        wrong = [
            digest[:-1], digest[:20], digest + "0", digest.upper(), digest.removeprefix("sha256:"), f" {digest}",
            digest + "\n", digest.replace("sha256", "SHA256"), digest.replace("sha256", "md5"), digest[:-1] + "g",
            "sha256:", "", "*", "all", "yes", other,
        ]  # fmt: skip
        for each in wrong:
            with pytest.raises(BadRequest, match=r"is not what --trust .* allows: its digest is sha256:[0-9a-f]{64}"):
                check_trust(made, each)

    def test_is_to_every_byte_and_mode(self) -> None:
        """Another byte, name or executable bit anywhere in the template is another digest."""
        made = tiny({"/hooks/post_gen_project.sh": SHELL, "/local.py": "x"})
        changed = [
            made.files | {"local.py": File(b"y")},
            made.files | {"hooks/post_gen_project.sh": File(SHELL.encode(), executable=True)},
            made.files | {"more": File(b"")},
        ]

        for files in changed:
            with pytest.raises(BadRequest):
                check_trust(
                    Template("tiny", made.origin, made.layers, made.questions, Tree(files), made.root), made.digest
                )

    def test_to_something_else_is_refused_for_data_too(self) -> None:
        """Whoever names a digest means that one; another template is not used in its place."""
        with pytest.raises(BadRequest, match="is not what --trust"):
            check_trust(tiny({}), "sha256:" + "0" * 64)

    def test_missing_runs_and_makes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without consent not even a temporary directory is made."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        made = tiny({"/hooks/pre_prompt.sh": f"{SHELL}touch {tmp_path}/ran"})

        with pytest.raises(BadRequest), trusted(made, None):
            raise AssertionError
        with pytest.raises(BadRequest), trusted(made, made.digest[:-1]):
            raise AssertionError

        assert [] == list(tmp_path.iterdir())


class TestHooks:
    def test_run_in_cookiecutters_order_and_places(self, tmp_path: Path) -> None:
        """pre_gen_project in an empty directory of the project's name, post_gen_project in the staged project."""
        made = tiny(
            {
                "/hooks/pre_gen_project.sh": f"{SHELL}basename $PWD; ls -A; echo pre > made; echo pre > a.txt\n",
                "/hooks/post_gen_project.py": "import os\nnames = sorted(os.listdir('.'))\n"
                "open('post', 'w').write('-'.join(names))",
            }
        )
        target, staged = tmp_path / "shop", tmp_path / "staged"
        answers = {"project_slug": "shop"}

        with trusted(made, made.digest) as hooks:
            before = hooks.pre_gen_project(answers, str(target))
            tree = before | Renderer(hooks.template).tree(answers)
            write(tree, staged)
            hooks.post_gen_project(answers, str(staged))

        assert Tree({"a.txt": File(b"pre\n"), "made": File(b"pre\n")}) == before
        assert b"shop" == tree["a.txt"].data
        assert Tree({"a.txt": File(b"shop"), "made": File(b"pre\n"), "post": File(b"a.txt-made")}) == read_back(
            str(staged)
        )

    def test_give_the_same_project_as_cookiecutter(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A template with all three hooks comes out as cookiecutter bakes it."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # cookiecutter leaves its copies there
        hooks = {
            "/hooks/pre_prompt.py": "import json\nq = json.load(open('cookiecutter.json'))\nq['added'] = 'by hook'\n"
            "json.dump(q, open('cookiecutter.json', 'w'))\n",
            "/hooks/pre_gen_project.py": "open('pre.txt', 'w').write('{{ cookiecutter.project_slug }}')\n",
            "/hooks/post_gen_project.sh": SHELL + "mv b.txt c.txt\nprintf '%s' '{{ cookiecutter.added }}' > post.txt\n",
            "b.txt": "{{ cookiecutter.added | default('none') }}",
        }
        made = tiny(hooks)
        from cookiecutter.main import cookiecutter  # noqa: PLC0415 - the judge of this test alone

        write(made.files, tmp_path / "template")
        baked = cookiecutter(str(tmp_path / "template"), no_input=True, output_dir=str(tmp_path), default_config=True)

        staged = tmp_path / "staged"
        with trusted(made, made.digest) as running:
            answers = {"project_slug": "x", "added": "by hook"}
            assert answers == running.template.questions
            tree = running.pre_gen_project(answers, str(tmp_path / "x")) | Renderer(running.template).tree(answers)
            write(tree, staged)
            running.post_gen_project(answers, str(staged))

        assert read_back(baked) == read_back(str(staged))
        assert {"a.txt", "c.txt", "post.txt", "pre.txt"} == set(read_back(baked))

    def test_see_what_cookiecutter_tells_them(self, tmp_path: Path) -> None:
        """Beside the answers: the template's source and ref, where the project is staged, where the template lies."""
        text = "{{ [cookiecutter._template, cookiecutter._output_dir, cookiecutter._checkout, _cookiecutter] }}"
        script = f"{SHELL}cat > told <<'E'\n{text}\nE\ntest -f '{{{{ cookiecutter._repo_dir }}}}/cookiecutter.json'\n"
        made = tiny({"/hooks/post_gen_project.sh": script})

        with trusted(made, made.digest) as hooks:
            hooks.post_gen_project({"project_slug": "shop"}, str(tmp_path))

        assert f"['tiny', '{tmp_path.parent}', None, {{'project_slug': 'x'}}]\n" == (tmp_path / "told").read_text()

    def test_write_to_stderr(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """stdout belongs to machgen's results; what hooks say on either goes to stderr."""
        made = tiny({"/hooks/post_gen_project.sh": f"{SHELL}echo out; echo err >&2\n"})

        with trusted(made, made.digest) as hooks:
            hooks.post_gen_project({"project_slug": "x"}, str(tmp_path))
        os.write(1, b"result\n")

        assert ("result\n", "out\nerr\n") == capfd.readouterr()

    @pytest.mark.parametrize(
        ("hook", "text", "told"),
        [
            ("post_gen_project.sh", f"{SHELL}exit 7", "hooks/post_gen_project.sh failed: exit status: 7"),
            ("pre_gen_project.py", "raise SystemExit(3)", "hooks/pre_gen_project.py failed: exit status: 3"),
            ("pre_prompt.sh", f"{SHELL}kill -9 $$", "hooks/pre_prompt.sh failed: exit status: -9"),
            ("post_gen_project.sh", "", "hooks/post_gen_project.sh failed: "),
            ("post_gen_project.sh", "{{ gone }}", "hooks/post_gen_project.sh cannot be rendered: 'gone' is undefined"),
            ("post_gen_project.sh", "{% if %}", "hooks/post_gen_project.sh cannot be rendered: "),
        ],
    )
    def test_that_fail_say_which_and_how(
        self, tmp_path: Path, hook: str, text: str, told: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """One line with the script's name and its exit status, and no traceback from cookiecutter's log."""
        made = tiny({f"/hooks/{hook}": text})

        with pytest.raises(BadRequest) as caught, trusted(made, made.digest) as hooks:
            _run_all(hooks, tmp_path)

        assert told in caught.value.message
        assert "Traceback" not in capfd.readouterr().err

    def test_leave_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not in the directory for temporary files (where cookiecutter leaves copies), and not in this process."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
        (tmp_path / "tmp").mkdir()
        (tmp_path / "staged").mkdir()
        made = tiny({f"/hooks/{hook}.sh": SHELL for hook in ("pre_prompt", "pre_gen_project", "post_gen_project")})
        before = os.getcwd(), list(sys.path), tempfile.tempdir

        with trusted(made, made.digest) as hooks:
            _run_all(hooks, tmp_path / "staged")

        assert before == (os.getcwd(), sys.path, tempfile.tempdir)
        assert [] == list((tmp_path / "tmp").iterdir())

    def test_that_make_names_no_project_may_hold_are_refused(self) -> None:
        """What pre_gen_project leaves becomes part of the project and is judged like it."""
        made = tiny({"/hooks/pre_gen_project.sh": f"{SHELL}touch aux"})

        with (
            pytest.raises(BadRequest, match=r"hooks/pre_gen_project\.sh: .* 'aux'"),
            trusted(made, made.digest) as hooks,
        ):
            hooks.pre_gen_project({"project_slug": "x"}, "x")

    def test_may_make_the_project_directory(self) -> None:
        """A template may be an ordinary project that its pre_prompt hook makes a template of, after consent."""
        questions = {"cookiecutter.json": File(b'{"slug": "x"}')}
        move = File(f"{SHELL}mkdir '{{{{cookiecutter.slug}}}}' && mv a.txt '{{{{cookiecutter.slug}}}}'\n".encode())
        sources = {
            "moved": Tree({**questions, "a.txt": File(b"{{ cookiecutter.slug }}"), "hooks/pre_prompt.sh": move}),
            "never": Tree({**questions, "hooks/pre_prompt.sh": File(SHELL.encode())}),
        }
        moved, never = (compose(name, Pack(Origin("house", ""), sources)) for name in sources)

        with trusted(moved, moved.digest) as hooks:
            tree = hooks.render(Renderer(hooks.template), {"slug": "shop"}, "shop")

        assert Tree({"a.txt": File(b"shop")}) == tree
        with pytest.raises(BadRequest, match="would run code of its own"):
            check_trust(moved, None)
        with pytest.raises(BadRequest, match="its pre_prompt hook made none"), trusted(never, never.digest):
            raise AssertionError

    def test_that_destroy_the_template_are_told(self) -> None:
        """A pre_prompt hook that leaves no template fails like a broken template, before any question."""
        made = tiny({"/hooks/pre_prompt.sh": f"{SHELL}echo '{{' > cookiecutter.json"})

        with pytest.raises(BadRequest, match=r"cookiecutter\.json:2: not valid JSON"), trusted(made, made.digest):
            raise AssertionError


def _run_all(hooks: Hooks, staged: Path) -> None:
    hooks.pre_gen_project({"project_slug": "x"}, "x")
    hooks.post_gen_project({"project_slug": "x"}, str(staged))


class TestReadBack:
    def test_leaves_out_what_is_not_the_templates(self, tmp_path: Path) -> None:
        """The baseline holds what was made for the project: no repository, no environment, no link, nothing of ours."""
        for path in (
            "a", "sub/b", ".git/config", ".venv/bin/python", "sub/node_modules/x", "sub/__pycache__/c.pyc",
            "machgen.toml", ".machgen/baseline", "aux",
        ):  # fmt: skip
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text("x")
        os.symlink("/etc/hostname", tmp_path / "link")
        (tmp_path / "a").chmod(0o755)

        assert Tree({"a": File(b"x", executable=True), "sub/b": File(b"x")}) == read_back(str(tmp_path))


class TestExtensions:
    def test_of_the_template_render_as_in_cookiecutter(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A local extension module and what it imports later come from the trusted bytes."""
        made = tiny({"/local.py": SHOUT, "/whisper.py": "MARK = '!'", "shout.txt": "{{ 'a' | shout }}"},
                    {"_extensions": ["local.Shout"]})  # fmt: skip
        answers = {"project_slug": "x", "_extensions": ["local.Shout"]}

        with trusted(made, made.digest) as hooks:
            tree = Renderer(hooks.template, extensions=hooks.extensions).tree(answers)

        assert b"A!" == tree["shout.txt"].data
        assert {"local", "whisper"}.isdisjoint(sys.modules)

        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(tmp_path / "template"))
            assert bake(made.files, tmp_path) == tree
        for module in ("local", "whisper"):
            del sys.modules[module]  # cookiecutter leaves them loaded

    def test_see_where_the_project_goes(self) -> None:
        """cookiecutter tells extensions the output directory; templates without their own do not see it."""
        where = "{{ cookiecutter._output_dir | default('nowhere') }}"
        made = tiny({"/local.py": SHOUT, "where.txt": where}, {"_extensions": ["local.Shout"]})
        hooked = tiny({"/hooks/pre_prompt.sh": SHELL, "where.txt": where})

        told = []
        for each in (made, hooked):
            with trusted(each, each.digest) as hooks:
                renderer = Renderer(each, extensions=hooks.extensions)
                told.append(hooks.render(renderer, {"project_slug": "x"}, "/out/x")["where.txt"].data)

        assert [b"/out", b"nowhere"] == told

    def test_find_what_lies_beside_the_template(self) -> None:
        """cookiecutter renders with the template's project directory as the current one; extensions rely on it."""
        module = "from pathlib import Path" + SHOUT.replace(
            "import whisper", "whisper = type('', (), {'MARK': Path('../mark').read_text()})"
        )
        made = tiny({"/local.py": module, "/mark": "?", "b.txt": "{{ 'a' | shout }}"}, {"_extensions": ["local.Shout"]})
        before = os.getcwd()

        with trusted(made, made.digest) as hooks:
            tree = hooks.render(Renderer(made, extensions=hooks.extensions), {"project_slug": "x"}, "x")

        assert (b"A?", before) == (tree["b.txt"].data, os.getcwd())

    def test_that_fail_are_said_to(self) -> None:
        """What an extension raises is the template's error, named with the file, and no defect of machgen."""
        made = tiny(
            {"/local.py": SHOUT.replace("import whisper", "raise OSError('no whisper')"), "b.txt": "{{ 'a' | shout }}"},
            {"_extensions": ["local.Shout"]},
        )

        with trusted(made, made.digest) as hooks, pytest.raises(BadRequest, match=r"b\.txt: no whisper"):
            Renderer(made, extensions=hooks.extensions).tree({"project_slug": "x"})

    def test_do_not_shadow_installed_modules(self) -> None:
        """The template's directory comes last, as in cookiecutter: its `json.py` is not the standard library's."""
        made = tiny({"/colorsys.py": "raise SystemExit('shadowed')", "/hooks/pre_prompt.sh": SHELL})

        with trusted(made, made.digest):
            import colorsys  # noqa: PLC0415 - found through the path that is under test

        assert colorsys.ONE_THIRD

    def test_that_come_with_jinja_need_no_consent(self) -> None:
        """`{% do %}` and `{% break %}` are the engine's own code."""
        made = tiny(
            {"b.txt": "{% for i in [1, 2] %}{% do [].append(i) %}{{ i }}{% break %}{% endfor %}"},
            {"_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols"]},
        )

        with trusted(made, None) as hooks:
            tree = Renderer(made, extensions=hooks.extensions).tree({"project_slug": "x"})

        assert b"1" == tree["b.txt"].data

    @pytest.mark.parametrize(
        ("module", "name", "told"),
        [
            ("X = 1", "local.Gone", "cannot load the extension local.Gone: "),
            ("X = 1", "nowhere.X", "cannot load the extension nowhere.X: No module named 'nowhere'"),
            ("X = (", "local.X", "cannot load the extension local.X: "),
            ("X = 1", "local.X", "local.X is no Jinja extension"),
            ("class X: pass", "local.X", "local.X is no Jinja extension"),
            ("X = 1", "", "cannot load the extension "),
        ],
    )
    def test_that_cannot_be_loaded_are_named(self, module: str, name: str, told: str) -> None:
        """A missing package, class or a broken module ends in one line, not in a traceback."""
        made = extending(module, name)

        with pytest.raises(BadRequest) as caught, trusted(made, made.digest):
            raise AssertionError

        assert told in caught.value.message

    def test_of_none_load_nothing(self) -> None:
        """The common case imports not even Jinja's extension module."""
        assert () == load_extensions(tiny({}, {"_extensions": ["cookiecutter.extensions.SlugifyExtension"]}))
