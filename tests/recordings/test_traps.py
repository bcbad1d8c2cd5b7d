"""What broke other libraries does not break this one."""

from __future__ import annotations

import pytest

from recordings.check import stream_faults
from recordings.compare import differences, wrong_error
from recordings.cutting import splits
from recordings.loaders import Interaction
from recordings.product import classified, read_whole
from recordings.traps import TRAPS, Trap
from recordings.traps_http import FAILURES, Failure
from swebench_runner.providers.core.errors import ProviderError

APIS = {
    "openai_chat": "openai.chat",
    "openai_responses": "openai.responses",
    "anthropic_messages": "anthropic.messages",
    "ollama": "ollama.native",
}


def interaction(
    provider: str, dialect: str, data: bytes, status: int = 200, headers: dict[str, str] | None = None
) -> Interaction:
    return Interaction(
        file="trap", number=0, provider=provider, api=APIS[dialect], endpoint="", method="POST", status=status,
        request_body=None, response=data, headers=headers or {}, model="m",
    )  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: f"{trap.dialect}-{trap.name}")
def test_the_answer_reads_as_it_was_meant(trap: Trap) -> None:
    one = interaction(trap.provider, trap.dialect, trap.data)
    if trap.whole:
        try:
            found = differences(trap.expected, read_whole(one, trap.data))
        except ProviderError as error:
            found = wrong_error(trap.expected, error)
        assert not found
        return
    for name, pieces in splits(trap.data, trap.name, 5):
        found = stream_faults(one, pieces, trap.expected)
        assert not found, name


@pytest.mark.parametrize(
    "failed", FAILURES, ids=lambda failed: f"{failed.provider}-{failed.status}-{failed.name}"
)
def test_the_failure_is_what_it_says(failed: Failure) -> None:
    error = classified(
        interaction(failed.provider, failed.dialect, failed.data, failed.status, dict(failed.headers)),
        failed.data,
    )
    assert not wrong_error(failed.expected, error)
    assert error.retryable is failed.retryable
    assert error.status_code == failed.status
    assert error.retry_after_s == failed.retry_after_s
