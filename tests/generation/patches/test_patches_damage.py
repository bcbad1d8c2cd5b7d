"""Damage that leaves no doubt about the edit gives the intended tree; doubt is never resolved by a guess."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support_damage import UNAMBIGUOUS, plain_cases, rendered
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
