"""What a pack would run, and running it after consent.

A cookiecutter template may bring hooks (scripts) and Jinja extensions (modules). None of that is touched without
`--trust DIGEST`, and the digest has to be the whole template's, exactly: consent is for bytes, not for a name, a branch
or a prefix. With it, cookiecutter's own hook runner runs precisely those bytes, laid out in a private directory.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from typing import TYPE_CHECKING, Any

from machgen.errors import BadRequest
from machgen.names import check_name, fault, printable
from machgen.tree import File, Tree

if TYPE_CHECKING:
    from jinja2.ext import Extension

    from machgen.compose import Template
    from machgen.render import Renderer

_HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
# these come with Jinja and cookiecutter: to name them runs nothing of the pack's, and the sandbox holds for them
_HARMLESS = frozenset(
    f"jinja2.ext.{name}" for name in ("do", "ExprStmtExtension", "loopcontrols", "LoopControlExtension")
)
_ALWAYS_THERE = frozenset(
    f"cookiecutter.extensions.{name}Extension" for name in ("Jsonify", "RandomString", "Slugify", "Time", "UUID")
)
# what tools make anew in every checkout is no part of what a template rendered
_MADE_ANEW = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__"})


def code(template: "Template") -> tuple[str, ...]:
    """Name what a template would run: `hooks/post_gen_project.py`, `_extensions: local.Extension`.

    Which files are hooks is cookiecutter's rule (`cookiecutter.hooks.valid_hook`): those directly in `hooks/` whose
    name without its last extension is a hook's, and that do not end in `~`.

    Args:
        template: The composed template.

    Returns:
        The names, safe to show, hooks in the order they run; empty for a template that is only data.

    Raises:
        BadRequest: `_extensions` is no list of names.
    """
    scripts = [printable(script) for hook in _HOOKS for script in _scripts(template, hook)]
    foreign = [name for name in _extensions(template) if name not in _HARMLESS and name not in _ALWAYS_THERE]
    return (*scripts, *(f"_extensions: {printable(name)}" for name in foreign))


def _scripts(template: "Template", hook: str) -> list[str]:
    found = [path.removeprefix("hooks/") for path in template.files if path.startswith("hooks/")]
    scripts = [f"hooks/{each}" for each in found if os.path.splitext(each)[0] == hook and not each.endswith("~")]
    if scripts:
        from machgen.export import HOOKS  # noqa: PLC0415 - data-only templates do without

        # what our own export added, byte for byte, does for cookiecutter what machgen does by itself: it is not run
        scripts = [each for each in scripts if template.files[each].data not in HOOKS]
    return scripts


def _extensions(template: "Template") -> list[str]:
    names = template.questions.get("_extensions", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequest(
            f"{printable(template.name)}/cookiecutter.json: `_extensions` is no list of names",
            hint='write ["package.module.Class", …]',
        )
    return names


def check_trust(template: "Template", trust: str | None) -> None:
    """Refuse a template that would run code without consent to exactly its bytes.

    Args:
        template: The composed template.
        trust: What `--trust` says: the digest as `machgen show` prints it, whole; None without the option.

    Raises:
        BadRequest: It would run code and there is no consent, or the consent is to something else.
    """
    name, would_run = printable(template.name), code(template)
    if trust is not None and trust != template.digest:
        raise BadRequest(
            f"{name} is not what --trust {printable(trust)} allows: its digest is {template.digest}",
            hint=f"it is another template or another version: review it with {_show(template)}",
        )
    if trust is None and would_run:
        raise BadRequest(
            f"{name} would run code of its own: {', '.join(would_run)}",
            hint=f"review it with {_show(template)}, and allow it with `--trust {template.digest}`",
        )


def _show(template: "Template") -> str:
    from shlex import quote  # noqa: PLC0415 - only a refusal needs it

    words = ["machgen", "show", template.name]
    origin = template.origin
    if origin.pack != "builtin":
        words += ["--pack", origin.pack + (f"@{origin.version}" if origin.version else "")]
    if origin.directory:
        words += ["--directory", origin.directory]
    return f"`{' '.join(quote(printable(word)) for word in words)}`"


class Hooks:
    """The code of one trusted template, ready to run; made by `trusted`.

    Args:
        template: The template, as its `pre_prompt` hook left it.
        extensions: Its extension classes, for the renderer.
        directory: Where its bytes are laid out; None where it has no hook to run.
        scratch: A private directory for what running it needs.
    """

    def __init__(
        self,
        template: "Template",
        extensions: "tuple[type[Extension], ...]" = (),
        directory: str | None = None,
        scratch: str = "",
    ) -> None:
        self.template = template
        self.extensions = extensions
        self._directory = directory
        self._scratch = scratch

    def render(self, renderer: "Renderer", answers: Mapping[str, Any], target: str) -> Tree:
        """Render the template as its extensions know it from cookiecutter.

        Those that were trusted find the project directory of the template as the current one, and `_output_dir` among
        the answers. Other templates see no path of this machine: the same answers give the same bytes everywhere.

        Args:
            renderer: The template's renderer.
            answers: The value of `cookiecutter` in the template.
            target: The directory that is to hold the project.

        Raises:
            BadRequest: See `Renderer.tree`.
        """
        if self._directory is None or not self.extensions:
            return renderer.tree(answers)
        output = os.path.dirname(os.path.abspath(target))
        with chdir(os.path.join(self._directory, self.template.root)):
            return renderer.tree({**answers, "_output_dir": output})

    def pre_gen_project(self, answers: Mapping[str, Any], target: str) -> Tree:
        """Run the hook that comes before the project, in an empty directory.

        Args:
            answers: The value of `cookiecutter` in the template.
            target: The directory that is to hold the project; the hook works in another one of the same name.

        Returns:
            The files that it made, for what is rendered to be laid over.

        Raises:
            BadRequest: The hook failed, or made a file that no project may hold.
        """
        if not _scripts(self.template, "pre_gen_project"):
            return Tree()
        project = os.path.join(self._scratch, "project", os.path.basename(os.path.abspath(target)) or "project")
        os.makedirs(project)
        self._run("pre_gen_project", project, answers)
        made = _files(project)
        for path in made:
            check_name(path, _scripts(self.template, "pre_gen_project")[0])
        return made

    def post_gen_project(self, answers: Mapping[str, Any], staged: str) -> bool:
        """Run the hook that comes after the project.

        Args:
            answers: The value of `cookiecutter` in the template.
            staged: The directory in which it is complete but not yet published.

        Returns:
            Whether there was one.

        Raises:
            BadRequest: The hook failed.
        """
        if not _scripts(self.template, "post_gen_project"):
            return False
        self._run("post_gen_project", staged, answers)
        return True

    def _run(self, hook: str, project: str, answers: Mapping[str, Any]) -> None:
        from cookiecutter.hooks import run_hook_from_repo_dir  # noqa: PLC0415 - only trusted hooks need it

        origin = self.template.origin
        # what cookiecutter itself adds to the answers (`cookiecutter.main`)
        added = {
            "_template": origin.pack,
            "_output_dir": os.path.dirname(project),  # hooks look for the project in it, before it is published
            "_repo_dir": self._directory,
            "_checkout": (origin.commit and origin.version) or None,
        }
        raw = {key: value for key, value in self.template.questions.items() if not key.startswith("_")}
        context = {"cookiecutter": {**answers, **added}, "_cookiecutter": raw}
        directory = self._directory or ""  # never None where there is a hook
        _by_cookiecutter(
            self.template,
            hook,
            self._scratch,
            lambda: run_hook_from_repo_dir(directory, hook, project, context, delete_project_on_failure=False),
        )


@contextmanager
def trusted(template: "Template", trust: str | None) -> Iterator[Hooks]:
    """Check the consent and make a template's code ready to run, its `pre_prompt` hook run.

    While the context lasts, modules of the template can be imported, as in cookiecutter: from its own directory, after
    everything else. Nothing of it remains afterwards.

    Args:
        template: The composed template.
        trust: What `--trust` says, None without the option.

    Raises:
        BadRequest: There is no consent (see `check_trust`), the `pre_prompt` hook failed, what it left is no template,
            or an extension cannot be loaded.
    """
    check_trust(template, trust)
    if not code(template):
        yield Hooks(template, load_extensions(template))
        return
    import tempfile  # noqa: PLC0415 - only trusted code needs it

    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="machgen-", ignore_cleanup_errors=True))
        directory = os.path.join(scratch, "template", template.name.rsplit("/", 1)[-1])
        lay_out(template.files, directory)
        os.mkdir(os.path.join(scratch, "run"))
        if _scripts(template, "pre_prompt"):
            directory, template = _pre_prompt(template, directory, scratch)
        stack.enter_context(_importable(directory))
        yield Hooks(template, load_extensions(template), directory, scratch)


def _pre_prompt(template: "Template", directory: str, scratch: str) -> "tuple[str, Template]":
    """Run the hook that may rewrite the template, and read the template that it leaves."""
    from cookiecutter.hooks import run_pre_prompt_hook  # noqa: PLC0415 - only trusted hooks need it

    from machgen.compose import compose  # noqa: PLC0415 - as above
    from machgen.entries import read_directory  # noqa: PLC0415 - as above
    from machgen.origin import Pack  # noqa: PLC0415 - as above

    left: list[str] = []
    _by_cookiecutter(template, "pre_prompt", scratch, lambda: left.append(str(run_pre_prompt_hook(directory))))
    source = read_directory(left[0], where=template.name).tree()
    rewritten = compose(template.name, Pack(template.origin, {template.name: source}))
    if not rewritten.root:
        raise BadRequest(f"{printable(template.name)}: no project directory, and its pre_prompt hook made none")
    return left[0], rewritten._replace(layers=template.layers)


def _by_cookiecutter(template: "Template", hook: str, scratch: str, run: Callable[[], object]) -> None:
    """Run one of cookiecutter's hook functions, its temporary files in our directory, its output on stderr."""
    import jinja2  # noqa: PLC0415 - only trusted hooks need it
    from cookiecutter.exceptions import CookiecutterException, FailedHookException  # noqa: PLC0415 - as above

    scripts = ", ".join(_scripts(template, hook))
    try:
        with _temporary_files_in(os.path.join(scratch, "run")), _silenced(), _stdout_to_stderr():
            run()
    except FailedHookException as error:
        said = error.__cause__ if isinstance(error.__cause__, FailedHookException) else error
        why = re.search(r"\((.*)\)", str(said))
        raise BadRequest(
            f"{printable(template.name)}: {printable(scripts)} failed: {printable(why[1] if why else str(said))}",
            hint="nothing was made; the hook's own words are above",
        ) from error
    except (jinja2.TemplateError, CookiecutterException, UnicodeDecodeError) as error:
        raise BadRequest(
            f"{printable(template.name)}: {printable(scripts)} cannot be rendered: {printable(str(error))}",
            hint="nothing was made; mend the hook",
        ) from error


