"""Unified diffs: headers of every kind, files that come, go and move, and what stands around them."""

from __future__ import annotations

import pytest

from support_patches import git_apply
from swebench_runner.generation.patches import Extraction, Outcome, Repair, check, extract

FILES = {"src/a.py": "one\ntwo\nthree\n", "b.txt": "x\n", "my dir/é f.txt": "old\n"}
HUNK = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
CHANGED = "one\nTWO\nthree\n"


def fenced(diff: str) -> Extraction:
    return extract(f"```diff\n{diff}```\n", FILES)


@pytest.mark.parametrize(
    "header",
    [
        "--- a/src/a.py\n+++ b/src/a.py\n",
        "--- src/a.py\n+++ src/a.py\n",
        "--- a/src/a.py\n+++ a/src/a.py\n",
        "--- i/src/a.py\n+++ w/src/a.py\n",
        "--- old/src/a.py\n+++ new/src/a.py\n",
        "--- ./src/a.py\n+++ ./src/a.py\n",
        "--- a/src/a.py\n+++ src/a.py\n",
        "--- src/a.py\n+++ b/src/a.py\n",
        "--- src/a.py.orig\n+++ src/a.py\n",
        "--- src/a.py\n+++ src/a.py.orig\n",
        "--- a/src/a.py\t2024-01-01 10:00:00.000000000 +0100\n+++ b/src/a.py\t2024-01-02\n",
        "--- a/src/a.py 2024-01-01 10:00:00 +0100\n+++ b/src/a.py 2024-01-02 10:00:00 +0100\n",
        "--- a/src/a.py (original)\n+++ b/src/a.py (modified)\n",
        "--- `src/a.py`\n+++ `src/a.py`\n",
        '--- "a/src/a.py"\n+++ "b/src/a.py"\n',
        "Index: src/a.py\n===================================\n--- src/a.py\t(revision 1)\n+++ src/a.py\t(working copy)\n",
        "diff --git a/src/a.py b/src/a.py\nindex 0123456..789abcd 100644\n--- a/src/a.py\n+++ b/src/a.py\n",
        "diff --git a/src/a.py b/src/a.py\n",
        "diff --git src/a.py src/a.py\n--- src/a.py\n+++ src/a.py\n",
        "--- a/src/a.py\n",
        "+++ b/src/a.py\n",
        "--- a/repo/src/a.py\n+++ b/repo/src/a.py\n",
        "--- a/a.py\n+++ b/a.py\n",
        "",
    ],
)
def test_headers(header: str) -> None:
    found = fenced(header + HUNK)
    assert found.outcome is Outcome.APPLIES, found.reason
    assert found.after == {"src/a.py": CHANGED}
    assert found.patch.startswith("diff --git a/src/a.py b/src/a.py\nindex ")
    assert git_apply(found.patch, FILES) == {**FILES, "src/a.py": CHANGED}


@pytest.mark.parametrize(
    "head",
    ["@@ -1,3 +1,3 @@", "@@ -1,3 +1,3 @@ def f():", "@@ -1 +1 @@", "@@ -1,3 +1,3 @", "@@", "@@ ... @@", ""],
)
def test_hunk_headers(head: str) -> None:
    body = HUNK.partition("\n")[2]
    found = fenced("--- a/src/a.py\n+++ b/src/a.py\n" + (f"{head}\n" if head else "") + body)
    assert found.after == {"src/a.py": CHANGED}, found.reason


@pytest.mark.parametrize(
    ("diff", "after", "mark"),
    [
        ("--- /dev/null\n+++ b/new/c.py\n@@ -0,0 +1,2 @@\n+a\n+b\n", {"new/c.py": "a\nb\n"}, "new file mode 100644"),
        ("--- a/new.py\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+a\n+b\n", {"new.py": "a\nb\n"}, "new file mode 100644"),
        ("diff --git a/run b/run\nnew file mode 100755\n--- /dev/null\n+++ b/run\n@@ -0,0 +1 @@\n+a\n", {"run": "a\n"}, "new file mode 100755"),
        ("diff --git a/e.py b/e.py\nnew file mode 100644\nindex 0000000..e69de29\n", {"e.py": ""}, "new file mode 100644"),
        ("--- a/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", {"b.txt": None}, "deleted file mode 100644"),
        ("diff --git a/b.txt b/b.txt\ndeleted file mode 100644\n", {"b.txt": None}, "deleted file mode 100644"),
        ("diff --git a/b.txt b/c.txt\nsimilarity index 100%\nrename from b.txt\nrename to c.txt\n", {"b.txt": None, "c.txt": "x\n"}, "rename from b.txt\nrename to c.txt"),
        ("diff --git a/src/a.py b/src/c.py\nrename from src/a.py\nrename to src/c.py\n--- a/src/a.py\n+++ b/src/c.py\n" + HUNK, {"src/a.py": None, "src/c.py": CHANGED}, "rename to src/c.py"),
        ("diff --git a/b.txt b/d.txt\ncopy from b.txt\ncopy to d.txt\n", {"d.txt": "x\n"}, "new file mode"),
        ("diff --git a/b.txt b/b.txt\nold mode 100644\nnew mode 100755\n", {"b.txt": "x\n"}, "old mode 100644\nnew mode 100755"),
        ('--- "a/my dir/\\303\\251 f.txt"\n+++ "b/my dir/\\303\\251 f.txt"\n@@ -1 +1 @@\n-old\n+new\n', {"my dir/é f.txt": "new\n"}, '"a/my dir/\\303\\251 f.txt"'),
        ("diff --git a/my dir/é f.txt b/my dir/é f.txt\n--- a/my dir/é f.txt\t\n+++ b/my dir/é f.txt\t\n@@ -1 +1 @@\n-old\n+new\n", {"my dir/é f.txt": "new\n"}, "index"),
    ],
)  # fmt: skip
def test_files_come_go_and_move(diff: str, after: dict[str, str | None], mark: str) -> None:
    found = fenced(diff)
    assert found.outcome is Outcome.APPLIES, found.reason
    assert found.after == after
    assert mark in found.patch
    tree = {path: text for path, text in {**FILES, **after}.items() if text is not None}
    assert git_apply(found.patch, FILES) == tree
    assert check(found.patch, FILES).applies


