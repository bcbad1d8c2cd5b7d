"""The official harness's own subcommands reach it, whoever owns the name `swebench` here."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from swebench_runner.cli.diagnose import owner_of

if TYPE_CHECKING:
    from pathlib import Path

    from support_cli import SwebenchCommand

COMMANDS = ["eval", "images", "dataset", "infer", "submit"]


@pytest.fixture
def harness(tmp_path: Path) -> Path:
    """A folder for the import path with a harness that says what it was asked, and ends with 7."""
    folder = tmp_path / "site"
    (folder / "swebench-5.0.2.dist-info").mkdir(parents=True)
    (folder / "swebench-5.0.2.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: swebench\nVersion: 5.0.2\n"
    )
    (folder / "swebench-5.0.2.dist-info" / "entry_points.txt").write_text(
        "[console_scripts]\nswebench = swebench.cli:main\n"
    )
    (folder / "swebench").mkdir()
    (folder / "swebench" / "__init__.py").touch()
    (folder / "swebench" / "cli.py").write_text(
        "import sys\n\ndef main():\n    print(sys.argv)\n    return 7\n"
    )
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_go_through_untouched(harness: Path, name: str) -> None:
    arguments = [name, "SWE-bench/SWE-bench_Lite", "-p", "predictions.jsonl", "--help", "--json", "--", "-x"]
    done = subprocess.run(
        [sys.executable, "-m", "swebench_runner", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(harness)},
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (7, str(["swebench", *arguments]), "")


def test_its_commands_whose_names_are_ours_are_reached_through_harness(harness: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "swebench_runner", "harness", "report", "run-1", "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(harness)},
    )
    assert (done.returncode, done.stdout.strip()) == (7, str(["swebench", "report", "run-1", "--help"]))


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_harness_we_say_how_to_get_it(swebench: SwebenchCommand, name: str) -> None:
    done = swebench(name, "--help")
    assert done.code == 3
    assert done.complaint == f"Error: swebench {name}: the official harness is not installed"
    assert "pip install 'swebench>=5'" in done.err


@pytest.mark.parametrize(
    ("script", "owner"),
    [
        ("#!/usr/bin/python\nfrom swebench_runner.cli.main import main\n", "swebench-runner"),
        ("#!/usr/bin/python\nimport sys\nfrom swebench.cli import main\n", "the official harness"),
        ("#!/bin/sh\necho hello\n", "another program"),
    ],
)
def test_whose_a_command_is(tmp_path: Path, script: str, owner: str) -> None:
    command = tmp_path / "swebench"
    command.write_text(script)
    assert owner_of(command) == owner
    assert owner_of(tmp_path / "nothing") == "another program"
