"""The script that runs the tests says how each ended, whatever the project does. Here in this process."""

from __future__ import annotations

import json
import os
import sys
import unittest
from typing import TYPE_CHECKING

import pytest

from swebench_runner.generation.evaluation import unittest_runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CASES = """
import unittest

class Case(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): self.fail("no")
    def test_error(self): raise OSError("no")
    def test_exit(self): raise SystemExit(0)
    def test_sub(self):
        with self.subTest(1): self.fail("no")
    @unittest.skip("later")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_unexpected_success(self): pass
    @unittest.expectedFailure
    def test_expected_failure(self): self.fail("yes")
"""
OUTCOMES = {
    "test_good": "passed",
    "test_bad": "failed",
    "test_error": "failed",
    "test_exit": "failed",
    "test_sub": "failed",
    "test_skipped": "skipped",
    "test_unexpected_success": "failed",
    "test_expected_failure": "passed",
    "test_that_is_not_there": "failed",
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = f"cases_{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(CASES)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize(("test", "outcome"), OUTCOMES.items())
def test_each_ending_has_its_word(module: str, test: str, outcome: str) -> None:
    assert unittest_runner.run_test(f"{module}.Case.{test}") == outcome


@pytest.mark.parametrize("name", ["nothing_of_this_name.Case.test", "", "unittest", "unittest.TestCase"])
def test_a_name_without_a_test_is_no_pass(name: str) -> None:
    assert unittest_runner.run_test(name) == "failed"


def test_the_results_are_one_json_object(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    limits: list[int] = []
    monkeypatch.setattr(unittest_runner, "limit_resources", limits.append)
    results = tmp_path / "results.json"
    names = [f"{module}.Case.test_good", f"{module}.Case.test_bad"]
    unittest_runner.main([str(results), str(tmp_path), "7", *names])
    assert json.loads(results.read_text()) == {names[0]: "passed", names[1]: "failed"}
    assert limits == [7]
    assert unittest.TestResult is not None


def test_limits_that_the_system_does_not_have_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    asked: list[tuple[int, tuple[int, int]]] = []

    def set_limit(which: int, value: tuple[int, int]) -> None:
        if which == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        asked.append((which, value))

    monkeypatch.setattr(resource, "setrlimit", set_limit)
    monkeypatch.delattr(resource, "RLIMIT_CORE")
    unittest_runner.limit_resources(9)
    assert (resource.RLIMIT_CPU, (9, 9)) in asked
    assert len(asked) == 3


def test_where_there_are_no_limits_the_tests_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    unittest_runner.limit_resources(9)