@pytest.mark.parametrize(
    ("diff", "reason"),
    [
        ("--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1 @@\n+a\n", "'b.txt' is there"),
        ("--- /dev/null\n+++ b/b.txt/c.py\n@@ -0,0 +1 @@\n+a\n", "'b.txt' is there"),
        ("--- /dev/null\n+++ b/src\n@@ -0,0 +1 @@\n+a\n", "'src/a.py' is there"),
        (
            "diff --git a/b.txt b/src/a.py\nrename from b.txt\nrename to src/a.py\n",
            "is to move where 'src/a.py' is",
        ),
        ("--- a/src/a.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-one\n", "leaves lines of it"),
        ("--- a/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n", "not found"),
        ("@@ -1,1 +1,1 @@\n-nowhere\n+x\n", "it names no file"),
    ],
)
def test_what_cannot_be_is_refused(diff: str, reason: str) -> None:
    found = fenced(diff)
    assert (found.outcome, found.patch) == (Outcome.DOES_NOT_APPLY, "")
    assert reason in found.reason


def test_a_file_may_become_a_folder_by_moving_into_it() -> None:
    diff = "diff --git a/b.txt b/b.txt/c.txt\nrename from b.txt\nrename to b.txt/c.txt\n"
    assert fenced(diff).after == {"b.txt": None, "b.txt/c.txt": "x\n"}


def test_several_files_in_one_diff_and_a_hunk_each_under_its_own_header() -> None:
    header = "--- a/src/a.py\n+++ b/src/a.py\n"
    parts = [f"{header}@@ -1 +1 @@\n-one\n+ONE\n", f"{header}@@ -3 +3 @@\n-three\n+THREE\n"]
    found = fenced("".join(parts) + "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-x\n+y\n" + parts[0])
    assert found.after == {"src/a.py": "ONE\ntwo\nTHREE\n", "b.txt": "y\n"}


def test_what_was_not_given_stays_as_it_is_and_is_told() -> None:
    other = "--- a/tests/t.py\n+++ b/tests/t.py\n@@ -7,9 +7,9 @@ def t():\n a\n-b\n+c\n d\n"
    found = fenced(f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK}{other}")
    assert (found.outcome, found.usable, found.unverified) == (None, True, ("tests/t.py",))
    assert "@@ -7,3 +7,3 @@ def t():\n a\n-b\n+c\n d\n" in found.patch
    assert Repair.COUNTS in found.repairs
    assert "tests/t.py" in found.reason
    assert git_apply(found.patch, {**FILES, "tests/t.py": "a\nb\nd\n"})["tests/t.py"] == "a\nc\nd\n"
    result = check(found.patch, FILES)
    assert (result.applies, result.unverified, result.outcome) == (None, ("tests/t.py",), None)


def test_a_later_diff_stands_and_those_of_other_files_stay() -> None:
    first = f"```diff\n--- a/src/a.py\n+++ b/src/a.py\n{HUNK}```\n"
    second = first.replace("TWO", "2").replace("-1,3 +1,3", "-2,3 +2,3")
    other = "```diff\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-x\n+y\n```\n"
    assert extract(first + "No:\n" + second, FILES).after == {"src/a.py": "one\n2\nthree\n"}
    found = extract(first + other + "Wait:\n" + second, FILES)
    assert found.after == {"src/a.py": "one\n2\nthree\n", "b.txt": "y\n"}
    assert Repair.SEVERAL_BLOCKS in found.repairs


