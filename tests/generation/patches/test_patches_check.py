"""Git's verdict: on the files that matter, in a folder that is gone afterwards, untouched by anybody's settings."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_instances import pre_image, read_instances, write_oracle_files
from swebench_runner.generation.patches import GitError, Outcome, check, check_many, extract
from swebench_runner.generation.patches import git as git_module
from swebench_runner.generation.patches.git import diff_texts, run_git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATCH = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n"
FILES = {"src/a.py": "one\ntwo\n"}


def test_the_verdict_is_that_of_git() -> None:
    good = check(PATCH, FILES)
    assert (good.applies, good.reason, good.outcome) == (True, "", Outcome.APPLIES)
    bad = check(PATCH.replace("-two", "-zwei"), FILES)
    assert (bad.applies, bad.outcome) == (False, Outcome.DOES_NOT_APPLY)
    assert "src/a.py" in bad.reason
    corrupt = check(PATCH.replace("-1,2", "-1,7"), FILES)
    assert "corrupt patch" in corrupt.reason
    assert check("no patch at all\n", FILES).applies is False


@pytest.mark.parametrize("patch", ["", " \n"])
def test_nothing_is_no_patch(patch: str) -> None:
    assert check(patch, FILES).outcome is Outcome.EMPTY


def test_a_missing_final_newline_is_what_git_says_it_is() -> None:
    assert check(PATCH.rstrip("\n"), FILES).applies is False


def test_new_files_collide_with_what_is_there() -> None:
    new = "--- /dev/null\n+++ b/src/a.py\n@@ -0,0 +1 @@\n+x\n"
    assert "already exists" in check(new, FILES).reason
    assert check(new.replace("src/a.py", "src/b.py"), FILES).applies
    assert check(new.replace("src/a.py", "src/a.py/b"), FILES).applies is False
    assert check(new.replace("b/src/a.py", "b/src"), FILES).applies is False


class Recorded(dict[str, str]):
    """Files that remember which of them were read."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(files)
        self.read: set[str] = set()

    def __getitem__(self, path: str) -> str:
        self.read.add(path)
        return super().__getitem__(path)


def test_of_a_large_tree_only_the_named_files_are_read() -> None:
    files = Recorded({**FILES, **{f"src/other{number}.py": "x" for number in range(500)}})
    assert extract(f"```diff\n{PATCH}```", files).outcome is Outcome.APPLIES
    assert check(PATCH, files).applies
    assert files.read == {"src/a.py"}


@pytest.mark.parametrize("name", ["a[1].py", "a*.py", "what?.py", "a\\b.py"])
def test_names_with_pattern_characters_are_left_out_by_name_only(name: str) -> None:
    path = f"src/{name}"
    other = PATCH.replace("src/a.py", path)
    result = check(PATCH + other, FILES)
    if "\\" in name:
        assert result.outcome is Outcome.REFUSED
    else:
        assert (result.applies, result.unverified) == (None, (path,))
    mismatch = PATCH.replace("-two", "-zwei") + other
    assert check(mismatch, FILES).applies is False


def test_nobodys_settings_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with the strangest of configurations, inside a repository with the strangest attributes."""
    home = tmp_path / "home"
    home.mkdir()
    settings = "[core]\n autocrlf = true\n hooksPath = /evil\n[apply]\n whitespace = error\n[diff]\n noprefix = true\n"
    (home / ".gitconfig").write_text(settings + "[color]\n ui = always\n")
    repository = tmp_path / "repo"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / ".gitattributes").write_text("* -diff text eol=crlf\n")
    (repository / ".git" / "config").write_text(settings)
    monkeypatch.setenv("HOME", str(home))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    work = repository / "work"
    work.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(work))
    files = {"a.py": "one\r\ntwo  \r\nthree\n", ".gitattributes": "*.py binary\n"}
    found = extract(
        "```diff\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO  \n three\n```", files
    )
    assert found.after == {"a.py": "one\r\nTWO  \r\nthree\n"}
    assert check(found.patch, files).applies
    assert list(work.iterdir()) == []


def test_many_patches_are_judged_in_order_as_they_come() -> None:
    taken: list[int] = []

    def items() -> Iterator[tuple[str, Mapping[str, str]]]:
        for number in range(20):
            taken.append(number)
            yield (PATCH if number % 3 else PATCH.replace("two", "zwei"), FILES)

    verdicts = [result.applies for result in check_many(items(), workers=3)]
    assert verdicts == [bool(number % 3) for number in range(20)]
    assert taken == list(range(20))


def test_a_git_that_hangs_or_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(GitError, match=r"git apply did not end within 0\.0001 s"):
        check(PATCH, FILES, timeout_s=0.0001)
    script = tmp_path / "git"
    script.write_text("#!/bin/sh\necho broken >&2\nexit 128\n")
    script.chmod(0o755)
    git_module._git.cache_clear()
    try:
        monkeypatch.setenv("PATH", f"{tmp_path}")
        with pytest.raises(GitError, match="broken"):
            diff_texts([("a\n", "b\n")])
        git_module._git.cache_clear()
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        with pytest.raises(GitError, match="not installed"):
            check(PATCH, FILES)
    finally:
        git_module._git.cache_clear()


def test_git_is_run_outside_of_any_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    inner = tmp_path / "inner"
    inner.mkdir()
    assert run_git(("rev-parse", "--git-dir"), folder=inner).status != 0


def test_oracle_files_are_the_visible_part_of_the_old_files(tmp_path: Path) -> None:
    patch = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -3,3 +3,4 @@\n three\n+new\n four\n five\n"
        "@@ -8 +9 @@\n-eight\n\\ No newline at end of file\n+EIGHT\n"
        "diff --git a/new.py b/new.py\nnew file mode 100644\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n"
        'diff --git "a/\\303\\251.py" "b/\\303\\251.py"\n--- "a/\\303\\251.py"\n+++ "b/\\303\\251.py"\n@@ -1 +1 @@\n-e\n+f\n'
        "diff --git a/o.py b/n.py\nrename from o.py\nrename to n.py\n"
    )
    files = pre_image(patch)
    assert list(files) == ["a.py", "é.py", "o.py"]
    lines = files["a.py"].split("\n")
    assert (lines[2:5], lines[7], len(lines)) == (["three", "four", "five"], "eight", 8)
    assert len(set(lines)) == 8
    assert check(patch.replace("rename to n.py\n", "rename to n.py\n"), files).applies
    target = tmp_path / "oracle.jsonl"
    write_oracle_files([{"instance_id": "a__b-1", "patch": patch}], target)
    assert read_instances(target) == [{"instance_id": "a__b-1", "oracle_files": files}]
    assert Path(target).read_text().isascii()
