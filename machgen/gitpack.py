"""Packs from git, read without a checkout.

The commit is fetched into a temporary bare repository and its blobs are read from there. So nothing that a repository
can ask a checkout to do is done: no hook, no filter, no large-file download, no submodule, no line-ending conversion.
What is read is what was committed. git itself, the user's credentials and ssh do the transport.
"""

import difflib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from machgen.entries import DEEPEST, LARGEST_PACK, Entries, Link, check_bounds, is_source
from machgen.errors import BadRequest, MachgenError, Surroundings
from machgen.names import printable
from machgen.tree import File

LARGEST_FETCH = 1024 * 1024 * 1024
"""Bytes that git may fetch for a pack: far above any real one, and not the whole disk."""

_INTERVAL = 0.5  # seconds between looks at how much git has fetched
_PROTOCOLS = "https:http:ssh:git:file"
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
# git-check-ref-format(1), and what would make it a refspec, a pattern or an option
_REF = re.compile(r"(?![-/+.^])(?!.*(?:\.\.|//|@\{|\.lock(?:/|\Z)|[./]\Z))[^\x00-\x20\x7f~^:?*\[\\]+\Z")
# these name the repository that git was started for, as in a hook that calls machgen; the rest of the user's
# configuration (credentials, proxies, ssh) has to count
_OF_ANOTHER_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_TEMPLATE_DIR",
        "GIT_WORK_TREE",
    }
)
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "fetch.recurseSubmodules=no",
    "fetch.fsckObjects=false",  # old public repositories hold harmless oddities; nothing of them reaches a disk
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "advice.detachedHead=false",
)


def name_of(url: str) -> str:
    """Return the name of the repository at a URL or path: its last part, without `.git`."""
    return re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git") or "template"