@contextmanager
def _temporary_files_in(directory: str) -> Iterator[None]:
    # cookiecutter leaves rendered hooks and copied templates behind in the directory for temporary files
    import tempfile  # noqa: PLC0415 - only trusted hooks need it

    kept, tempfile.tempdir = tempfile.tempdir, directory
    try:
        yield
    finally:
        tempfile.tempdir = kept


@contextmanager
def _silenced() -> Iterator[None]:
    # cookiecutter logs a failing hook with a traceback; what failed is said in one line instead
    import logging  # noqa: PLC0415 - only trusted hooks need it

    log = logging.getLogger("cookiecutter.hooks")
    kept, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = kept


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    # hooks inherit the descriptors, not Python's streams; stdout belongs to machgen's results
    import sys  # noqa: PLC0415 - only trusted hooks need it

    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def _importable(directory: str) -> Iterator[None]:
    """Let modules be imported from a directory, after everything else; forget them again afterwards."""
    import importlib  # noqa: PLC0415 - only trusted code needs it
    import sys  # noqa: PLC0415 - as above

    known = set(sys.modules)
    sys.path.append(directory)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(directory)
        for name in set(sys.modules) - known:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(directory + os.sep):
                del sys.modules[name]


def load_extensions(template: "Template") -> "tuple[type[Extension], ...]":
    """Load the Jinja extensions that a template names; its consent is checked and its directory importable.

    Raises:
        BadRequest: There is no such module or class, or it is no Jinja extension.
    """
    names = [name for name in _extensions(template) if name not in _ALWAYS_THERE]
    if not names:
        return ()
    from jinja2.ext import Extension  # noqa: PLC0415 - only templates with extensions need it
    from jinja2.utils import import_string  # noqa: PLC0415 - as above

    loaded = []
    for name in names:
        try:
            extension = import_string(name)
        except (ImportError, AttributeError, SyntaxError, ValueError) as error:
            raise BadRequest(
                f"{printable(template.name)}: cannot load the extension {printable(name)}: {printable(str(error))}",
                hint="install the package that has it into machgen's environment",
            ) from error
        if not (isinstance(extension, type) and issubclass(extension, Extension)):
            raise BadRequest(f"{printable(template.name)}: {printable(name)} is no Jinja extension")
        loaded.append(extension)
    return tuple(loaded)


def lay_out(files: Mapping[str, File], directory: str) -> None:
    """Write a template's files into a new private directory: exactly these bytes and modes, whatever the umask is.

    Raises:
        FileExistsError: There is something at that path.
    """
    os.makedirs(directory, 0o700)
    for path, file in files.items():
        place = os.path.join(directory, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(file.data)
            os.fchmod(descriptor, 0o755 if file.executable else 0o644)  # the directory above is closed to others


def read_back(staged: str) -> Tree:
    """Read the staged project after its hooks ran: what the next render is to be compared with.

    Args:
        staged: The directory of the project.

    Returns:
        Its files, without machgen's own, without links, without what no project of ours may hold, and without what
        tools make anew in each checkout: `.git`, virtual environments, `node_modules`, bytecode.

    Raises:
        BadRequest: The hooks left more than a pack may hold, or something that is no file.
    """
    return Tree({path: file for path, file in _files(staged).items() if fault(path) is None})


def _files(directory: str) -> Tree:
    from machgen.entries import read_directory  # noqa: PLC0415 - only trusted hooks need it

    found = read_directory(directory, where="what the hooks made", skip=_MADE_ANEW).found
    return Tree({path: entry for path, entry in found.items() if isinstance(entry, File)})
