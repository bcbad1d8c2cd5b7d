"""Install FastChat's API server for the tests in this folder; nothing to do when it is there.

It gets an environment of its own in the user's cache, without the machine-learning stack that only its
workers need. A machine without a network is told so, and that is not an error.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support_fastchat import REQUIREMENTS, VERSION, find_environment, is_ready


def main() -> int:
    """0 when the server is there or cannot be had here."""
    folder = find_environment()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two checkouts share one cache
        if is_ready(folder):
            print(f"FastChat {VERSION} is ready: {folder}")
            return 0
        target = folder / "env"
        shutil.rmtree(target, ignore_errors=True)
        venv.create(target, with_pip=True)
        pip = [
            str(target / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        for what in (["--no-deps", f"fschat=={VERSION}"], [*REQUIREMENTS]):
            done = subprocess.run([*pip, *what], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"FastChat is not installed, its tests will be skipped: {done.stderr.strip()[-300:]}")
                return 0
        (folder / "ready").write_text(VERSION)
    print(f"FastChat {VERSION} is ready: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
