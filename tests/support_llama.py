"""Where the built llama.cpp server lies, how it is started and what it says of itself. Standard library only."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE_DISTRIBUTION = "llama-cpp-python"
SOURCE_VERSION = "0.3.36"
RECIPE = 1  # raise it when the build options or the model change: what is cached is then built anew
CONTEXT_TOKENS = 2048
SLOTS = 4


@dataclass(frozen=True, slots=True)
class Installation:
    """One built server and its model, in a folder that outlives the checkout.

    Attributes:
        folder: Everything that is kept; named after version and recipe, so that old builds never match.
    """

    folder: Path

    @property
    def server(self) -> Path:
        """The executable."""
        return self.folder / "llama-server"

    @property
    def model(self) -> Path:
        """A few million random weights with a real vocabulary and a chat template."""
        return self.folder / "tiny.gguf"

    def is_complete(self) -> bool:
        """Whether both are there; each is moved into place only when it is finished."""
        return self.server.is_file() and self.model.is_file()


def find_installation() -> Installation:
    """Where the server is, or would be built: `SWEBENCH_TEST_SERVERS_CACHE`, else the user's cache folder."""
    chosen = os.environ.get("SWEBENCH_TEST_SERVERS_CACHE")
    user_cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    root = Path(chosen) if chosen else Path(user_cache) / "swebench-runner-tests"
    return Installation(root.absolute() / f"llama-cpp-{SOURCE_VERSION}-{RECIPE}")


def server_command(installation: Installation, port: int) -> list[str]:
    """How the server is started."""
    options = {
        "model": installation.model,
        "alias": "tiny",
        "host": "127.0.0.1",
        "port": port,
        "parallel": SLOTS,
        "ctx-size": SLOTS * CONTEXT_TOKENS,
        "threads": 1,
        "threads-http": 40,  # calls that wait for a slot each hold one
    }
    pairs = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [str(installation.server), *pairs, "--context-shift", "--jinja", "--slots"]


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """Where the server listens, and what it says about its slots."""

    url: str

    def busy_slots(self) -> int:
        """How many answers it is working on at this moment."""
        with urllib.request.urlopen(f"{self.url}/slots", timeout=10) as answer:
            return sum(slot["is_processing"] for slot in json.load(answer))

    async def wait_until(
        self,
        condition: Callable[[int], bool],
        *,
        within_s: float,
        first_look_s: float = 0,
        every_s: float = 0.01,
    ) -> None:
        """Return as soon as the number of busy slots is as wanted.

        Args:
            condition: Told how many slots are busy.
            within_s: How long it may take.
            first_look_s: How long the server is left in peace first.
            every_s: How often it is asked.

        Raises:
            TimeoutError: It was not, in this time.
        """
        async with asyncio.timeout(within_s):
            await asyncio.sleep(first_look_s)
            while not condition(await asyncio.to_thread(self.busy_slots)):  # noqa: ASYNC110 - the server can only be asked
                await asyncio.sleep(every_s)
