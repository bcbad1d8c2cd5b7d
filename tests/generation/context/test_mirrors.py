"""Repositories are cloned once, without their contents, and read at one commit without a checkout."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_mirrors import BEFORE, Upstream, git, make_upstream
from swebench_runner.generation.context.errors import ContextError, MirrorError
from swebench_runner.generation.context.mirrors import Mirrors, has_commit, usual_cache
from swebench_runner.generation.context.tree import TreeFiles
from swebench_runner.generation.patches import check, extract, paths_in

if TYPE_CHECKING:
    from pathlib import Path


def test_a_mirror_is_bare_partial_and_cloned_once(upstream: Upstream, mirrors: Mirrors) -> None:
    path = mirrors.path(upstream.repo, upstream.before)
    assert git("config", "core.bare", cwd=path) == "true"
    assert "?" in git("rev-list", "--objects", "--all", "--missing=print", cwd=path)
    git("update-ref", "refs/heads/mark", upstream.before, cwd=path)
    assert mirrors.path(upstream.repo, upstream.before) == path
    assert git("rev-parse", "mark", cwd=path) == upstream.before


def test_what_is_read_is_the_commit_and_nothing_later(upstream: Upstream, mirrors: Mirrors) -> None:
    tree = TreeFiles(mirrors.path(upstream.repo, upstream.before), upstream.before)
    assert {path: tree[path] for path in BEFORE} == BEFORE
    assert set(tree) == {*BEFORE, "data.bin"}
    assert "link.py" not in tree
    assert "pkg/future.py" not in tree
    assert tree.get("data.bin") is None
    assert tree.get("no/such") is None
    assert len(tree) == len(BEFORE) + 1
    assert tree.read_many(["pkg/printer.py", "gone", "pkg/parser.py", "data.bin"]) == {
        "pkg/printer.py": BEFORE["pkg/printer.py"],
        "pkg/parser.py": BEFORE["pkg/parser.py"],
    }
    after = TreeFiles(mirrors.path(upstream.repo, upstream.after), upstream.after)
    assert after["pkg/parser.py"] == "THE FUTURE\n"


def test_a_name_is_never_an_argument_of_git(upstream: Upstream, mirrors: Mirrors) -> None:
    tree = TreeFiles(mirrors.path(upstream.repo, upstream.before), upstream.before)
    for name in ("--help", "../x", "pkg/../pkg/parser.py", "", "a\nb", "HEAD:pkg/parser.py", "/etc/passwd"):
        assert name not in tree
        assert tree.get(name) is None


def test_bytes_that_are_no_utf8_survive(tmp_path: Path) -> None:
    odd = b"caf\xe9\n".decode("utf-8", "surrogateescape")
    upstream = make_upstream(tmp_path / "odd", files={"latin.py": odd})
    tree = TreeFiles(upstream.path, upstream.before)
    assert tree["latin.py"].encode("utf-8", "surrogateescape") == b"caf\xe9\n"


def test_a_lazy_tree_is_what_an_answer_is_tried_on(upstream: Upstream, mirrors: Mirrors) -> None:
    tree = TreeFiles(mirrors.path(upstream.repo, upstream.before), upstream.before)
    answer = "pkg/printer.py\n```\n<<<<<<< SEARCH\n    print(value)\n=======\n    print(repr(value))\n>>>>>>> REPLACE\n```\n"
    assert paths_in(answer) == ("pkg/printer.py",)
    found = extract(answer, tree)
    assert "+    print(repr(value))\n" in found.patch
    assert check(found.patch, tree).applies is True


@pytest.mark.parametrize(
    "name", ["acme__tool.git", "acme__tool", "acme/tool.git", "acme/tool", "tool.git", "tool"]
)
def test_an_existing_mirror_is_used_whatever_it_is_called(
    tmp_path: Path, upstream: Upstream, name: str
) -> None:
    folder = tmp_path / "mine"
    (folder / name).parent.mkdir(parents=True)
    upstream.path.rename(folder / name)
    found = Mirrors(tmp_path / "cache", folder, None).path(upstream.repo, upstream.before)
    assert found == folder / name
    assert not (tmp_path / "cache").exists()


def test_a_plain_checkout_is_a_mirror_too(tmp_path: Path, upstream: Upstream) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    git("clone", "-q", str(upstream.path), str(folder / "tool"), cwd=folder)
    found = Mirrors(tmp_path / "cache", folder, None).path(upstream.repo, upstream.before)
    assert found == folder / "tool" / ".git"
    assert TreeFiles(found, upstream.before)["pkg/parser.py"] == BEFORE["pkg/parser.py"]


def test_without_a_mirror_and_an_address_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="no mirror of acme/tool, and nothing may be fetched") as caught:
        Mirrors(tmp_path / "cache", tmp_path, None).path("acme/tool", "a" * 40)
    assert str(tmp_path / "acme__tool.git") in caught.value.looked_in
    assert caught.value.exit_code == 4


def test_a_clone_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path / "cache", None, f"file://{tmp_path}/none/{{repo}}.git")
    with pytest.raises(MirrorError, match="cannot clone acme/tool"):
        mirrors.path("acme/tool", "a" * 40)
    assert [one.name for one in (tmp_path / "cache").iterdir()] == ["acme__tool.lock"]


def test_a_commit_that_is_nowhere_is_named(upstream: Upstream, mirrors: Mirrors) -> None:
    with pytest.raises(MirrorError, match=f"acme/tool has no commit {'f' * 40}"):
        mirrors.path(upstream.repo, "f" * 40)


def test_a_commit_that_came_later_is_fetched(tmp_path: Path, upstream: Upstream, mirrors: Mirrors) -> None:
    path = mirrors.path(upstream.repo, upstream.before)
    other = tmp_path / "other"
    git("clone", "-q", str(upstream.path), str(other), cwd=tmp_path)
    (other / "new.py").write_text("new\n")
    git("add", "-A", cwd=other)
    git("commit", "-qm", "later", cwd=other)
    git("push", "-q", "origin", "HEAD:refs/heads/later", cwd=other)
    later = git("rev-parse", "HEAD", cwd=other)
    assert not has_commit(path, later)
    assert TreeFiles(mirrors.path(upstream.repo, later), later)["new.py"] == "new\n"


@pytest.mark.parametrize("repo", ["", "tool", "../x", "a/b/c", "-a/b", "a/..", "a b/c", "a/b\n"])
def test_names_that_are_no_repositories_are_refused(mirrors: Mirrors, repo: str) -> None:
    with pytest.raises(ContextError, match="not the name of a repository"):
        mirrors.path(repo, "a" * 40)


@pytest.mark.parametrize("commit", ["", "HEAD", "--all", "a" * 6, "main", "g" * 40])
def test_names_that_are_no_commits_are_refused(mirrors: Mirrors, commit: str) -> None:
    with pytest.raises(ContextError, match="not a commit"):
        mirrors.path("acme/tool", commit)


def test_many_at_once_share_one_clone(upstream: Upstream, mirrors: Mirrors) -> None:
    def read(_number: int) -> str:
        own = replace(mirrors)
        return TreeFiles(own.path(upstream.repo, upstream.before), upstream.before)["pkg/parser.py"]

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(read, range(12))) == {BEFORE["pkg/parser.py"]}
    assert sorted(one.name for one in mirrors.cache.iterdir()) == ["acme__tool.git", "acme__tool.lock"]


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SWEBENCH_MIRROR_CACHE", str(tmp_path))
    assert usual_cache() == tmp_path
    monkeypatch.delenv("SWEBENCH_MIRROR_CACHE")
    assert usual_cache().name == "swebench-runner"
