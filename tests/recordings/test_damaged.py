"""A stream that was cut is never taken for an answer, and noise between its events changes nothing."""

from __future__ import annotations

from recordings.check import stream_faults
from recordings.damage import cut_short, noisy, readable
from recordings.kinds import dialect_of, left_out, wire
from recordings.loaders import Interaction, load_files
from recordings.product import read_stream
from recordings.reference import READERS, expectation
from swebench_runner.providers.core.errors import IncompleteStreamError, ProviderError


def streams(streamed_files: list[str]) -> list[tuple[Interaction, str, bytes]]:
    found = []
    for one in load_files(streamed_files):
        framing, data = wire(one)
        if not left_out(one) and framing != "whole" and one.status < 400:
            found.append((one, framing, data))
    return found


def test_a_cut_stream_is_what_had_arrived_and_not_an_answer(streamed_files: list[str]) -> None:
    for one, framing, data in streams(streamed_files):
        if expectation(one).errors:
            continue
        for beginning in cut_short(data, framing, one.name):
            expected = READERS[str(dialect_of(one))].streamed(readable(beginning, framing))
            found = stream_faults(one, [beginning], expected)
            assert not found, f"{one.name} cut after {len(beginning)} of {len(data)} bytes: {found}"


def failure_of(one: Interaction, beginning: bytes) -> ProviderError | None:
    try:
        read_stream(one, [beginning])
    except ProviderError as error:
        return error
    return None


def test_what_arrived_of_a_cut_stream_is_in_the_error(streamed_files: list[str]) -> None:
    for one, framing, data in streams(streamed_files):
        full = expectation(one)
        for beginning in cut_short(data, framing, one.name):
            error = failure_of(one, beginning)
            if isinstance(error, IncompleteStreamError):
                assert error.retryable, one.name
                assert full.errors or full.text.startswith(error.partial_text), one.name


def test_noise_between_the_events_changes_nothing(streamed_files: list[str]) -> None:
    for one, _, data in streams(streamed_files):
        found = stream_faults(one, [noisy(data, str(dialect_of(one)), one.name)], expectation(one))
        assert not found, f"{one.name}: {found}"
