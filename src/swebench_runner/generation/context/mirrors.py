"""Repositories as bare mirrors: those that exist, and those that are cloned when they are first needed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.context.errors import ContextError, MirrorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USUAL_URL: Final = "https://github.com/{repo}.git"
CLONE_TIMEOUT_S: Final = 3600.0
READ_TIMEOUT_S: Final = 120.0
_REPO: Final = re.compile(r"[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+")
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{7,64}")
# What may be inherited: how to reach the world. Where a repository is, git is told by us alone.
_KEPT: Final = ("GIT_SSH", "GIT_SSL", "GIT_CONFIG", "GIT_PROXY", "GIT_ASKPASS", "GIT_EXEC_PATH", "GIT_TRACE")


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where repositories are kept.

    Attributes:
        cache: Folder for clones of our own; made when needed, shared by concurrent runs.
        existing: Folder with mirrors of the user's; never written to. None for none.
        url: Address of a repository with `{repo}` in it; None when nothing may be fetched.
    """

    cache: Path
    existing: Path | None = None
    url: str | None = USUAL_URL

    def path(self, repo: str, commit: str) -> Path:
        """The mirror of a repository that has a commit. Blocks, and may take minutes the first time.

        Raises:
            ContextError: The name of the repository or the commit is none.
            MirrorError: There is no mirror and none can be cloned, or the commit is nowhere.
        """
        _check(repo, commit)
        places = self._places(repo)
        for place in places[:-1]:
            if (place / "HEAD").is_file() and has_commit(place, commit):
                return place
        own = places[-1]
        with _locked(own):
            if not (own / "HEAD").is_file():
                self._clone(repo, own, places)
            if not has_commit(own, commit):
                self._fetch(repo, own, commit)
        return own

    def _places(self, repo: str) -> list[Path]:
        owner, _, name = repo.partition("/")
        flat = f"{owner}__{name}"
        places = [self.cache / f"{flat}.git"]
        if self.existing is not None:
            names = (f"{flat}.git", flat, f"{repo}.git", repo, f"{name}.git", name)
            found = [self.existing / one for one in names]
            places = [*(place for one in found for place in (one, one / ".git")), *places]
        return places

    def _address(self, repo: str) -> str | None:
        return None if self.url is None else self.url.replace("{repo}", repo)

    def _clone(self, repo: str, target: Path, looked_in: Sequence[Path]) -> None:
        address = self._address(repo)
        if address is None:
            raise MirrorError(
                f"no mirror of {repo}, and nothing may be fetched",
                looked_in=[str(place) for place in looked_in if place.name != ".git"],
                hint="git clone --bare the repository into the folder, or name a --mirror-url",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
            made = Path(work) / "mirror"
            command = ("clone", "--quiet", "--bare", "--filter=blob:none", "--", address, str(made))
            done = call_git(command, folder=target.parent, timeout_s=CLONE_TIMEOUT_S)
            if done.returncode:
                raise MirrorError(
                    f"cannot clone {repo}: {_last_line(done.stderr)}",
                    looked_in=(address,),
                    hint="check the network and the address, or give existing mirrors with --mirror-dir",
                )
            made.rename(target)

    def _fetch(self, repo: str, mirror: Path, commit: str) -> None:
        address = self._address(repo)
        if address is not None:
            command = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", commit)
            call_git(command, folder=mirror, timeout_s=CLONE_TIMEOUT_S)
        if not has_commit(mirror, commit):
            raise MirrorError(
                f"{repo} has no commit {commit}",
                looked_in=(str(mirror), *([address] if address else ())),
                hint="it may have been removed from the repository, or the mirror is of another one",
            )


def usual_cache() -> Path:
    """Where clones and indexes are kept for this user: SWEBENCH_MIRROR_CACHE, else the system's place."""
    named = os.environ.get("SWEBENCH_MIRROR_CACHE", "").strip()
    if named:
        return Path(named)
    import platformdirs  # noqa: PLC0415 - only runs that read repositories need it

    return Path(platformdirs.user_cache_dir("swebench-runner"))


def has_commit(mirror: Path, commit: str) -> bool:
    """Whether the mirror holds the commit itself; never fetches."""
    done = call_git(("rev-list", "--no-walk", "--missing=print", commit, "--"), folder=mirror)
    return done.returncode == 0 and not done.stdout.startswith(b"?")


def call_git(
    arguments: Sequence[str],
    *,
    folder: Path,
    stdin: bytes = b"",
    timeout_s: float = READ_TIMEOUT_S,
) -> subprocess.CompletedProcess[bytes]:
    """What git answers about the bare repository in a folder; it may fetch blobs of a partial clone.

    Raises:
        ContextError: Git is not installed.
        MirrorError: It does not end in time.
    """
    env = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    command = [_git(), "-c", "safe.directory=*", "-c", "gc.auto=0", *arguments]
    try:
        return subprocess.run(  # noqa: S603 - our own command line; names of repositories are checked
            command, cwd=folder, env=env, input=stdin, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise MirrorError(f"git {arguments[0]} in {folder} did not end within {timeout_s:g} s") from exc
    except OSError as exc:
        raise MirrorError(f"git cannot be run in {folder}: {exc.strerror}") from exc


def _check(repo: str, commit: str) -> None:
    if not _REPO.fullmatch(repo) or repo.startswith("-") or ".." in repo:
        raise ContextError(f"not the name of a repository: {repo!r}", hint="owner/name")
    if not _COMMIT.fullmatch(commit):
        raise ContextError(f"not a commit: {commit!r}")


@contextmanager
def _locked(mirror: Path) -> Iterator[None]:
    """One at a time, whatever process they are in; the kernel frees the lock of one that dies."""
    try:
        mirror.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(mirror.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        raise ContextError(f"cannot write to {mirror.parent}: {exc.strerror}") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("fatal: ")[:300] if lines else "git gave no reason"


@cache
def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise ContextError("git is not installed", looked_in=("PATH",), hint="install git 2.25 or newer")
    return found
