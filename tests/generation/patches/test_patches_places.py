"""Where a hunk belongs: by its content, as leniently as leaves no doubt, and never by guess."""

from __future__ import annotations

import pytest

from swebench_runner.generation.patches import Extraction, Outcome, Repair, extract

TWICE = "a = 1\n\n\ndef same():\n    return 1\n\n\nb = 2\n\n\ndef same():\n    return 1\n\n\nc = 3\n"
HUNK = " def same():\n-    return 1\n+    return 2\n"


def diff(text: str, *hunks: str) -> Extraction:
    """One file, `a.py`, and what becomes of it."""
    return extract("```diff\n--- a/a.py\n+++ b/a.py\n" + "".join(hunks) + "```\n", {"a.py": text})


def changed(found: Extraction) -> str:
    assert found.outcome is Outcome.APPLIES, found.reason
    return found.after["a.py"] or ""


@pytest.mark.parametrize(("line", "place"), [(4, 0), (1, 0), (6, 0), (9, 1), (11, 1), (700, 1)])
def test_the_line_number_decides_between_equal_places_by_nearness(line: int, place: int) -> None:
    found = changed(diff(TWICE, f"@@ -{line},2 +{line},2 @@\n{HUNK}"))
    parts = found.split("def same():\n    ")
    assert [part.startswith("return 2") for part in parts[1:]] == [place == 0, place == 1]


def test_the_middle_between_two_places_is_no_place() -> None:
    text = TWICE.replace("b = 2", "b = 2\nb = 3")
    found = diff(text, f"@@ -8,2 +8,2 @@\n{HUNK}")
    assert found.outcome is Outcome.DOES_NOT_APPLY
    assert "5 or 13" in found.reason


def test_without_a_number_two_places_are_none_unless_order_tells() -> None:
    found = diff(TWICE, f"@@ ... @@\n{HUNK}")
    assert found.outcome is Outcome.DOES_NOT_APPLY
    assert "5, 12" in found.reason
    after_b = changed(diff(TWICE, "@@ ... @@\n-b = 2\n+b = 20\n", f"@@ ... @@\n{HUNK}"))
    assert after_b == TWICE.replace("b = 2", "b = 20").replace("return 1\n\n\nc", "return 2\n\n\nc")


def test_a_heading_tells_places_apart() -> None:
    text = "class A:\n    x = 1\n\nclass B:\n    x = 1\n"
    found = changed(diff(text, "@@ class B: @@\n-    x = 1\n+    x = 2\n"))
    assert found == text[:-2] + "2\n"


def test_hunks_of_one_file_do_not_take_the_same_place() -> None:
    both = changed(
        diff(TWICE, f"@@ -1,2 +1,2 @@\n{HUNK}", "@@ -2,2 +2,2 @@\n" + HUNK.replace("return 2", "return 3"))
    )
    assert both == TWICE.replace("return 1", "return 2", 1).replace("return 1", "return 3")
    once = TWICE.partition("b = 2")[0]
    found = diff(once, f"@@ -1,2 +1,2 @@\n{HUNK}", "@@ -2,2 +2,2 @@\n" + HUNK.replace("return 2", "return 3"))
    assert found.outcome is Outcome.DOES_NOT_APPLY


def test_the_drift_of_one_hunk_helps_the_next() -> None:
    text = "".join(f"line {number}\n" if number % 7 else "same\n" for number in range(1, 60))
    found = changed(
        diff(
            text,
            "@@ -1,1 +1,1 @@\n-line 15\n+line XV\n",
            "@@ -8,2 +8,2 @@\n-same\n+other\n",
            "@@ -9 +9 @@\n-line 22\n+XXII\n",
        )
    )
    assert found.split("\n")[20] == "other"


@pytest.mark.parametrize(
    ("hunk", "repairs"),
    [
        (" def f(a, b):   \n-\treturn a\n+\treturn b\n", {Repair.WHITE_SPACE}),
        (" def f(a, b):\n-\treturn a \n+\treturn b\n", {Repair.WHITE_SPACE}),
        (" def f(a,  b):\n-\treturn   a\n+\treturn b\n", {Repair.INDENTATION}),
        (" def f( a,b ):\n-\treturn a\n+\treturn b\n", {Repair.CONTEXT}),  # no longer the same words
    ],
)
def test_white_space_may_differ(hunk: str, repairs: set[Repair]) -> None:
    found = diff("def f(a, b):\n\treturn a\n", f"@@ -1,2 +1,2 @@\n{hunk}")
    assert changed(found) == "def f(a, b):\n\treturn b\n"
    assert found.repairs == repairs


@pytest.mark.parametrize(
    ("text", "hunk", "expected"),
    [
        # the whole hunk lost the indentation of its class
        ("class A:\n    def f(self):\n        return 1\n", " def f(self):\n-    return 1\n+    if x:\n+        return 2\n", "class A:\n    def f(self):\n        if x:\n            return 2\n"),
        # it has some that the file has not
        ("def f():\n    return 1\n", "     def f():\n-        return 1\n+        return 2\n", "def f():\n    return 2\n"),
        # spaces for tabs
        ("def f():\n\tif x:\n\t\treturn 1\n", "     if x:\n-        return 1\n+        y()\n+            z()\n", "def f():\n\tif x:\n\t\ty()\n\t\t\tz()\n"),
        # tabs for spaces
        ("def f():\n  if x:\n    return 1\n", " \tif x:\n-\t\treturn 1\n+\t\treturn 2\n", "def f():\n  if x:\n    return 2\n"),
        # context lost its first column, added lines did not
        ("def f():\n    a()\n    b()\n", "def f():\n   a()\n+    c()\n   b()\n", "def f():\n    a()\n    c()\n    b()\n"),
    ],
)  # fmt: skip
def test_indentation_is_carried_over(text: str, hunk: str, expected: str) -> None:
    assert changed(diff(text, f"@@ -1,9 +1,9 @@\n{hunk}")) == expected