def test_a_last_draft_that_does_not_fit_gives_way_to_the_one_before() -> None:
    first = f"```diff\n--- a/src/a.py\n+++ b/src/a.py\n{HUNK}```\n"
    wrong = first.replace("-two", "-zwei").replace("TWO", "ZWEI")
    found = extract(first + wrong, FILES)
    assert found.after == {"src/a.py": CHANGED}
    assert Repair.EARLIER_DRAFT in found.repairs
    both_wrong = extract(wrong + wrong.replace("ZWEI", "DUE"), FILES)
    assert both_wrong.outcome is Outcome.DOES_NOT_APPLY


def test_a_later_diff_may_build_on_the_one_before() -> None:
    first = f"```diff\n--- a/src/a.py\n+++ b/src/a.py\n{HUNK}```\n"
    then = first.replace("-two", "-TWO").replace("+TWO", "+DUE")
    assert extract(first + "And on top of it:\n" + then, FILES).after == {"src/a.py": "one\nDUE\nthree\n"}


@pytest.mark.parametrize(
    ("answer", "cut", "outcome"),
    [
        ("", False, Outcome.EMPTY),
        (" \n\t", False, Outcome.EMPTY),
        ("", True, Outcome.TRUNCATED),
        ("I think the cause is", False, Outcome.UNPARSABLE),
        ("I think the cause is", True, Outcome.TRUNCATED),
        ("I'm sorry, but I can't help with that.", False, Outcome.REFUSED),
        ("I cannot assist with this request.", False, Outcome.REFUSED),
        ("We can't provide a fix without the file, so here is what I would do.", False, Outcome.REFUSED),
        ("<think>\n```diff\n--- a/src/a.py\n+++ b/src/a.py\n" + HUNK + "```\n", False, Outcome.TRUNCATED),
        ("```diff\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n", False, Outcome.TRUNCATED),
        ("```diff\n--- a/src/a.py\n+++ b/src/a.py\n" + HUNK, False, Outcome.APPLIES),
        ("```diff\n--- a/src/a.py\n+++ b/src/a.py\n" + HUNK, True, Outcome.TRUNCATED),
        ("--- a/src/a.py\n+++ b/src/a.py\n" + HUNK, False, Outcome.APPLIES),
        ("--- a/src/a.py\n+++ b/src/a.py\n" + HUNK, True, Outcome.TRUNCATED),
        ("```diff\n--- a/src/a.py\n+++ b/src/a.py\n" + HUNK + "```\nIn short, the", True, Outcome.APPLIES),
        ("```diff\n--- a/src/a.py\n", False, Outcome.TRUNCATED),
        ("src/a.py\n```\n<<<<<<< SEARCH\ntwo\n=======\nTW", False, Outcome.TRUNCATED),
        ("*** Begin Patch\n*** Update File: src/a.py\n@@\n-two\n+TWO\n", False, Outcome.TRUNCATED),
    ],
)
def test_classes_of_answers(answer: str, cut: bool, outcome: Outcome) -> None:
    found = extract(answer, FILES, cut=cut)
    assert found.outcome is outcome, found.reason
    assert found.usable == (outcome is Outcome.APPLIES)
    assert bool(found.reason) == (outcome is not Outcome.APPLIES)


def test_a_cut_second_draft_leaves_the_first() -> None:
    first = f"```diff\n--- a/src/a.py\n+++ b/src/a.py\n{HUNK}```\n"
    cut = "Better:\n```diff\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@\n one\n-tw"
    assert extract(first + cut, FILES).after == {"src/a.py": CHANGED}
    other = cut.replace("src/a.py", "b.txt")
    assert extract(first + other, FILES).outcome is Outcome.TRUNCATED


@pytest.mark.parametrize(
    "answer",
    [
        "Here:\n\n{diff}\nThis fixes the bug because the value was wrong.\n",
        "Here:\n\n{diff}This fixes the bug because the value was wrong.\n",
        "Here:\n\n{diff}\n- First, it changes a line.\n- Then nothing.\n\nDone.\n",
        "Here:\n\n{diff}-- \n2.39.5\n",
        "```diff\n{diff}\nThis fixes the bug because the value was wrong.\n```\n",
        "```diff\n{diff}```\n\n- removed a line\n+ added a line\n",
        "<patch>{diff}</patch>",
        "<patch>\n{diff}\n</patch>\nDone.",
        "<patch>\n{diff}",
        "~~~~\n{diff}~~~~",
        "```diff\n{diff} ```\nDone.",
    ],
)
def test_what_stands_around_a_diff_is_no_part_of_it(answer: str) -> None:
    diff = f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK}"
    text = answer.replace("{diff}", diff)
    assert extract(text, FILES).after == {"src/a.py": CHANGED}, text
    alone = extract(text)
    assert alone.patch == f"diff --git a/src/a.py b/src/a.py\n{diff}"


def test_characters_that_no_file_can_hold_are_replaced() -> None:
    found = extract("```diff\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-x\n+\ud83d\n```", FILES)
    assert found.after == {"b.txt": "?\n"}
    bytes_back = extract(
        "```diff\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-\udce9\n+é\n```", {"b.txt": "\udce9\n"}
    )
    assert bytes_back.after == {"b.txt": "é\n"}
