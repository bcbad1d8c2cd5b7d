"""Build a real llama.cpp server and a tiny model for the tests in this folder; nothing to do when they are there.

The source is the `llama-cpp-python` source distribution, which carries all of llama.cpp. The compiler is
the machine's; cmake and ninja are installed into a throw-away environment where the machine has none.
A machine that cannot build (no compiler, no network) is told so, and that is not an error; a compiler
that fails is one. About four minutes on two cores, once.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from support_llama import CONTEXT_TOKENS, SOURCE_DISTRIBUTION, SOURCE_VERSION, Installation, find_installation  # noqa: E402 - run as a script, it is not beside its helper

MODEL_TOOLS = ("gguf==0.19.0", "numpy<3")
CMAKE_OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "OFF",  # one file that can be moved
    "GGML_NATIVE": "OFF",  # a cache may move to another machine
    "GGML_OPENMP": "OFF",  # one library less to find
    "LLAMA_BUILD_UI": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_CURL": "OFF",
    "LLAMA_OPENSSL": "OFF",
}


class CannotBuildError(Exception):
    """This machine lacks something; the message says what."""


def main() -> int:
    """0 when the server is there or cannot be had here, 1 when the build broke."""
    installation = find_installation()
    installation.folder.mkdir(parents=True, exist_ok=True)
    with (installation.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two checkouts share one cache
        if installation.is_complete():
            print(f"llama-server {SOURCE_VERSION} is ready: {installation.server}")
            return 0
        try:
            with tempfile.TemporaryDirectory(dir=installation.folder, prefix="work-") as work:
                build(installation, Path(work))
        except CannotBuildError as reason:
            print(f"llama-server is not built, its tests will be skipped: {reason}")
            return 0
        except subprocess.CalledProcessError as failure:
            print(f"error: {failure}\n  Log: {installation.folder / 'build.log'}", file=sys.stderr)
            return 1
    return 0


def build(installation: Installation, work: Path) -> None:
    """Everything, from the download to the two finished files."""
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "c++", "g++", "clang++")):
        raise CannotBuildError("no C++ compiler (looked for $CXX, c++, g++, clang++)")
    say("installing the tools for the model file")
    tools = make_tools(work / "tools")
    source = download(work)
    if not installation.server.is_file():
        compile_server(source, work / "build", tools, installation)
    say(f"writing a tiny random model, context {CONTEXT_TOKENS}")
    vocabulary = source / "models" / "ggml-vocab-qwen2.gguf"
    unfinished = work / "tiny.gguf"
    writer: list[str | Path] = [
        tools / "python",
        HERE / "tiny_model.py",
        vocabulary,
        unfinished,
        str(CONTEXT_TOKENS),
    ]
    run(writer, log=installation.folder / "build.log")
    unfinished.replace(installation.model)
    say(f"done: {installation.folder}")


def make_tools(folder: Path) -> Path:
    """The folder of programs of a throw-away environment with gguf, and cmake and ninja where they are missing.

    Raises:
        CannotBuildError: The packages cannot be had.
    """
    venv.create(folder, with_pip=True)
    missing = [name for name in ("cmake", "ninja") if shutil.which(name) is None]
    pip(folder / "bin" / "python", "install", "--quiet", *MODEL_TOOLS, *missing)
    return folder / "bin"


def download(work: Path) -> Path:
    """The unpacked llama.cpp source.

    Raises:
        CannotBuildError: The source distribution cannot be had.
    """
    say(f"downloading {SOURCE_DISTRIBUTION} {SOURCE_VERSION}")
    # Only this one from source: building the build tools from source as well would take an hour.
    choice = ("--no-binary", SOURCE_DISTRIBUTION, "--no-deps", "--dest", str(work))
    pip(Path(sys.executable), "download", "--quiet", *choice, f"{SOURCE_DISTRIBUTION}=={SOURCE_VERSION}")
    archive = next(work.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(work, filter="data")
    archive.unlink()
    return next(work.glob("llama_cpp_python-*")) / "vendor" / "llama.cpp"


def pip(python: Path, *arguments: str) -> None:
    """Run pip with the index that this machine is set up for.

    Raises:
        CannotBuildError: pip failed; the message ends with its last line.
    """
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise CannotBuildError(f"pip {arguments[0]} failed, is there a network? {last}")


def compile_server(source: Path, folder: Path, tools: Path, installation: Installation) -> None:
    """Configure and compile the one target, then move it into place."""
    log = installation.folder / "build.log"
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}{os.pathsep}{tools}"}
    options = [f"-D{name}={value}" for name, value in CMAKE_OPTIONS.items()]
    say("configuring")
    run(["cmake", "-S", source, "-B", folder, "-G", "Ninja", *options], log=log, environment=environment)
    say(f"compiling llama-server (log: {log})")
    jobs = os.environ.get("SWEBENCH_TEST_SERVERS_JOBS") or str(os.cpu_count() or 2)
    run(
        ["cmake", "--build", folder, "--target", "llama-server", "-j", jobs],
        log=log,
        environment=environment,
        progress=True,
    )
    unfinished = installation.folder / "llama-server.new"
    shutil.copy2(folder / "bin" / "llama-server", unfinished)
    unfinished.replace(installation.server)


def run(
    command: list[str | Path], *, log: Path, environment: dict[str, str] | None = None, progress: bool = False
) -> None:
    """Run a program with its words in the log, and with ninja's `[done/all]` shown every twentieth of the way.

    Raises:
        subprocess.CalledProcessError: It failed; the end of its output is shown.
    """
    lines: list[str] = []
    shown = -1
    with (
        log.open("a", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            lines.append(line)
            if progress and (step := re.match(r"\[(\d+)/(\d+)\]", line)):
                twentieth = 20 * int(step[1]) // int(step[2])
                if twentieth > shown:
                    shown = twentieth
                    say(f"  {step[1]} of {step[2]}")
    if process.returncode:
        print("".join(lines[-25:]), file=sys.stderr)
        raise subprocess.CalledProcessError(process.returncode, [str(part) for part in command])


def say(text: str, started: float = time.monotonic()) -> None:
    """One line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - started:4.0f} s] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