def test_indentation_that_tells_nothing_is_refused() -> None:
    text = "class A:\n      x = 1\n   y = 2\n"
    found = diff(text, "@@ -2,2 +2,2 @@\n-  x = 1\n-    y = 2\n+    z = 3\n")
    assert found.outcome is Outcome.DOES_NOT_APPLY


def test_outer_context_that_is_not_there_is_given_up() -> None:
    text = "".join(f"line {number}\n" for number in range(40))
    hunk = "@@ -19,6 +19,6 @@\n no such line\n line 18\n line 19\n-line 20\n+line XX\n line 21\n nor this\n nor that\n"
    found = diff(text, hunk)
    assert changed(found) == text.replace("line 20", "line XX")
    assert Repair.CONTEXT in found.repairs


def test_given_up_context_must_leave_words_and_one_place() -> None:
    braces = "f {\n}\n\ng {\n}\n"
    assert diff(braces, "@@ -1,2 +1,2 @@\n h {\n-}\n+};\n").outcome is Outcome.DOES_NOT_APPLY
    text = "start\nreturn value\nmiddle\nreturn value\nend\n"
    found = diff(text, "@@ ... @@\n nowhere\n return value\n+more\n nothing\n")
    assert found.outcome is Outcome.DOES_NOT_APPLY
    assert "any of several" in found.reason


def test_inner_context_that_is_wrong_divides_a_hunk() -> None:
    text = "def f():\n    one()\n    two()\n    three()\n    four()\n    five()\n"
    hunk = "@@ -1,6 +1,6 @@\n def f():\n-    one()\n+    uno()\n     2()\n     drei()\n     four()\n-    five()\n+    cinco()\n"
    found = diff(text, hunk)
    assert changed(found) == text.replace("one", "uno").replace("five", "cinco")
    assert Repair.SPLIT in found.repairs


def test_lines_that_are_to_go_must_be_there() -> None:
    found = diff("def f():\n    return 1\n", "@@ -1,2 +1,2 @@\n def f():\n-    return 3\n+    return 2\n")
    assert found.outcome is Outcome.DOES_NOT_APPLY
    (mismatch,) = found.mismatches
    assert (mismatch.path, mismatch.reason, mismatch.found_line) == ("a.py", "not found", 1)
    assert mismatch.found == "def f():\n    return 1\n"
    assert mismatch.expected == "def f():\n    return 3"


def test_a_mismatch_quotes_the_nearest_lines_or_none() -> None:
    text = "x\n" * 30 + "def f():\n    a = 1\n    return a\n" + "y\n" * 30
    found = diff(
        text,
        "@@ -1,3 +1,3 @@\n def f():\n-    a = 2\n+    a = 3\n     return a\n",
        "@@ -9 +9 @@\n-nowhere\n+z\n",
    )
    first, second = found.mismatches
    assert (first.found_line, first.found) == (31, "def f():\n    a = 1\n    return a\n")
    assert (second.found_line, second.found) == (None, "")
    assert "and 1 more" in found.reason


def test_an_insertion_without_context_has_no_place() -> None:
    found = diff("a\nb\n", "@@ -1,0 +2,1 @@\n+c\n")
    assert (found.outcome, found.mismatches[0].reason) == (
        Outcome.DOES_NOT_APPLY,
        "nothing says where in the file it belongs",
    )
    assert changed(diff("", "@@ -0,0 +1,1 @@\n+c\n")) == "c\n"


@pytest.mark.parametrize(
    ("text", "hunk", "expected"),
    [
        ("a\nb", " a\n-b\n\\ No newline at end of file\n+c\n", "a\nc\n"),
        ("a\nb\n", " a\n-b\n+c\n\\ No newline at end of file\n", "a\nc"),
        ("a\nb", "-a\n+c\n b\n\\ No newline at end of file\n", "c\nb"),
        ("a\nb", "-a\n+c\n b\n", "c\nb"),  # the remark is missing, and the end stays
        ("a\nb", " a\n b\n+c\n", "a\nb\nc\n"),
        ("a\r\nb\r\n", " a\n-b\n+c\n", "a\r\nc\r\n"),
        ("a\r\nb\r\n", " a\r\n-b\r\n+c\r\n", "a\r\nc\r\n"),
        ("a\r\nb\r\n", " a\r\n-b\r\n+c\n", "a\r\nc\n"),
    ],
)
def test_ends_of_lines_and_files(text: str, hunk: str, expected: str) -> None:
    assert changed(diff(text, f"@@ -1,2 +1,2 @@\n{hunk}")) == expected


def test_no_change_is_no_answer() -> None:
    found = diff("a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+b\n")
    assert (found.outcome, found.patch) == (Outcome.EMPTY, "")
