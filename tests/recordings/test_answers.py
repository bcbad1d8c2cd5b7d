"""Every recorded answer reads as what it says, streamed ones at any cut of their bytes."""

from __future__ import annotations

import pytest

from recordings.check import wrong
from recordings.kinds import DIALECTS, EXCLUSIONS, OTHER_APIS, left_out
from recordings.loaders import load_all, load_files


def test_recorded_answers_read_as_what_they_say(recorded_files: list[str]) -> None:
    found = [
        f"{one.name}: {line}"
        for one in load_files(recorded_files)
        if not left_out(one)
        for line in wrong(one)
    ]
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("collection")
def test_used_and_left_out_are_all_that_is_usable() -> None:
    usable = [one for one in load_all() if one.usable and one.api in DIALECTS]
    used = [one for one in usable if left_out(one) is None]
    out = [one for one in usable if left_out(one) is not None]
    reasons = {rule.reason for rule in EXCLUSIONS}
    assert len(used) + len(out) == len(usable)
    assert len(used) > 0.97 * len(usable), "leaving out is for what is no answer, not for what is hard"
    assert {left_out(one) for one in out} <= reasons


@pytest.mark.usefixtures("collection")
def test_nothing_else_is_left_out_without_a_reason() -> None:
    known = {*DIALECTS, *OTHER_APIS}
    assert {one.api for one in load_all() if one.usable} <= known
