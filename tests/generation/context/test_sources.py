"""What a model is shown comes from the base commit; what it is judged by is all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_mirrors import BEFORE, FIX, PROBLEM, Upstream
from swebench_runner.generation.batch.task import PatchTask, Room
from swebench_runner.generation.context.errors import ContextError
from swebench_runner.generation.context.retrieval import Retriever, is_source, is_test, tokens
from swebench_runner.generation.context.sources import (
    ContextSource,
    ExplicitFiles,
    GivenFiles,
    Nothing,
    OracleFromMirror,
    Retrieved,
    gold_paths,
)
from swebench_runner.generation.context.tree import TreeFiles
from swebench_runner.generation.journal.rows import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from swebench_runner.generation.context.mirrors import Mirrors


def test_oracle_files_are_named_by_the_solution_and_read_before_it(
    upstream: Upstream, mirrors: Mirrors
) -> None:
    found = OracleFromMirror(mirrors).context(upstream.instance())
    assert found.files == {"pkg/parser.py": BEFORE["pkg/parser.py"]}
    assert found.recall(found.files) == 1.0
    assert found.recall({}) == 0.0


def test_named_files_are_shown_in_their_order(upstream: Upstream, mirrors: Mirrors) -> None:
    source = ExplicitFiles(mirrors, ("pkg/printer.py", "gone.py", "docs/a file.txt"))
    found = source.context(upstream.instance())
    assert list(found.files) == ["pkg/printer.py", "docs/a file.txt"]
    assert found.recall(found.files) == 0.0


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", ".git/config", ""])
def test_a_path_out_of_the_repository_is_refused_at_once(mirrors: Mirrors, path: str) -> None:
    with pytest.raises(ContextError, match="not a file of a repository"):
        ExplicitFiles(mirrors, (path,))


def test_retrieval_finds_the_file_and_never_a_test(
    tmp_path: Path, upstream: Upstream, mirrors: Mirrors
) -> None:
    pytest.importorskip("bm25s", reason="the extra `retrieval` is not installed")
    source = Retrieved(mirrors, Retriever(tmp_path / "indexes"))
    found = source.context(upstream.instance())
    assert next(iter(found.files)) == "pkg/parser.py"
    assert not [path for path in found.files if "test" in path or "future" in path]
    assert found.recall(found.files) == 1.0


def test_an_index_is_made_once_for_a_commit(
    tmp_path: Path, upstream: Upstream, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    bm25s = pytest.importorskip("bm25s", reason="the extra `retrieval` is not installed")
    built: list[int] = []
    original = bm25s.BM25.index

    def counted(self: object, *given: object, **more: object) -> object:
        built.append(1)
        return original(self, *given, **more)

    monkeypatch.setattr(bm25s.BM25, "index", counted)
    tree = TreeFiles(mirrors.path(upstream.repo, upstream.before), upstream.before)
    retriever = Retriever(tmp_path / "indexes")
    first = retriever.rank("acme/tool", tree, PROBLEM)
    assert retriever.rank("acme/tool", tree, PROBLEM) == first
    assert len(built) == 1
    (paths,) = (tmp_path / "indexes").rglob("paths.json")
    paths.write_text("{")
    assert retriever.rank("acme/tool", tree, PROBLEM) == first
    assert len(built) == 2
    assert json.loads(paths.read_text()) == sorted(
        path for path in BEFORE if is_source(path) and not is_test(path)
    )


@pytest.mark.parametrize("problem", ["", "!!!", "the and for", "zzzyyyxxx"])
def test_a_problem_without_a_word_of_the_repository_finds_nothing(
    tmp_path: Path, upstream: Upstream, mirrors: Mirrors, problem: str
) -> None:
    pytest.importorskip("bm25s", reason="the extra `retrieval` is not installed")
    tree = TreeFiles(mirrors.path(upstream.repo, upstream.before), upstream.before)
    assert Retriever(tmp_path / "i").rank("acme/tool", tree, problem) == []


def test_names_are_found_by_their_parts() -> None:
    assert tokens("parse_date HTTPServerError") == [
        "parse_date", "parse", "date", "httpservererror", "http", "server", "error",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "test"),
    [("tests/a.py", True), ("a/tests/b.py", True), ("testing/x.py", True), ("a/test_b.py", True), ("b_test.go", True),
     ("conftest.py", True), ("a/b.spec.ts", True), ("ATests.java", True), ("django/test/client.py", False),
     ("pkg/testing_tools.py", False), ("a/contest.py", False), ("latest.py", False)],
)  # fmt: skip
def test_what_counts_as_a_test(path: str, test: bool) -> None:
    assert is_test(path) is test


def test_nothing_is_shown_but_answers_are_tried_on_the_mirror(upstream: Upstream, mirrors: Mirrors) -> None:
    task = PatchTask(Nothing(mirrors))
    question = task.question(upstream.instance())
    assert "source files are not shown" in question.prompt
    right = task.judge(upstream.instance(), question, Answer(text=f"```diff\n{FIX}```", lane="x"))
    assert (right.outcome, right.again) == ("applies", None)
    wrong = FIX.replace("re.split('-', text)", "nothing like it")
    judged = task.judge(upstream.instance(), question, Answer(text=f"```diff\n{wrong}```", lane="x"))
    assert judged.outcome == "does_not_apply"
    assert judged.again is not None
    assert "    return re.split('-', text)" in judged.again.text


def every_source(upstream: Upstream, mirrors: Mirrors, folder: Path) -> list[ContextSource]:
    return [
        Nothing(mirrors),
        OracleFromMirror(mirrors),
        ExplicitFiles(mirrors, ("pkg/printer.py", "pkg/parser.py")),
        Retrieved(mirrors, Retriever(folder)),
        GivenFiles(lambda _id: {"pkg/parser.py": BEFORE["pkg/parser.py"]}),
    ]


def test_nothing_of_the_future_is_in_any_prompt(tmp_path: Path, upstream: Upstream, mirrors: Mirrors) -> None:
    pytest.importorskip("bm25s", reason="the extra `retrieval` is not installed")
    instance = upstream.instance(test_patch="SECRET TEST", fail_to_pass=("SECRET::name",))
    for source in every_source(upstream, mirrors, tmp_path / "indexes"):
        question = PatchTask(source).question(instance)
        told = question.prompt + (question.system or "") + json.dumps(question.record)
        for secret in ("SECRET", "FUTURE", "future", "int(part)"):
            assert secret not in told, source.name
        assert upstream.after not in told


def test_a_small_window_drops_what_is_recorded(upstream: Upstream, mirrors: Mirrors) -> None:
    source = ExplicitFiles(mirrors, ("pkg/parser.py", "pkg/printer.py"))
    bare = PatchTask(Nothing()).question(upstream.instance())
    taken = len(bare.prompt + (bare.system or "")) + 10
    fits_one = len(BEFORE["pkg/parser.py"]) + 10
    room = Room(window_tokens=int((taken + fits_one) / 0.95) + 1, answer_tokens=10, count=len)
    question = PatchTask(source, room=room).question(upstream.instance())
    context = question.record["context"]
    assert isinstance(context, dict)
    assert (context["files"], context["dropped"]) == (["pkg/parser.py"], ["pkg/printer.py"])
    assert context["recall"] == 1.0
    assert "def show" not in question.prompt
    tiny = PatchTask(source, room=Room(window_tokens=5, answer_tokens=1, count=len)).question(
        upstream.instance()
    )
    assert PROBLEM.strip() in tiny.prompt
    assert tiny.record["context"]["recall"] == 0.0  # type: ignore[index,call-overload] # as above


def test_gold_paths_are_the_names_before() -> None:
    assert gold_paths(Upstream.instance(_upstream(), patch="")) == ()
    assert (
        gold_paths(
            Upstream.instance(
                _upstream(), patch="diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n"
            )
        )
        == ()
    )


def _upstream() -> Upstream:
    return Upstream(None, "acme/tool", "a" * 40, "b" * 40)  # type: ignore[arg-type] # nothing is read
