"""Every failure has one exit code, one line and advice."""

from __future__ import annotations

import errno

import click
import pytest

from swebench_runner.cli.errors import explain
from swebench_runner.generation.errors import (
    DatasetNetworkError,
    DatasetNotFoundError,
    GenerationError,
    SelectionError,
)
from swebench_runner.generation.journal.errors import RunLockedError, SettingsChangedError, StorageError
from swebench_runner.providers import (
    AllProvidersFailedError,
    AuthenticationError,
    BudgetExceededError,
    CircuitBreakerError,
    ConfigurationError,
    ContentFilterError,
    ContextLengthError,
    IncompleteStreamError,
    MissingApiKeyError,
    ModelNotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    QuotaExhaustedError,
    RateLimitError,
    ResponseFormatError,
    ServerError,
    UnknownModelError,
    UnknownProviderError,
    UnsupportedParameterError,
)

CODES = {
    1: [ContentFilterError("x"), OSError(errno.ENOENT, "missing", "file"), RuntimeError("bug")],
    2: [SelectionError("x"), SettingsChangedError("x"), click.UsageError("x"), click.BadParameter("x")],
    3: [
        *(
            ConfigurationError("x"),
            MissingApiKeyError("x"),
            UnknownProviderError("x"),
            UnknownModelError("x"),
        ),
        *(
            AuthenticationError("x"),
            PermissionDeniedError("x"),
            QuotaExhaustedError("x"),
            ModelNotFoundError("x"),
        ),
        *(
            UnsupportedParameterError("x"),
            ContextLengthError("x"),
            DatasetNotFoundError("x"),
            GenerationError("x"),
        ),
    ],
    4: [
        *(
            ProviderConnectionError("x"),
            ProviderTimeoutError("x"),
            IncompleteStreamError("x"),
            RateLimitError("x"),
        ),
        *(ServerError("x"), OverloadedError("x"), ResponseFormatError("x"), CircuitBreakerError("x")),
        *(AllProvidersFailedError("x"), ProviderError("x"), DatasetNetworkError("x")),
    ],
    5: [
        StorageError("x"),
        RunLockedError("x"),
        OSError(errno.ENOSPC, "No space left"),
        OSError(errno.EROFS, "read-only"),
    ],
    6: [BudgetExceededError("x")],
    130: [KeyboardInterrupt(), click.Abort()],
}


@pytest.mark.parametrize(
    ("code", "error"),
    [(code, error) for code, errors in CODES.items() for error in errors],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_exit_codes(code: int, error: BaseException) -> None:
    complaint = explain(error)
    assert complaint.exit_code == code
    assert "\n" not in complaint.message


def test_where_we_looked_and_what_to_do_are_notes() -> None:
    error = MissingApiKeyError(
        "no API key for 'openai'",
        "openai",
        looked_in=("argument", "OPENAI_API_KEY"),
        hint="export OPENAI_API_KEY=…",
    )
    complaint = explain(error)
    assert complaint.message == "no API key for 'openai'"
    assert complaint.notes == ("Looked in: argument, OPENAI_API_KEY", "Fix: export OPENAI_API_KEY=…")


def test_what_a_server_says_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    explain(ServerError("\x1b]0;owned\x07 busy", hint="\x9b31mred")).show()
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert shown.startswith("Error: \\x1b]0;owned\\x07 busy\n")
