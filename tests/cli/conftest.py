"""The command line as a function: what it printed, and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_cli import Done, SwebenchCommand
from swebench_runner.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in; what is printed is 160 columns wide."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "160")
    return folder


@pytest.fixture
def swebench(workplace: Path, capfd: pytest.CaptureFixture[str]) -> SwebenchCommand:
    """`swebench("generate", "--json")` in this process."""

    def command(*arguments: object) -> Done:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return Done(code, printed.out, printed.err)

    return command