def without_credentials(url: str) -> str:
    """Return a URL without the user name and password in it, except the user that ssh needs (`git@`)."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/]*)@([^/@]*.*)\Z", url, re.DOTALL)
    if not match:
        return url
    scheme, user, rest = match.groups()
    keep = user.partition(":")[0] + "@" if "ssh" in scheme.lower() else ""
    return f"{scheme}://{keep}{rest}"


def read_repository(url: str, ref: str) -> tuple[Entries, str, str]:
    """Fetch one commit of a git repository and read what it holds.

    Args:
        url: A URL that git understands (https, http, ssh, git, file), `user@host:path`, or an absolute path.
        ref: A branch, a tag, or a full commit id; empty for the repository's default branch.

    Returns:
        The files and links, the full commit id, and the URL as it may be recorded, without credentials.

    Raises:
        BadRequest: The URL or the ref is not one, there is no such ref, or the commit is not fit to be a pack.
        Surroundings: git is missing, or the repository cannot be reached.
    """
    recorded = without_credentials(url)
    _check(url, ref, recorded)
    with tempfile.TemporaryDirectory(prefix="machgen-", ignore_cleanup_errors=True) as scratch:
        git, commit = _fetched(_Git(scratch, recorded, url), url, ref)
        return _entries(git, commit), commit, recorded


def _check(url: str, ref: str, recorded: str) -> None:
    if url.startswith("-") or re.match(r"[A-Za-z0-9+.\-]+::", url) or re.search(r"[\x00-\x1f\x7f]", url):
        raise BadRequest(f"not a git repository: {printable(recorded)!r}", hint="name it as URL@REF")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*):(?=//)", url)
    if scheme and scheme[1].lower() not in (*_PROTOCOLS.split(":"), "git+ssh", "ssh+git"):
        raise BadRequest(
            f"{printable(recorded)}: packs are not read by {scheme[1]}", hint="use https, ssh or a file URL"
        )
    if ref and not _REF.match(ref):
        raise BadRequest(
            f"{printable(recorded)}: {printable(ref)!r} is no name of a branch, tag or commit",
            hint="name a branch, a tag or a full commit id after the @",
        )


@dataclass(frozen=True, slots=True)
class _Git:
    """The git of this machine, at work in one temporary bare repository."""

    scratch: str
    recorded: str
    url: str

    def start(self, algorithm: str) -> "_Git":
        """Make a repository with the hash algorithm of the one to fetch from, in a directory below."""
        git = replace(self, scratch=os.path.join(self.scratch, algorithm))
        os.mkdir(git.scratch)
        # the environment and not an option, which old versions of git do not know
        done = git.run("init", "--quiet", "--bare", "--template=", "--", git.scratch, algorithm=algorithm)
        if done.returncode:
            raise Surroundings(f"git cannot make a temporary repository: {git.said(done)}")
        return git

    def run(self, *arguments: str, given: bytes = b"", algorithm: str = "") -> "subprocess.CompletedProcess[bytes]":
        """Run git; what the user gave stands behind `--` in the arguments."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in _OF_ANOTHER_REPOSITORY and not name.startswith("GIT_TRACE")
        }
        environment |= {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",  # messages are matched below
        }
        if algorithm:
            environment["GIT_DEFAULT_HASH"] = algorithm
        command = ["git", *settings, *([] if algorithm else ["--git-dir", self.scratch]), *arguments]
        pipe = subprocess.PIPE
        try:
            with subprocess.Popen(  # noqa: S603 - git by name, no shell
                command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=self.scratch,
                process_group=None if _has_terminal() else 0,
            ) as git:  # fmt: skip
                out, err = self._watched(git, given)
            return subprocess.CompletedProcess(command, git.returncode, out, err)
        except FileNotFoundError as error:
            raise Surroundings("git is not installed, or not on the PATH", hint="install git") from error
        except OSError as error:
            raise Surroundings(f"git cannot be run: {error.strerror}") from error

    def _watched(self, git: "subprocess.Popen[bytes]", given: bytes) -> tuple[bytes, bytes]:
        """Wait for git, and end it when it has filled more of the disk than a pack may."""
        ended, unsent = None, given or None
        try:
            while ended is None:
                try:
                    ended = git.communicate(unsent, _INTERVAL)
                except subprocess.TimeoutExpired:
                    unsent = None  # communicate goes on with what it was given at first
                    self._check_size()
        finally:
            if ended is None:
                self._end(git)
        self._check_size()
        return ended

    def _end(self, git: "subprocess.Popen[bytes]") -> None:
        """End git and, where they are a group of their own, the helpers that it started and does not end itself."""
        with suppress(ProcessLookupError):
            if os.getpgid(git.pid) == git.pid:
                os.killpg(git.pid, signal.SIGTERM)
            else:
                git.terminate()

    def _check_size(self) -> None:
        size = 0
        for directory, _, names in os.walk(self.scratch):
            for name in names:
                with suppress(FileNotFoundError):  # git renames its temporary files meanwhile
                    size += os.lstat(os.path.join(directory, name)).st_size
        if size > LARGEST_FETCH:
            raise BadRequest(f"{printable(self.recorded)}: more than {LARGEST_FETCH // 2**20} MiB to fetch")

    def said(self, done: "subprocess.CompletedProcess[bytes]") -> str:
        """Return what git complained of, in one line and without credentials."""
        text = done.stderr.decode("utf-8", "replace").replace(self.url, self.recorded)
        text = re.sub(r"(?<=://)[^/\s@]+@", "", text)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        telling = [line for line in lines if re.match(r"(?:fatal|error|remote|ssh|Host key|.*Permission denied)", line)]
        line = (telling or lines or [f"exit status {done.returncode}"])[0]
        return printable(re.sub(r"^(?:fatal|error): (?:unable to access '[^']*': )?", "", line))


