"""Five dialects' bytes, and a network in memory that delivers them on time, in part, or not at all.

The bytes are what the simulator says, taken once a process. The network stands where the HTTP library is, so
that everything above that library is the real thing: timers, limits, classes of failure.
"""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from support_simulator import HEADERS, PATHS, ask_body
from support_virtual_time import in_virtual_time
from swebench_runner.providers import (
    AnthropicProvider,
    OllamaProvider,
    OpenAICompatibleProvider,
    OpenAIProvider,
    OpenRouterProvider,
)
from swebench_runner.providers.transport.http import HttpTransport
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from swebench_runner.providers.core.config import Timeouts
    from swebench_runner.providers.core.protocols import HttpRequest

PROVIDERS: Mapping[str, Any] = {
    "openai": OpenAIProvider,
    "anthropic": AnthropicProvider,
    "ollama": OllamaProvider,
    "openrouter": OpenRouterProvider,
    "compatible": OpenAICompatibleProvider,
}
BASES = {
    "openai": "/v1",
    "anthropic": "",
    "ollama": "",
    "openrouter": "/openrouter/api/v1",
    "compatible": "/v1",
}
NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the simulator answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def recorded(provider: str, model: str, stream: bool) -> Recorded:
    """One answer of the simulator, byte for byte."""
    dialect = "openai" if provider == "compatible" else provider

    async def take() -> Recorded:
        async with Simulator() as sim, aiohttp.ClientSession() as session:
            body = ask_body(dialect, model, stream=stream)
            async with session.post(sim.url + PATHS[dialect], json=body, headers=HEADERS[dialect]) as reply:
                headers = {name.lower(): value for name, value in reply.headers.items()}
                return Recorded(reply.status, headers, await reply.read())

    with ThreadPoolExecutor(1) as thread:  # a loop may be running here
        return thread.submit(in_virtual_time, take).result()


Step = bytes | float | BaseException


@dataclass(frozen=True, slots=True)
class Script:
    """One attempt as it will go: bytes arrive, seconds pass, the connection fails.

    Attributes:
        steps: After the headers.
        before: Instead of them, or before them.
        status: Of the answer.
        headers: Of the answer.
    """

    steps: Sequence[Step] = ()
    before: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wire:
    """One provider, streamed or not."""

    provider: str
    stream: bool

    def recorded(self, model: str) -> Recorded:
        return recorded(self.provider, model, self.stream)

    @property
    def headers(self) -> Mapping[str, str]:
        return self.recorded("scn-ok").headers

    @property
    def body(self) -> bytes:
        return self.recorded("scn-ok").body

    @property
    def parts(self) -> list[bytes]:
        """The healthy answer in its events, or a body in sixty slices."""
        body = self.body
        if self.stream:
            return (
                [event for event in body.splitlines(keepends=True) if event.strip()]
                if self.lines
                else _events(body)
            )
        size = len(body) // 60 + 1
        return [body[at : at + size] for at in range(0, len(body), size)]

    @property
    def lines(self) -> bool:
        """Whether an event is a line."""
        return self.provider == "ollama"

    def event(self, data: bytes) -> bytes:
        """Data framed as an event."""
        return data + b"\n" if self.lines else b"data: " + data + b"\n\n"

    def script(self, *steps: Step, **more: Any) -> Script:
        """A script under the headers of a healthy answer."""
        return Script(steps, headers=more.pop("headers", self.headers), **more)


def _events(body: bytes) -> list[bytes]:
    return [event + b"\n\n" for event in body.split(b"\n\n") if event.strip()]


class MemoryTransport(HttpTransport):
    """The real transport over a network of scripts.

    Attributes:
        requests: Every request that was made.
        open: Answers that were begun and neither released nor closed.
    """

    def __init__(self, script: Callable[[int], Script]) -> None:
        super().__init__()
        self._script = script
        self.requests: list[HttpRequest] = []
        self.open = 0
        self.failures = (aiohttp.ClientError, TimeoutError, OSError)

    async def _pool(self) -> Any:
        return self

    def request(self, request: HttpRequest, timeouts: Timeouts, *, total_s: float | None) -> _Sending:
        self.requests.append(request)
        return _Sending(self, self._script(len(self.requests)), total_s)

    async def aclose(self) -> None:
        """Nothing is kept."""


class _Sending:
    """What the library's request is: awaited, or entered and left."""

    def __init__(self, network: MemoryTransport, script: Script, total_s: float | None) -> None:
        self._network, self._script, self._total_s = network, script, total_s

    def __await__(self) -> Any:
        return self._begin().__await__()

    async def __aenter__(self) -> _Reply:
        self._reply = await self._begin()
        return self._reply

    async def __aexit__(self, *_exc: object) -> None:
        self._reply.close()

    async def _begin(self) -> _Reply:
        end_s = None if self._total_s is None else asyncio.get_running_loop().time() + self._total_s
        content = _Content(self._script, end_s)
        for step in self._script.before:
            await content.take(step)
        self._network.open += 1
        return _Reply(self._network, self._script, content)


class _Reply:
    def __init__(self, network: MemoryTransport, script: Script, content: _Content) -> None:
        self._network, self._open = network, True
        self.status, self.headers, self.content = script.status, script.headers, content
        self.url = URL("http://far.test/")

    def close(self) -> None:
        self.content.closed.set()
        self.release()

    def release(self) -> None:
        self._network.open -= self._open
        self._open = False


class _Content:
    def __init__(self, script: Script, end_s: float | None) -> None:
        self._steps, self._end_s = list(script.steps), end_s
        self.closed = asyncio.Event()

    def at_eof(self) -> bool:
        return not self._steps

    async def readany(self) -> bytes:
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, bytes):
                await asyncio.sleep(0)
                return step
            await self.take(step)
        return b""

    async def iter_any(self) -> Any:
        while data := await self.readany():
            yield data

    async def take(self, step: Step) -> None:
        """Let time pass, at most until the connection is closed or the request's time is over; or fail."""
        if isinstance(step, BaseException):
            raise step
        assert isinstance(step, float | int)
        left_s = NEVER if self._end_s is None else self._end_s - asyncio.get_running_loop().time()
        wait_s = min(step, left_s)
        try:
            async with asyncio.timeout(None if wait_s == NEVER else wait_s):
                await self.closed.wait()
        except TimeoutError:
            if left_s <= step:
                raise
            return
        raise aiohttp.ClientConnectionError("Connection closed")
