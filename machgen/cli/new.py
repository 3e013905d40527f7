"""`machgen new`: from a template and answers to a project."""

import os
import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from machgen import git, hooks, project
from machgen.answers import Answers, resolve
from machgen.cli import console, options, prompts
from machgen.cli.given import gather
from machgen.cli.offer import Offer
from machgen.errors import BadRequest
from machgen.names import printable
from machgen.publish import publish, rewrite
from machgen.questions import questions
from machgen.render import Renderer
from machgen.target import check_target
from machgen.tree import Tree

if TYPE_CHECKING:
    from machgen.compose import Template


class Made(NamedTuple):
    """A project as it is, or would be, on disk.

    Args:
        template: The template it is made from.
        answers: The answers it is made with.
        target: The directory that is to hold it.
        tree: What the template renders.
        own: `machgen.toml` and the baseline.
    """

    template: "Template"
    answers: Answers
    target: str
    tree: Tree
    own: Tree


@click.command("new", short_help="Make a project from a template.")
@options.template(required=False)
@click.argument("target", metavar="[DIR]", required=False, type=click.Path())
@click.option(
    "-a",
    "--answer",
    "flags",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=options.answers,
    help="Answer one question; repeat it for more.",
)
@click.option(
    "--answers",
    "file",
    metavar="FILE",
    type=click.Path(),
    help="Answer from a TOML, JSON or YAML file, or from the machgen.toml of another project.",
)
@click.option("--no-input", is_flag=True, help="Ask nothing: what is not answered gets its default.")
@options.pack
@click.option("--trust", metavar="DIGEST", help="Run the hooks and extensions of the template with this digest.")
@click.option("--dry-run", is_flag=True, help="List every file, write nothing.")
@click.option("--no-git", is_flag=True, help="Make no git repository.")
@options.as_json
def command(template: str | None, target: str | None, **given: Any) -> None:
    """Make a project from a template in DIR.

    Without DIR the project's directory is named by the answers. Questions that are not answered by -a or --answers are
    asked, with the defaults that MACHGEN_ANSWER_<KEY> and ~/.cookiecutterrc give. The project becomes a git repository
    with a first commit.
    """
    offer = Offer(given["pack"], given["directory"])
    asking = console.is_interactive() and not given["no_input"]
    if template is None:
        template = _choose(offer, asking)
    composed, plan = offer.template(template)
    if target is not None:
        check_target(target)
    if not (given["no_git"] or given["dry_run"]):
        git.check_installed()
    with hooks.trusted(composed, given["trust"]) as code:
        renderer = Renderer(code.template, plan=plan, extensions=code.extensions)
        at_hand = gather(given["flags"], given["file"], target, code.template.root, questions(code.template))
        answers = resolve(code.template, renderer, at_hand, prompts.ask if asking else None)
        console.note(*(f"note: {each}" for each in answers.notes))
        target = target or renderer.root(answers.context)
        check_target(target)
        begun = Tree() if given["dry_run"] else code.pre_gen_project(answers.context, target)
        made = _made(composed, answers, target, begun | code.render(renderer, answers.context, target))
        if not given["dry_run"]:
            made = _publish(code, made, with_git=not given["no_git"])
    if given["as_json"]:
        console.document(_document(made))
    elif given["dry_run"]:
        _list_files(made)
    else:
        _report(made)


def _choose(offer: Offer, asking: bool) -> str:
    found = offer.descriptions()
    if len(found) == 1 and not offer.is_builtin:
        return next(iter(found))  # who names a pack of one template has named the template
    if asking:
        return prompts.choose("Templates", list(found.items()))
    raise BadRequest("no template named", hint=f"there are: {', '.join(found)}")


def _made(template: "Template", answers: Answers, target: str, tree: Tree) -> Made:
    own = project.own_files(template.name, template.origin, template.digest, answers.public, tree)
    return Made(template, answers, target, tree, own)


def _publish(code: hooks.Hooks, made: Made, *, with_git: bool) -> Made:
    """Write the project; return it as it is on disk, where a hook of the template has changed it."""
    with_git = with_git and _wants_repository(made.target)
    finished = made

    def finish(staged: str) -> None:
        nonlocal finished
        finished = _hooked(code, made, staged)
        if with_git:
            name = os.path.basename(os.path.abspath(made.target))
            git.first_commit(staged, f"Make {name} from {_named(made)}")

    publish(made.tree, made.target, own=made.own, before=finish)
    return finished


def _wants_repository(target: str) -> bool:
    around = git.work_tree_around(target)
    if around is None:
        return True
    console.note(f"note: {target} is in the git work tree {around.root}, so it gets no repository of its own")
    if around.ignored:
        add = shlex.join(["git", "-C", target, "add", "--force", *around.ignored])
        console.note(f"note: that work tree ignores {', '.join(around.ignored)}, which belong with the project: {add}")
    return False


def _hooked(code: hooks.Hooks, made: Made, staged: str) -> Made:
    """Run the template's own last hook; what it makes of the files is what later changes are to be compared with."""
    if not code.post_gen_project(made.answers.context, staged):
        return made
    made = _made(made.template, made.answers, made.target, hooks.read_back(staged))
    rewrite(staged, made.own)
    return made


def _named(made: Made) -> str:
    version = made.template.origin.version
    return f"{made.template.name} {version}".rstrip()


def _document(made: Made) -> dict[str, Any]:
    origin, files = made.template.origin, made.tree | made.own
    return {
        "target": made.target,
        "template": made.template.name,
        "pack": origin.pack,
        "version": origin.version,
        "commit": origin.commit,
        "digest": made.template.digest,
        "answers": made.answers.public,
        "files_digest": files.digest,
        "files": [
            {"path": path, "size": len(file.data), "executable": file.executable} for path, file in files.items()
        ],
    }


def _list_files(made: Made) -> None:
    files = made.tree | made.own
    width = max(len(str(len(file.data))) for file in files.values())
    for path, file in files.items():
        console.result(f"{'x' if file.executable else '-'} {len(file.data):>{width}} {path}")
    size = sum(len(file.data) for file in files.values())
    console.result(f"{made.target}: {len(files)} files, {size} bytes, {files.digest}; nothing was written")
    if runs := hooks.code(made.template):
        console.note(f"note: what {', '.join(runs)} would do is not in this list")


def _typed(target: str) -> str:
    """Return the target as `cd` takes it from a shell, and as a terminal can show it."""
    path = f"./{target}" if target.startswith("-") else target
    if path == printable(path):
        return shlex.quote(path)
    # the bytes, in the one kind of quotes that has escapes (POSIX.1-2024, "Dollar-Single-Quotes")
    shown = (chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\{b:03o}" for b in os.fsencode(path))
    return f"$'{''.join(shown)}'"


def _report(made: Made) -> None:
    console.result(f"Made {made.target} from {_named(made)}: {len(made.tree | made.own)} files. Next:", "")
    console.result(f"  cd {_typed(made.target)}")
    makefile = made.tree.get("Makefile")
    targets = set(re.findall(rb"^([a-z][a-z-]*):", makefile.data, re.MULTILINE)) if makefile else set()
    for target in (b"test", b"run"):
        if target in targets:
            console.result(f"  make {target.decode()}")
