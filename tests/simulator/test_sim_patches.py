"""Patches made worse: a wrong one still applies and changes no code; a damaged one still holds the right one."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from swebench_runner.simulator.patches import DAMAGES, damaged_answer, fenced, wrong_patch

if TYPE_CHECKING:
    from pathlib import Path

NEW_FILE = """\
diff --git a/new.py b/new.py
new file mode 100644
--- /dev/null
+++ b/new.py
@@ -0,0 +1,2 @@
+a = 1
+b = 2
"""
NO_NEWLINE = """\
diff --git a/end.js b/end.js
--- a/end.js
+++ b/end.js
@@ -1,2 +1,2 @@
 first();
-last();
\\ No newline at end of file
+final();
\\ No newline at end of file
"""
DELETED = """\
diff --git a/old.py b/old.py
deleted file mode 100644
--- a/old.py
+++ /dev/null
@@ -1 +0,0 @@
-a = 1
"""


def gold_patches(data_dir: Path) -> dict[str, str]:
    rows = (data_dir / "swebench" / "lite-test.jsonl").read_text().splitlines()
    return {row["instance_id"]: row["patch"] for row in map(json.loads, rows)}


def pre_image(patch: str, root: Path) -> dict[str, str]:
    """Write what a patch shows of its files, at the right lines, with filler between."""
    written = {}
    for section in re.split(r"(?m)^(?=diff --git )", patch):
        name = re.search(r"(?m)^--- a/(.+?)\t?$", section)
        if name is None:
            continue
        lines: list[str] = []
        ended = True
        for hunk in re.split(r"(?m)^(?=@@ )", section)[1:]:
            header, *body = hunk.splitlines()
            start = int(re.match(r"@@ -(\d+)", header)[1])  # type: ignore[index]
            lines += [f"filler {n}" for n in range(len(lines) + 1, start)]
            for line in body:
                ended = ended and not line.startswith("\\")
                if line.startswith((" ", "-")) or not line:
                    lines.append(line[1:])
        path = root / name[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + ("\n" if ended else ""))
        written[name[1]] = path.read_text()
    return written


def applies(patch: str, root: Path, *options: str) -> bool:
    done = subprocess.run(
        ["git", "apply", *options, "-"], input=patch.encode(), cwd=root, capture_output=True, check=False
    )
    return done.returncode == 0


def test_every_wrong_lite_patch_applies_and_adds_only_comments(data_dir: Path, tmp_path: Path) -> None:
    for name, patch in gold_patches(data_dir).items():
        wrong = wrong_patch(patch)
        root = tmp_path / name
        root.mkdir()
        before = pre_image(patch, root)
        assert applies(patch, root, "--check"), name
        assert applies(wrong, root), name
        assert wrong != patch
        changed = [line for line in wrong.splitlines() if re.match(r"[+-](?![+-]{2} )", line)]
        assert {line.lstrip("+") for line in changed} <= {"# reviewed", "// reviewed"}, name
        for path, text in before.items():
            after = (root / path).read_text()
            assert [line for line in after.splitlines() if "reviewed" not in line] == text.splitlines()


@pytest.mark.parametrize("patch", [NEW_FILE, NO_NEWLINE])
def test_unusual_patches_are_made_wrong_and_still_apply(patch: str, tmp_path: Path) -> None:
    pre_image(patch, tmp_path)
    assert applies(patch, tmp_path, "--check")
    wrong = wrong_patch(patch)
    assert applies(wrong, tmp_path)
    assert "reviewed" in wrong
    if patch is NO_NEWLINE:
        assert (tmp_path / "end.js").read_text() == "first();\n// reviewed\nlast();"
    else:
        assert (tmp_path / "new.py").read_text() == "# reviewed\n"


def test_what_only_deletes_or_is_no_diff_stays_as_it_is() -> None:
    assert wrong_patch(DELETED) == DELETED
    assert wrong_patch(NEW_FILE + DELETED).count("diff --git") == 1
    assert wrong_patch("not a diff\n") == "not a diff\n"
    odd = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ odd header\n a\n"
    assert wrong_patch(odd) == odd


def damaged_patch(how: str, patch: str) -> str:
    return damaged_answer(patch, how)


def test_each_damage_is_the_one_it_is_named_for(data_dir: Path) -> None:
    patch = next(iter(gold_patches(data_dir).values()))
    answers = {how: damaged_patch(how, patch) for how in DAMAGES}
    assert len(set(answers.values())) == len(DAMAGES) == 9
    assert all(answer != fenced(patch) for answer in answers.values())
    for how in ("prose", "nofence", "doublefence", "drafts", "tags"):
        assert patch in answers[how], how
    headers = re.findall(r"(?m)^@@ .*@@", patch)
    assert not set(re.findall(r"(?m)^@@ .*@@", answers["counts"])) & set(headers)
    assert answers["crlf"].replace("\r\n", "\n").endswith(fenced(patch))
    assert answers["nonewline"] == patch.rstrip("\n")
    assert answers["nofence"].startswith("diff --git")
    assert answers["drafts"].count("```diff") == 2
    assert not any(line == " " for line in answers["spaces"].splitlines())


def test_a_fence_is_longer_than_any_in_the_patch() -> None:
    patch = "diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n a\n+```sh"
    assert fenced(patch) == f"````diff\n{patch}\n````\n"
    with pytest.raises(KeyError):
        damaged_answer(patch, "nonsense")