def _has_terminal() -> bool:
    """Say whether this process has a terminal: there ssh may ask for a passphrase, and Ctrl-C reaches git by itself."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _fetched(base: _Git, url: str, ref: str) -> tuple[_Git, str]:
    """Fetch one commit, as little of the history as the server allows; return where it is, and its full id."""
    git = base.start("sha256" if len(ref) == 64 and _COMMIT.match(ref) else "sha1")
    shallow = ("fetch", "--quiet", "--no-tags", "--depth=1", "--", url, ref or "HEAD")
    done = git.run(*shallow)
    if done.returncode and b"mismatched algorithms" in done.stderr:
        git = base.start("sha256")
        done = git.run(*shallow)
    if done.returncode == 0:
        return git, _commit(git, "FETCH_HEAD", ref)
    if not _COMMIT.match(ref):
        raise _not_fetched(git, url, ref, done)
    # a server may refuse to hand out a commit by its id; then everything is fetched and looked through
    whole = git.run(
        "fetch", "--quiet", "--no-tags", "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"
    )
    if whole.returncode:
        raise _not_fetched(git, url, ref, whole)
    return git, _commit(git, ref, ref)


def _commit(git: _Git, name: str, ref: str) -> str:
    done = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if done.returncode:
        raise BadRequest(
            f"{git.recorded}: {printable(ref or 'HEAD')} is no commit of this repository",
            hint="name a branch, a tag or a full commit id after the @",
        )
    return done.stdout.decode("ascii").strip()


def _not_fetched(git: _Git, url: str, ref: str, failed: "subprocess.CompletedProcess[bytes]") -> MachgenError:
    """Find out why a fetch failed: no such ref, no such repository, or no way to it."""
    listed = git.run("ls-remote", "--quiet", "--", url)
    if listed.returncode == 0:
        return _unknown_ref(git, ref, _refs(listed.stdout))
    why = git.said(listed) or git.said(failed)
    if re.search(
        r"does not appear to be a git repository|not a git repository|repository '.*' not found|not found$", why
    ):
        return BadRequest(f"{printable(git.recorded)}: not a git repository", hint="check the address")
    if "dubious ownership" in why:
        return Surroundings(
            f"{printable(git.recorded)}: git refuses a repository of another user",
            hint="allow it with `git config --global --add safe.directory`",
        )
    return Surroundings(
        f"cannot reach {printable(git.recorded)}: {why}", hint="check the address, the network and your access to it"
    )


def _refs(listed: bytes) -> list[str]:
    names = [line.split("\t", 1)[-1] for line in listed.decode("utf-8", "replace").splitlines() if "\t" in line]
    return [each for each in names if not each.endswith("^{}")]


def _unknown_ref(git: _Git, ref: str, refs: list[str]) -> BadRequest:
    if not ref:
        return BadRequest(
            f"{git.recorded}: the repository has no default branch to read", hint="name a branch or tag after the @"
        )
    short = {
        re.sub(r"^refs/(?:heads|tags)/", "", each) for each in refs if each.startswith(("refs/heads/", "refs/tags/"))
    }
    near = difflib.get_close_matches(ref, sorted(short), n=1)
    if re.match(r"[0-9a-f]{7,63}\Z", ref) and not near:
        hint = "a commit is named by its full id, and has to be reachable from a branch or tag"
    elif near:
        hint = f"did you mean {printable(near[0])}?"
    elif short:
        offered = ", ".join(printable(each) for each in sorted(short)[:10])
        hint = f"it has {offered}" + (" and more" if len(short) > 10 else "")
    else:
        hint = "the repository is empty"
    return BadRequest(f"{git.recorded}: no branch, tag or commit {printable(ref)!r}", hint=hint)


def _entries(git: _Git, commit: str) -> Entries:
    """Read the files and links of a commit. Submodules are left out, as in a clone that does not ask for them."""
    entries = Entries(git.recorded)
    listed = list(_listed(git, commit))
    check_bounds(git.recorded, len(listed), sum(size for *_, size in listed))
    contents = _contents(git, {blob for _, _, blob, _ in listed})
    for path, mode, blob, _ in listed:
        parts = path.split("/")
        if len(parts) > DEEPEST:
            raise BadRequest(f"{git.recorded}: more than {DEEPEST} directories below one another")
        if not {"", ".", ".."}.isdisjoint(parts):
            raise BadRequest(
                f"{git.recorded}: the name {printable(path)!r} is no path", hint="the repository is forged"
            )
        data = contents[blob]
        entries.add(
            path, Link(data.decode("utf-8", "surrogateescape")) if mode == "120000" else File(data, mode == "100755")
        )
    return entries


def _listed(git: _Git, commit: str) -> Iterator[tuple[str, str, str, int]]:
    """Give path, mode, blob id and size in bytes of each file and link."""
    done = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    if done.returncode:
        raise Surroundings(f"cannot read {git.recorded}: {git.said(done)}")
    for line in done.stdout.split(b"\0"):
        if not line:
            continue
        about, _, name = line.partition(b"\t")
        mode, kind, blob, size = about.decode("ascii").split()
        path = name.decode("utf-8", "surrogateescape")
        if kind == "blob" and is_source(path):
            yield path, mode, blob, int(size)


def _contents(git: _Git, blobs: Iterable[str]) -> dict[str, bytes]:
    """Return the bytes of the blobs, read in one run of `git cat-file --batch` (git-cat-file(1), BATCH OUTPUT)."""
    done = git.run("cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode("ascii"))
    if done.returncode or len(done.stdout) > 2 * LARGEST_PACK:
        raise Surroundings(f"cannot read {git.recorded}: {git.said(done)}")
    contents: dict[str, bytes] = {}
    at = 0
    while at < len(done.stdout):
        end = done.stdout.index(b"\n", at)
        blob, kind, *size = done.stdout[at:end].decode("ascii").split()
        if kind != "blob":
            raise Surroundings(f"cannot read {git.recorded}: the object {blob} is {kind}")
        at = end + 1 + int(size[0]) + 1
        contents[blob] = done.stdout[end + 1 : at - 1]
    return contents
