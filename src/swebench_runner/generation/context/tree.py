"""The files of a repository at one commit, read from a mirror when asked for; nothing is checked out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.context.errors import MirrorError
from swebench_runner.generation.context.mirrors import call_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_FILE_BYTES: Final = 5_000_000
_REGULAR: Final = frozenset((b"100644", b"100755", b"100664"))
_KEPT_TEXTS: Final = 64


class TreeFiles(Mapping[str, str]):
    """Path and text of every regular file at a commit. Only what is in the commit's own tree can be read.

    Texts are decoded so that bytes that are no UTF-8 survive; a file of over 5 MB or with a NUL byte is a
    KeyError when it is read, like one that is not there. Threads may share it.

    Args:
        mirror: A bare repository that has the commit.
        commit: Which.
    """

    def __init__(self, mirror: Path, commit: str) -> None:
        self.mirror = mirror
        self.commit = commit
        self._lock = threading.Lock()
        self._names: dict[str, str] | None = None
        self._texts: dict[str, str | None] = {}

    def __getitem__(self, path: str) -> str:
        text = self.read_many((path,)).get(path)
        if text is None:
            raise KeyError(path)
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._blobs())

    def __len__(self) -> int:
        return len(self._blobs())

    def __contains__(self, path: object) -> bool:
        return path in self._blobs()

    def read_many(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of these files, by one call of git; those that are not there, or are no text, are absent.

        Raises:
            MirrorError: Git cannot read them.
        """
        blobs = self._blobs()
        wanted = [path for path in dict.fromkeys(paths) if path in blobs]
        with self._lock:
            texts = {path: self._texts[path] for path in wanted if path in self._texts}
            missing = [path for path in wanted if path not in texts]
            if missing:
                texts |= dict(zip(missing, self._read([blobs[path] for path in missing]), strict=True))
            if len(self._texts) + len(missing) > _KEPT_TEXTS:
                self._texts.clear()
            if len(missing) <= _KEPT_TEXTS:
                self._texts.update({path: texts[path] for path in missing})
        return {path: text for path in wanted if (text := texts[path]) is not None}

    def _blobs(self) -> dict[str, str]:
        with self._lock:
            if self._names is None:
                self._names = self._list()
            return self._names

    def _list(self) -> dict[str, str]:
        done = call_git(("ls-tree", "-r", "-z", "--full-tree", f"{self.commit}^{{tree}}"), folder=self.mirror)
        if done.returncode:
            raise MirrorError(f"cannot list the files of {self.commit} in {self.mirror}")
        names: dict[str, str] = {}
        for entry in done.stdout.split(b"\0"):
            facts, _, path = entry.partition(b"\t")
            if facts.split(b" ", 1)[0] in _REGULAR:
                names[path.decode("utf-8", "surrogateescape")] = facts.split(b" ")[2].decode()
        return names

    def _read(self, blobs: list[str]) -> list[str | None]:
        self._prefetch(blobs)
        stdin = "".join(f"{blob}\n" for blob in blobs).encode()
        done = call_git(("cat-file", "--batch"), folder=self.mirror, stdin=stdin)
        if done.returncode:
            raise MirrorError(f"cannot read files of {self.commit} in {self.mirror}")
        found: list[str | None] = []
        at, data = 0, done.stdout
        for blob in blobs:
            end = data.index(b"\n", at)
            head = data[at:end].split(b" ")
            if len(head) != 3:
                raise MirrorError(
                    f"{self.mirror} has no content for {blob}",
                    hint="it is a partial clone, and what is missing could not be fetched",
                )
            size = int(head[2])
            found.append(_text(data[end + 1 : end + 1 + size]))
            at = end + 1 + size + 1
        return found

    def _prefetch(self, blobs: list[str]) -> None:
        """Fetch what a partial clone lacks in one go; git by itself would do so file by file."""
        if len(blobs) < 2 or not self._is_partial():
            return
        command = ("rev-list", "--objects", "--missing=print", "--no-object-names", f"{self.commit}^{{tree}}")
        done = call_git(command, folder=self.mirror)
        lacking = {line[1:].decode() for line in done.stdout.splitlines() if line.startswith(b"?")}
        wanted = [blob for blob in blobs if blob in lacking]
        if wanted:
            fetch = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--stdin")
            further = ("--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "origin")
            stdin = "".join(f"{blob}\n" for blob in wanted).encode()
            call_git((*fetch, *further), folder=self.mirror, stdin=stdin, timeout_s=3600)

    def _is_partial(self) -> bool:
        done = call_git(("config", "--get-regexp", r"^remote\..*\.promisor$"), folder=self.mirror)
        return b"true" in done.stdout


def _text(data: bytes) -> str | None:
    if len(data) > MAX_FILE_BYTES or b"\0" in data:
        return None
    return data.decode("utf-8", "surrogateescape")
