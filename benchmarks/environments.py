"""An isolated environment for each package that is measured: pinned, made once, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent


@dataclass(frozen=True, slots=True)
class Contender:
    """A package that is measured.

    Attributes:
        name: What a person types after `--peers`; also the module in `clients/`.
        title: What the table says.
        environment: Which requirements file it is installed from.
        calls: Whether it can make calls to the far end; otherwise its import alone is measured.
        packages: Whose versions the report names.
    """

    name: str
    title: str
    environment: str
    packages: tuple[str, ...]
    calls: bool = True


CONTENDERS = (
    Contender("raw", "raw aiohttp + msgspec", "raw", ("aiohttp", "msgspec")),
    Contender("ours", "swebench-runner", "ours", ("swebench-runner", "aiohttp", "msgspec")),
    Contender("openai_sdk", "openai SDK", "openai_sdk", ("openai", "httpx2", "httpx")),
    Contender("anyllm", "any-llm", "anyllm", ("any-llm-sdk", "openai")),
    Contender("pydanticai", "pydantic-ai", "pydanticai", ("pydantic-ai-slim", "openai")),
    Contender("litellm_sdk", "litellm", "litellm", ("litellm", "openai")),
    Contender("litellm_router", "litellm router", "litellm", ("litellm", "openai")),
    Contender("anthropic_sdk", "anthropic SDK", "anthropic_sdk", ("anthropic",), calls=False),
)


def cache_folder() -> Path:
    """Where environments are kept: `SWEBENCH_BENCH_CACHE`, else the user's cache folder."""
    chosen = os.environ.get("SWEBENCH_BENCH_CACHE")
    user_cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(user_cache) / "swebench-runner-bench"


def interpreter(environment: str) -> Path:
    """The Python of an environment, which is made or brought up to date when needed.

    Raises:
        subprocess.CalledProcessError: pip failed; its own words were shown.
    """
    requirements = HERE / f"requirements-{environment}.txt"
    folder = cache_folder() / f"{environment}-py{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    has_packages = stamp.is_file() and stamp.read_text().split()[0] == wanted
    if not has_packages:
        print(f"  making the environment {folder}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip(python, "install", "-r", str(requirements))
        stamp.write_text(wanted)
    if environment == "ours":
        wanted_both = f"{wanted} {source_digest()}"
        if stamp.read_text() != wanted_both:
            print("  installing this checkout", file=sys.stderr, flush=True)
            pip(python, "install", "--no-deps", "--force-reinstall", str(REPOSITORY))
            stamp.write_text(wanted_both)
    return python


def pip(python: Path, *arguments: str) -> None:
    """Run pip quietly, with the index that this machine is set up for."""
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def source_digest() -> str:
    """A digest of everything that an installation of this checkout consists of."""
    digest = hashlib.sha256((REPOSITORY / "pyproject.toml").read_bytes())
    for path in sorted((REPOSITORY / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def versions(python: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """Which versions of the packages an environment holds; those that are absent are left out."""
    code = (
        "import sys; from importlib import metadata\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(name, metadata.version(name))\n"
        "    except metadata.PackageNotFoundError: pass\n"
    )
    done = subprocess.run([python, "-c", code, *packages], check=True, capture_output=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines())
