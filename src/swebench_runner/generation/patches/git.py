"""Git, called so that nothing of this machine or its user changes what it does."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, NamedTuple

from swebench_runner.generation.patches.outcomes import GitError

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_S = 20.0

_SETTINGS = (
    "core.autocrlf=false",
    "core.eol=lf",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
)
_DIFF = (
    *("diff", "--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"),
    *("--text", "--full-index", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers"),
    *("--indent-heuristic", "--", "a", "b"),
)
_SECTION = re.compile(rb"^diff --git a/(\d+) b/\d+\n", re.MULTILINE)
_INDEX = re.compile(rb"^index ([0-9a-f.]+)", re.MULTILINE)
_FIRST_HUNK = re.compile(rb"^@@ ", re.MULTILINE)


class Answer(NamedTuple):
    """How git ended, and what it wrote."""

    status: int
    out: bytes
    err: bytes


class TextDiff(NamedTuple):
    """The difference between two texts.

    Attributes:
        blobs: Names of both as git objects, "old..new".
        hunks: The hunks, as git writes them; "" when the texts are the same.
    """

    blobs: str
    hunks: str


def encode(text: str) -> bytes:
    """Bytes for git; what came from bytes that are no UTF-8 becomes the same bytes again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Text from git."""
    return data.decode("utf-8", "surrogateescape")


def work_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that is gone after use."""
    return tempfile.TemporaryDirectory(prefix="swebench-patch-", ignore_cleanup_errors=True)


def run_git(
    arguments: Sequence[str], *, folder: Path, stdin: bytes = b"", timeout_s: float = TIMEOUT_S
) -> Answer:
    """What git answers in a folder outside of any repository.

    Raises:
        GitError: Git is not installed, or does not end in time.
    """
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [_git(), *settings, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own command line; texts go in by stdin and files only
            command,
            cwd=folder,
            env=_environment(folder),
            input=stdin,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise GitError(f"git {arguments[0]} did not end within {timeout_s:g} s") from exc
    return Answer(done.returncode, done.stdout, done.stderr)


def diff_texts(pairs: Sequence[tuple[str, str]]) -> list[TextDiff]:
    """The difference of each pair, computed by git in one call.

    The texts are files named by number, so that no name of the answer is ever a name on this disk.

    Raises:
        GitError: Git fails.
    """
    with work_folder() as name:
        folder = Path(name)
        for side, place in (("a", 0), ("b", 1)):
            (folder / side).mkdir()
            for number, pair in enumerate(pairs):
                (folder / side / str(number)).write_bytes(encode(pair[place]))
        answer = run_git(_DIFF, folder=folder)
    if answer.status not in (0, 1):
        raise GitError(f"git diff failed: {decode(answer.err).strip()[:300]}")
    sections = _SECTION.split(answer.out)
    found = {
        int(number): _read_section(body) for number, body in zip(sections[1::2], sections[2::2], strict=True)
    }
    return [found.get(number, TextDiff("", "")) for number in range(len(pairs))]


def _read_section(body: bytes) -> TextDiff:
    index, hunk = _INDEX.search(body), _FIRST_HUNK.search(body)
    return TextDiff(decode(index[1]) if index else "", decode(body[hunk.start() :]) if hunk else "")


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
        "HOME": os.devnull,
        "XDG_CONFIG_HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }


@cache
def _git() -> str:
    found = which("git")
    if found is None:
        raise GitError("git is not installed", looked_in=("PATH",), hint="install git 2.20 or newer")
    return found
