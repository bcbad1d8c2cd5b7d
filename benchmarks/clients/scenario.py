"""One scenario of one client in one process: prints its figures as one line of JSON.

Usage: scenario.py CLIENT SCENARIO URL SECONDS
Standard library and the client, so that what is measured is the client.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Protocol

ANSWER_START, ANSWER_TOKENS = "Here is the change", 36


class Client(Protocol):
    """What each module of this folder has under this name. Tokens are read so that usage is parsed by everyone."""

    async def open(self, base_url: str) -> None:
        """Make what asks; called once, in the event loop."""

    async def call(self) -> tuple[str, int]:
        """The text and the total tokens of one answer."""

    async def stream(self) -> tuple[int, int]:
        """How many events with text one stream had, and its total tokens."""

    async def close(self) -> None:
        """Give back the connections."""


def cpu_s() -> float:
    """User and system time of this process, all threads."""
    return time.process_time()


def rss_bytes() -> int:
    """Memory in use now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return peak_bytes()


def peak_bytes() -> int:
    """The most memory that was ever in use."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


async def checked_call(client: Client) -> None:
    """A call whose answer is read: who does not parse it does not count."""
    text, tokens = await client.call()
    if not text.startswith(ANSWER_START) or tokens != ANSWER_TOKENS:
        raise AssertionError(f"wrong answer: {text!r}, {tokens} tokens")


async def sequential(client: Client, seconds: float) -> dict[str, float]:
    """Calls one after another: CPU per call."""
    for _ in range(30):
        await checked_call(client)
    calls, cpu, start = 0, cpu_s(), time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(20):
            await checked_call(client)
        calls += 20
    return {"cpu_us": (cpu_s() - cpu) / calls * 1e6, "calls": calls, "elapsed_s": elapsed}


async def in_flight(client: Client, seconds: float, workers: int) -> dict[str, float]:
    """So many workers without a pause: finished calls in a window that starts when each has had its first."""
    warm, stop, done = asyncio.Barrier(workers + 1), False, 0

    async def work() -> None:
        nonlocal done
        await checked_call(client)
        await warm.wait()
        while not stop:
            await checked_call(client)
            done += 1

    tasks = [asyncio.ensure_future(work()) for _ in range(workers)]
    failed = asyncio.gather(*tasks)
    await asyncio.wait([failed, asyncio.ensure_future(warm.wait())], return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        failed.result()
    done, cpu, start = 0, cpu_s(), time.perf_counter()
    await asyncio.sleep(seconds)
    calls, used, elapsed = done, cpu_s() - cpu, time.perf_counter() - start
    stop = True
    await failed
    return {"per_s": calls / elapsed, "cpu_us": used / max(calls, 1) * 1e6, "peak_mb": peak_bytes() / 1e6}


async def streams(client: Client, seconds: float, expected: int, at_once: int) -> dict[str, float]:
    """Streams, one after another or a few at once: CPU per event with text."""

    async def one() -> int:
        events, tokens = await client.stream()
        if events != expected or tokens != ANSWER_TOKENS:
            raise AssertionError(f"wrong stream: {events} events, {tokens} tokens")
        return events

    await one()
    events, cpu, start = 0, cpu_s(), time.perf_counter()
    while time.perf_counter() - start < seconds:
        events += sum(await asyncio.gather(*(one() for _ in range(at_once))))
    return {"cpu_us": (cpu_s() - cpu) / events * 1e6, "events": events}


async def memory(client: Client, _seconds: float) -> dict[str, float]:
    """Memory after one answered call."""
    await checked_call(client)
    return {"rss_mb": rss_bytes() / 1e6}


SCENARIOS = {
    "sequential": ("", sequential),
    "in_flight_64": ("", lambda client, s: in_flight(client, s, 64)),
    "in_flight_1000": ("/slow", lambda client, s: in_flight(client, 2 * s, 1000)),
    "stream": ("", lambda client, s: streams(client, s, 1_000, 1)),
    "trickle": ("/trickle", lambda client, s: streams(client, s, 100, 10)),
    "memory_answered": ("", memory),
}


async def measure(name: str, scenario: str, url: str, seconds: float) -> dict[str, float]:
    """Open the client, run the scenario, close it."""
    client = importlib.import_module(name).Client()
    suffix, run = SCENARIOS[scenario]
    await client.open(url + suffix)
    try:
        return await run(client, seconds)
    finally:
        await client.close()


def main(name: str, scenario: str, url: str, seconds: float) -> dict[str, float]:
    """The figures of one scenario."""
    if scenario.startswith("in_flight"):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return asyncio.run(measure(name, scenario, url, seconds))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))))
