"""The ways of choosing the files that a model is shown, each with what its answer can be tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from swebench_runner.generation.context.errors import ContextError
from swebench_runner.generation.context.tree import TreeFiles
from swebench_runner.generation.patches import HostilePatchError, screen_patch
from swebench_runner.generation.patches.paths import screen_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.generation.context.mirrors import Mirrors
    from swebench_runner.generation.context.retrieval import Retriever
    from swebench_runner.generation.datasets.instances import Instance

Files: TypeAlias = Mapping[str, str]
FilesOf: TypeAlias = Callable[[str], "Files | None"]

RETRIEVED_FILES: Final = 10


@dataclass(frozen=True, slots=True)
class Context:
    """What is at hand for one instance.

    Attributes:
        source: Where it comes from: "none", "oracle", "files", "bm25", "text" or "sample".
        files: Path and text of what may be shown, best first.
        known: All files that the answer can be tried on, read when asked for; None when there are none.
        gold: Files that the reference solution changes, for the record alone; empty when unknown.
    """

    source: str
    files: Files = field(default_factory=dict)
    known: Files | None = None
    gold: tuple[str, ...] = ()

    def recall(self, shown: Files) -> float | None:
        """Share of the files of the reference solution that are shown; None where it is unknown."""
        return sum(path in shown for path in self.gold) / len(self.gold) if self.gold else None


class ContextSource(Protocol):
    """Chooses files. May block: it is called in threads."""

    @property
    def name(self) -> str:
        """A word for it, part of a run's settings."""
        ...

    def context(self, instance: Instance) -> Context:
        """What is at hand for an instance."""
        ...


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """Files by instance from a look-up: the sample's, or a file of oracle files.

    Attributes:
        files_of: None for an instance without files.
        name: What a run is said to show.
    """

    files_of: FilesOf
    name: str = "oracle"

    def context(self, instance: Instance) -> Context:
        """The files of the look-up; they are also all that is known."""
        files = self.files_of(instance.instance_id)
        return Context(self.name if files else "none", files or {}, files, gold_paths(instance))


@dataclass(frozen=True, slots=True)
class Nothing:
    """No files, or the finished prompt of a text dataset.

    Attributes:
        mirrors: Where answers are tried on all the same; None to leave them unchecked.
    """

    mirrors: Mirrors | None = None
    name: str = "none"

    def context(self, instance: Instance) -> Context:
        """Nothing to show."""
        known = None if self.mirrors is None else _tree(self.mirrors, instance)
        return Context("text" if instance.text is not None else "none", {}, known)


@dataclass(frozen=True, slots=True)
class OracleFromMirror:
    """The files that the reference solution changes, as they were before it."""

    mirrors: Mirrors
    name: str = "oracle"

    def context(self, instance: Instance) -> Context:
        """Only the names come from the solution; the contents are those of the base commit."""
        tree = _tree(self.mirrors, instance)
        files = _read(tree, gold_paths(instance))
        return Context(self.name, files, tree, gold_paths(instance))


@dataclass(frozen=True, slots=True)
class ExplicitFiles:
    """The same paths of every instance's repository; those that are not there are left out."""

    mirrors: Mirrors
    paths: tuple[str, ...]
    name: str = "files"

    def __post_init__(self) -> None:
        for path in self.paths:
            try:
                screen_path(path)
            except HostilePatchError as exc:
                raise ContextError(f"not a file of a repository: {exc.reason}") from exc

    def context(self, instance: Instance) -> Context:
        """The named files at the base commit."""
        tree = _tree(self.mirrors, instance)
        files = _read(tree, self.paths)
        return Context(self.name, files, tree, gold_paths(instance))


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The files that fit the problem best by their words; tests are never among them."""

    mirrors: Mirrors
    retriever: Retriever
    limit: int = RETRIEVED_FILES
    name: str = "bm25"

    def context(self, instance: Instance) -> Context:
        """The best files at the base commit."""
        tree = _tree(self.mirrors, instance)
        paths = self.retriever.rank(instance.repo, tree, instance.problem_statement, limit=self.limit)
        files = _read(tree, paths)
        return Context(self.name, files, tree, gold_paths(instance))


def gold_paths(instance: Instance) -> tuple[str, ...]:
    """Files that the reference solution changes, by the name they had before it; empty when it is unknown."""
    if not instance.patch.strip():
        return ()
    try:
        edits = screen_patch(instance.patch)
    except HostilePatchError:
        return ()
    return tuple(dict.fromkeys(edit.old_path for edit in edits if edit.old_path))


def _tree(mirrors: Mirrors, instance: Instance) -> TreeFiles:
    return TreeFiles(mirrors.path(instance.repo, instance.base_commit), instance.base_commit)


def _read(tree: TreeFiles, paths: Sequence[str]) -> dict[str, str]:
    """The texts in this order; what no request can carry is left out."""
    texts = tree.read_many(paths)
    return {path: texts[path] for path in dict.fromkeys(paths) if path in texts and _sendable(texts[path])}


def _sendable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
