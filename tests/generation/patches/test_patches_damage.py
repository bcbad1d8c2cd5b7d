"""Damage that leaves no doubt about the edit gives the intended tree; doubt is never resolved by a guess."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support_damage import UNAMBIGUOUS, fenced, plain_cases, rendered
from support_patches import Case, git_apply
from swebench_runner.generation.patches import Outcome, check, extract

EXAMPLES = settings(max_examples=25, deadline=None, derandomize=True)


@pytest.mark.parametrize("kind", UNAMBIGUOUS)
@EXAMPLES
@given(case=plain_cases(), seed=st.integers(0, 1000))
def test_the_intended_tree_comes_back(kind: str, case: Case, seed: int) -> None:
    assume(case.touched)
    answer = UNAMBIGUOUS[kind](rendered(case), random.Random(seed))
    found = extract(answer, case.before)
    assert found.outcome is Outcome.APPLIES, f"{found.reason}\n{answer}"
    assert git_apply(found.patch, case.before) == case.after, answer


@pytest.mark.parametrize("kind", UNAMBIGUOUS)
@EXAMPLES
@given(case=plain_cases(), seed=st.integers(0, 1000))
def test_without_files_the_hunks_are_well_formed(kind: str, case: Case, seed: int) -> None:
    assume(case.touched)
    found = extract(UNAMBIGUOUS[kind](rendered(case), random.Random(seed)))
    assert found.usable
    assert "corrupt" not in check(found.patch, case.before).reason


@EXAMPLES
@given(case=plain_cases(), share=st.floats(0, 1))
def test_an_answer_that_was_cut_gives_the_whole_edit_or_none(case: Case, share: float) -> None:
    assume(case.touched)
    answer = fenced(rendered(case))
    found = extract(answer[: int(share * len(answer))], case.before, cut=True)
    if found.outcome is not Outcome.TRUNCATED:
        assert {**case.before, **found.after} == case.after
        assert len(answer) * share > answer.index("```\n\nThis should do")


@EXAMPLES
@given(
    block=st.lists(st.integers(0, 400).map("value_{}".format), min_size=1, unique=True),
    times=st.integers(2, 4),
)
def test_what_fits_in_several_places_is_refused(block: list[str], times: int) -> None:
    text = "".join(f"part {number}\n" + "".join(line + "\n" for line in block) for number in range(times))
    new = "\n".join([*block, "more"])
    search = "a.py\n```\n<<<<<<< SEARCH\n{}\n=======\n{}\n>>>>>>> REPLACE\n```\n".format(
        "\n".join(block), new
    )
    diff = (
        "```diff\n--- a/a.py\n+++ b/a.py\n@@ @@\n" + "".join(f" {line}\n" for line in block) + "+more\n```\n"
    )
    for answer in (search, diff):
        found = extract(answer, {"a.py": text})
        assert (found.outcome, found.patch) == (Outcome.DOES_NOT_APPLY, "")
        assert "several lines" in found.reason
