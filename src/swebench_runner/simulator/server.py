"""The simulator as an object: in an event loop, in a thread, or as a process of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.simulator.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.simulator.ledger import Record
    from swebench_runner.simulator.listener import Listener
    from swebench_runner.simulator.prompt import PromptInfo

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DEFAULT_PORT = 8089
KEY = "sk-simulated"


class Simulator:
    """A server that speaks to clients of OpenAI, Anthropic, Ollama and OpenRouter, and breaks on request.

    Use it as an asynchronous context manager, or `start_in_thread` from synchronous code.

    Args:
        gold: Patches by a text that is found in the prompt: an instance id or a problem statement.
        answers: Asked first; returns the right patch for a prompt, or None.
        api_keys: The keys that open the door; None lets any key in but "bad-key" and "sk-bad".
        clock: For faults that last; waits included.
        host: Where to listen.
        port: 0 is a free one.
        allow_remote: Listen on a host that is not this machine's loopback.
        keep_requests: How many records of requests are kept; counts are exact without them.

    Raises:
        ValueError: The host is not loopback and `allow_remote` is not set.
    """

    def __init__(
        self,
        *,
        gold: Mapping[str, str] | None = None,
        answers: Callable[[PromptInfo], str | None] | None = None,
        api_keys: Collection[str] | None = None,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        keep_requests: int = 100_000,
    ) -> None:
        if host not in LOOPBACK and not allow_remote:
            raise ValueError(
                f"the simulator listens on loopback only, not on {host!r}; pass allow_remote=True if meant"
            )
        self._state = State(
            clock=clock or SystemClock(),
            gold=gold,
            answers=answers,
            api_keys=api_keys,
            keep_requests=keep_requests,
        )
        self._host, self._asked_port = host, port
        self._listener: Listener | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        from swebench_runner.simulator.listener import Listener  # noqa: PLC0415 - brings the HTTP library

        listener = Listener(self._state)
        port = await listener.open(self._host, self._asked_port)
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._state.url = f"http://{host}:{port}"
        self._listener = listener
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; what was counted stays readable."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.close()

    @contextmanager
    def start_in_thread(self) -> Iterator[Self]:
        """The running simulator, in an event loop and a thread of its own.

        Raises:
            OSError: The port is taken.
        """
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="swebench-simulator", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.__aenter__(), loop).result()
            try:
                yield self
            finally:
                asyncio.run_coroutine_threadsafe(self.__aexit__(None, None, None), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    @property
    def url(self) -> str:
        """Where it listens, without a path: the base URL for Anthropic and Ollama.

        OpenAI's is `url + "/v1"`, OpenRouter's `url + "/openrouter/api/v1"`; servers in costume are at
        `/vllm/v1`, `/llamacpp/v1`, `/fastchat/v1`, `/lmstudio/v1` and `/ollama/v1`.
        """
        return self._state.url

    @property
    def port(self) -> int:
        """The port of `url`; 0 before it listens."""
        return int(self._state.url.rpartition(":")[2] or 0)

    def env(self, key: str = KEY) -> dict[str, str]:
        """Environment variables that point every provider at this simulator."""
        return {
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": key,
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": key,
            "OLLAMA_HOST": self.url,
            "OPENROUTER_BASE_URL": f"{self.url}/openrouter/api/v1",
            "OPENROUTER_API_KEY": key,
            "SWEBENCH_SIMULATOR_URL": self.url,
        }

    @property
    def requests(self) -> tuple[Record, ...]:
        """The newest requests, oldest first."""
        return self._state.ledger.records()

    def count(
        self,
        *,
        model: str | None = None,
        key: str | None = None,
        status: int | None = None,
        path: str | None = None,
    ) -> int:
        """How many requests match everything given; without `path` only those that asked a model."""
        return self._state.ledger.count(model=model, key=key, status=status, path=path)

    def answered(self, key_text: str) -> int:
        """How often the answer to one prompt was delivered whole.

        Args:
            key_text: The key of `gold` that the prompt is about; for other prompts their whole text.
        """
        return self._state.ledger.answered(key_text)

    @property
    def in_flight(self) -> int:
        """Requests to models that have no complete answer yet."""
        return self._state.ledger.in_flight

    @property
    def max_in_flight(self) -> int:
        """The most there ever were at once since the last `reset`."""
        return self._state.ledger.max_in_flight

    @property
    def connections(self) -> int:
        """Connections open now."""
        return self._listener.connections[0] if self._listener else 0

    @property
    def connections_made(self) -> int:
        """Connections ever made."""
        return self._listener.connections[1] if self._listener else 0

    def reset(self) -> None:
        """Forget every request, fault count and cached prefix."""
        self._state.reset()


def serve(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    gold: Mapping[str, str] | None = None,
    allow_remote: bool = False,
    on_ready: Callable[[Simulator], None] | None = None,
) -> None:
    """Run a simulator until the process is interrupted.

    Args:
        host: Where to listen.
        port: 0 is a free one.
        gold: Patches by a text that is found in the prompt.
        allow_remote: Listen on a host that is not this machine's loopback.
        on_ready: Called once it listens.

    Raises:
        OSError: The port is taken.
        ValueError: The host is not loopback and `allow_remote` is not set.
        KeyboardInterrupt: As usual.
    """

    async def run() -> None:
        async with Simulator(host=host, port=port, gold=gold, allow_remote=allow_remote) as simulator:
            if on_ready is not None:
                on_ready(simulator)
            await asyncio.Event().wait()

    asyncio.run(run())
