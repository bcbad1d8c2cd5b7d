"""The command itself: help, start-up, failures as sentences."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from swebench_runner import __version__
from swebench_runner.cli.main import COMMANDS, cli
from swebench_runner.cli.main import run as run_command

if TYPE_CHECKING:
    from pathlib import Path

    from support_cli import SwebenchCommand


def test_help_lists_every_command_and_imports_none(workplace: Path) -> None:
    code = (
        "import sys; from swebench_runner.cli.main import run; code = run(['--help']); "
        "print(sorted(m for m in sys.modules if m.startswith(('swebench_runner', 'rich', 'aiohttp', 'asyncio', "
        "'sqlite3', 'msgspec', 'decimal')))); sys.exit(code)"
    )
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unmeasured
    )
    *help_text, modules = done.stdout.splitlines()
    for name, entry in COMMANDS.items():
        assert any(line.split()[:1] == [name] and entry.summary in line for line in help_text), name
    assert (
        modules
        == "['swebench_runner', 'swebench_runner.cli', 'swebench_runner.cli.lazy', 'swebench_runner.cli.main']"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_agrees_with_the_list(name: str) -> None:
    from click import Context

    command = cli.get_command(Context(cli), name)
    assert command is not None
    assert command.help
    if not name.startswith(("eval", "report", "images", "dataset", "infer", "submit")):
        assert command.name == name


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=["nothing", "--help", "-h"])
def test_help_is_help(swebench: SwebenchCommand, arguments: list[str]) -> None:
    done = swebench(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "swebench generate" in done.out


def test_versions(swebench: SwebenchCommand) -> None:
    assert swebench("--version").out == f"swebench-runner {__version__}\n"
    assert swebench("version").out.startswith(f"swebench-runner {__version__} (Python 3.")


def test_a_module_is_the_same_command(workplace: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "swebench_runner", "version"], capture_output=True, text=True, check=True
    )
    assert __version__ in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint", "note"),
    [
        (
            ["genrate"],
            "No such command 'genrate'. Did you mean generate or extract or evaluate?",
            "Help: swebench --help",
        ),
        (["provider", "lst"], "No such command 'lst'", "Help: swebench provider --help"),
        (["generate", "--nonsense"], "No such option", "Help: swebench generate --help"),
        (
            ["generate", "--count", "many"],
            "Invalid value for '-c' / '--count': 'many' is not a valid integer.",
            "Help",
        ),
        (["generate", "--budget", "-3"], "'-3' is not a positive amount", "Help"),
        (["generate", "--budget", "cheap"], "'cheap' is not an amount of dollars", "Help"),
        (["generate", "--max-workers", "0"], "0 is not in the range", "Help"),
        (["generate", "--temperature", "3"], "3.0 is not in the range", "Help"),
        (["generate", "extra"], "unexpected extra argument", "Help"),
        (["provider", "test"], "Missing argument 'NAME'", "Help: swebench provider test --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    swebench: SwebenchCommand, arguments: list[str], complaint: str, note: str
) -> None:
    done = swebench(*arguments)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.complaint
    assert note in done.err.splitlines()[1]


def test_a_fault_of_ours_says_so_and_shows_its_trace_on_demand(
    swebench: SwebenchCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swebench_runner.cli import diagnose

    def broken() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(diagnose, "diagnose", broken)
    done = swebench("doctor")
    assert (done.code, done.complaint) == (1, "Error: unexpected ZeroDivisionError: a bug")
    assert "--debug" in done.err
    assert "Traceback" not in done.err
    with pytest.raises(ZeroDivisionError):
        run_command(["--debug", "doctor"])


def test_an_interrupt_is_exit_code_130(swebench: SwebenchCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    from swebench_runner.cli import diagnose

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(diagnose, "diagnose", interrupted)
    assert swebench("doctor").code == 130


def test_a_reader_that_goes_away_is_no_error(workplace: Path) -> None:
    command = f"{sys.executable} -m swebench_runner simulator --models | head -1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.stdout.startswith("model")
    assert done.stderr == ""
