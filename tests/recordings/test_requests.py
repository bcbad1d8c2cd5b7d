"""A recorded request, said in our words, comes out of our transform with the meaning that it had."""

from __future__ import annotations

from recordings.kinds import left_out
from recordings.loaders import load_files
from recordings.round_trip import request_differences


def test_recorded_requests_come_out_as_they_were_sent(recorded_files: list[str]) -> None:
    found = [
        f"{one.name}: {line}"
        for one in load_files(recorded_files)
        if not left_out(one)
        for line in request_differences(one)
    ]
    assert not found, "\n".join(found)
