"""One patch on trial: the project in a folder of its own, the patch on it, the tests that judge it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from swebench_runner.generation.errors import EvaluationError
from swebench_runner.generation.evaluation import unittest_runner
from swebench_runner.generation.patches import HostilePatchError, screen_patch
from swebench_runner.generation.patches.git import Answer, encode, run_git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.generation.datasets.instances import Instance

TEST_TIMEOUT_S: Final = 60.0
GIT_TIMEOUT_S: Final = 60.0
LOG_CHARS: Final = 4_000


class Verdict(StrEnum):
    """What came of a prediction, in the words of the official report."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    EMPTY_PATCH = "empty_patch"
    ERROR = "error"
    INFRA_FAILURE = "infra_failure"


@dataclass(frozen=True, slots=True)
class InstanceVerdict:
    """The verdict on one prediction, and why.

    Attributes:
        instance_id: The instance.
        verdict: Resolved or not; `ERROR` where the tests never ran to their end.
        reason: One line; "" when resolved.
        tests: "passed", "failed", "skipped" or "missing" for each test that counts.
        log: The end of what the tests printed.
        duration_s: Seconds from the first file to the last test.
    """

    instance_id: str
    verdict: Verdict
    reason: str = ""
    tests: Mapping[str, str] = field(default_factory=dict)
    log: str = field(default="", repr=False)
    duration_s: float = 0.0


def try_patch(
    instance: Instance, files: Mapping[str, str], patch: str, *, timeout_s: float = TEST_TIMEOUT_S
) -> InstanceVerdict:
    """The verdict on a patch.

    The tests run code that a model wrote, as the user who runs this: in a folder that goes away, with
    limits on time, memory and file size, without any of our environment. That is tidy, not a sandbox.

    Args:
        instance: Its `test_patch` is applied after the patch, its tests are run.
        files: The project before the patch.
        patch: A unified diff.
        timeout_s: Seconds for all tests together.

    Raises:
        EvaluationError: The instance's own test patch does not apply.
        GitError: Git is not installed, or does not end.
    """
    if not patch.strip():
        return InstanceVerdict(instance.instance_id, Verdict.EMPTY_PATCH, "the patch is empty")
    started_s = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="swebench-trial-", ignore_cleanup_errors=True) as folder:
            return _Trial(Path(folder).resolve(), instance, files, started_s).run(patch, timeout_s)
    except OSError as exc:
        return InstanceVerdict(
            instance.instance_id,
            Verdict.INFRA_FAILURE,
            f"this machine failed, not the patch: {exc}",
            duration_s=time.monotonic() - started_s,
        )


@dataclass(frozen=True, slots=True)
class _Trial:
    folder: Path
    instance: Instance
    files: Mapping[str, str]
    started_s: float

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def run(self, patch: str, timeout_s: float) -> InstanceVerdict:
        for name in ("project", "home", "tmp"):
            (self.folder / name).mkdir()
        for path, text in self.files.items():
            self._write(path, text)
        try:
            screen_patch(patch)
        except HostilePatchError as exc:
            return self._verdict(Verdict.ERROR, exc.message)
        refusal = self._apply(patch)
        if refusal is not None:
            return self._verdict(Verdict.ERROR, f"the patch does not apply: {refusal}")
        # What git made of the patch counts, should it ever read one otherwise than the screen does.
        if any(path.is_symlink() for path in self.project.rglob("*")):
            return self._verdict(Verdict.ERROR, "hostile patch: a symbolic link")
        try:
            self._put_tests_in_place()
        except (IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError) as exc:
            return self._verdict(Verdict.ERROR, f"the patch is in the way of the tests: {exc.strerror}")
        return self._run_tests(timeout_s)

    def _write(self, path: str, text: str) -> None:
        target = self.project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())

    def _apply(self, patch: str) -> str | None:
        """Why git refuses the patch; None when it is applied."""
        done = self._git("apply", "--whitespace=nowarn", "-", text=patch)
        if done.status == 0:
            return None
        lines = done.err.decode(errors="replace").strip().splitlines()
        return lines[0].removeprefix("error: ") if lines else f"git ended with {done.status}"

    def _put_tests_in_place(self) -> None:
        """The judging tests, whatever the patch did to their files."""
        listed = self._git("apply", "--numstat", "-z", "-", text=self.instance.test_patch)
        for entry in listed.out.decode().split("\0"):
            path = entry.rpartition("\t")[2]
            if path in self.files:
                self._write(path, self.files[path])
            elif path:
                (self.project / path).unlink(missing_ok=True)
        refusal = self._apply(self.instance.test_patch)
        if refusal is not None:
            raise EvaluationError(
                f"{self.instance.instance_id}: its own test patch does not apply: {refusal}"
            )

    def _git(self, *arguments: str, text: str) -> Answer:
        return run_git(arguments, folder=self.project, stdin=encode(text), timeout_s=GIT_TIMEOUT_S)

    def _environment(self) -> dict[str, str]:
        """What the tests may know: where programs are, and folders of their own."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        }

    def _run_tests(self, timeout_s: float) -> InstanceVerdict:
        names = [*self.instance.fail_to_pass, *self.instance.pass_to_pass]
        results, log = self.folder / "results.json", self.folder / "log.txt"
        with log.open("wb") as output:
            exit_code = self._start(names, results, output, timeout_s)
        with log.open("rb") as output:
            output.seek(max(0, log.stat().st_size - 4 * LOG_CHARS))
            tail = output.read().decode(errors="replace")[-LOG_CHARS:]
        if exit_code is None:
            return self._verdict(Verdict.ERROR, f"the tests did not end within {timeout_s:g} s", log=tail)
        outcomes = _read_results(results)
        tests = {name: outcomes.get(name, "missing") for name in names}
        bad = [name for name, outcome in tests.items() if outcome != "passed"]
        if not bad:
            return self._verdict(Verdict.RESOLVED, tests=tests, log=tail)
        reason = f"{len(bad)} of {len(tests)} tests: {tests[bad[0]]}: {bad[0]}"
        if not outcomes:
            reason = f"the tests ended without a result (exit code {exit_code})"
        return self._verdict(Verdict.UNRESOLVED, reason, tests=tests, log=tail)

    def _start(self, names: list[str], results: Path, output: IO[bytes], timeout_s: float) -> int | None:
        """The exit code of the tests; None when they had to be ended."""
        command = [sys.executable, "-I", "-B", unittest_runner.__file__]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [*command, str(results), str(self.project), str(int(timeout_s) + 1), *names],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.project,
            env=self._environment(),
            start_new_session=True,
        )
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end_group(process)

    def _verdict(
        self, verdict: Verdict, reason: str = "", *, tests: Mapping[str, str] | None = None, log: str = ""
    ) -> InstanceVerdict:
        return InstanceVerdict(
            self.instance.instance_id,
            verdict,
            reason,
            tests or {},
            log,
            time.monotonic() - self.started_s,
        )


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the tests and everything they started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nobody is left; macOS says it the second way
        process.kill()
    process.wait()


def _read_results(path: Path) -> dict[str, str]:
    try:
        outcomes = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(outcomes, dict):
        return {}
    return {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, str)}
