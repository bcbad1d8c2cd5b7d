"""Recorded token counts: the question comes out as it was asked, and the answer is the number."""

from __future__ import annotations

from recordings.json_diff import unequal
from recordings.kinds import body_of, wire
from recordings.loaders import load_files
from recordings.product import classified, transform
from recordings.reference_errors import expected_class
from recordings.requests_anthropic import canonical, decode
from swebench_runner.providers.core.protocols import Target


def test_recorded_counts_are_read_as_they_are(recorded_files: list[str]) -> None:
    for one in load_files(recorded_files):
        if one.api != "anthropic.count_tokens" or not one.usable:
            continue
        _, data = wire(one)
        body = body_of(data) or {}
        if one.status >= 400:
            assert type(classified(one, data)).__name__ == expected_class(one.status, body, "")
            continue
        counter = transform("anthropic", "anthropic_messages")
        assert counter.parse_count(body) == body["input_tokens"], one.name
        assert one.request_body is not None
        said = decode(one.request_body)
        asked = counter.encode_count(said.request, Target("anthropic", said.request.model or "", said.facts))
        assert not unequal("", canonical(asked.body), canonical(one.request_body)), one.name
        assert asked.path.endswith("/v1/messages/count_tokens")
