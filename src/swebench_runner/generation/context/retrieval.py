"""The files that a problem speaks of most, by BM25 over names and words; an index is kept per commit."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from swebench_runner.generation.errors import MissingExtraError

if TYPE_CHECKING:
    from swebench_runner.generation.context.tree import TreeFiles

INDEX_VERSION: Final = 1
_SOURCES: Final = frozenset(
    (
        *(".py", ".pyi", ".pyx", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".java", ".kt", ".go", ".rs", ".rb"),
        *(".php", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".scala", ".swift", ".sh", ".lua", ".vue"),
        *(".svelte", ".css", ".scss", ".html", ".jinja", ".sql"),
    )
)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TEST_NAME: Final = re.compile(r"^(test|tests|conftest)$|^test_|_tests?$|\.(test|spec)$|Tests?$")
_COMMON: Final = frozenset(
    (
        *("the", "and", "for", "that", "this", "with", "not", "are", "was", "from", "have", "has", "will"),
        *("when", "which", "should", "would", "there", "can", "but", "self", "def", "return", "import"),
        *("none", "true", "false", "class"),
    )
)


@dataclass(frozen=True, slots=True)
class Retriever:
    """Ranks files of a repository for a problem.

    Attributes:
        cache: Folder for the indexes; concurrent runs may share it.
    """

    cache: Path

    def rank(self, repo: str, tree: TreeFiles, problem: str, *, limit: int = 20) -> list[str]:
        """Paths of the most fitting files, best first; tests are never among them. Blocks.

        Args:
            repo: "owner/name"; part of the index's name.
            tree: The files at the commit.
            problem: What to look for.
            limit: At most so many.

        Raises:
            MissingExtraError: The library `bm25s` is not installed.
        """
        words = [word for word in tokens(problem) if word not in _COMMON]
        folder = self.cache / repo.replace("/", "__") / f"{tree.commit}-v{INDEX_VERSION}"
        index, paths = _load(folder) or self._build(folder, tree)
        if not paths or not words:
            return []
        known = [word for word in words if word in index.vocab_dict]
        if not known:
            return []
        scores = [float(score) for score in index.get_scores(known)]
        order = sorted(range(len(paths)), key=lambda number: (-scores[number], paths[number]))
        return [paths[number] for number in order[:limit] if scores[number] > 0]

    def _build(self, folder: Path, tree: TreeFiles) -> tuple[Any, list[str]]:
        texts = tree.read_many(path for path in tree if is_source(path) and not is_test(path))
        paths = sorted(texts)
        if not paths:
            return None, []
        index = _bm25s().BM25()
        index.index([tokens(f"{path}\n{texts[path]}") for path in paths], show_progress=False)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
            made = Path(work) / "index"
            index.save(str(made), show_progress=False)
            (made / "paths.json").write_text(json.dumps(paths), encoding="utf-8")
            if not folder.exists():
                made.rename(folder)
        return index, paths


def tokens(text: str) -> list[str]:
    """Words of code and prose in lower case, and the parts of those that are put together."""
    found: list[str] = []
    for word in _WORD.findall(text):
        found.append(word.lower())
        parts = _PART.findall(word)
        if len(parts) > 1:
            found.extend(part.lower() for part in parts if len(part) > 1)
    return found


def is_source(path: str) -> bool:
    """Whether a file is code, by the end of its name."""
    return PurePosixPath(path).suffix.lower() in _SOURCES


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests, by its name or its folder."""
    place = PurePosixPath(path)
    if place.parts[0] in {"test", "testing"} or not {"tests", "__tests__"}.isdisjoint(place.parts[:-1]):
        return True
    return bool(_TEST_NAME.search(place.stem))


def _load(folder: Path) -> tuple[Any, list[str]] | None:
    """The index in a folder; None where there is none, and a damaged one is removed."""
    if not folder.is_dir():
        return None
    library = _bm25s()
    try:
        paths = json.loads((folder / "paths.json").read_text(encoding="utf-8"))
        return library.BM25.load(str(folder), load_corpus=False), list(paths)
    except (OSError, ValueError, KeyError, EOFError):
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _bm25s() -> Any:  # noqa: ANN401 - an untyped library behind this file alone
    try:
        import bm25s  # noqa: PLC0415 - an extra; brings numpy
    except ImportError as exc:
        raise MissingExtraError(
            "retrieval needs the library bm25s", hint='pip install "swebench-runner[retrieval]"'
        ) from exc
    return bm25s
