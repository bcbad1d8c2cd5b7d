"""A process that has everything imported and starts commands by forking: many starts, little waiting.

As a program: reads JSON lists of arguments from standard input, one a line; for each it forks a child that
runs them as a `swebench` command, prints its process id, waits for its end and prints how it ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


class Zygote:
    """The process, and the command that it runs at the moment."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **environment},
        )

    def start(self, *arguments: object) -> int:
        """Begin a command; its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(argument) for argument in arguments]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> int:
        """How the command ended: its exit code, or a signal's number below zero."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End."""
        self._process.communicate()


def main() -> None:
    """Serve."""
    import aiohttp  # noqa: F401 - imported once, here

    from swebench_runner.cli.main import run
    from swebench_runner.generation.patches import check, extract  # noqa: F401 - imported once, here
    from swebench_runner.providers import create_provider

    create_provider("simulator")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            sink = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            code = run(json.loads(line))
            sys.stdout.flush()
            os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
