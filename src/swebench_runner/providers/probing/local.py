"""Model servers that run on this machine, found on the ports where they usually listen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.probing.identify import identify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from swebench_runner.providers.core.protocols import Transport
    from swebench_runner.providers.probing.profile import CapabilityProfile

USUAL_PORTS: Final[Mapping[int, str]] = {
    11434: "Ollama",
    8000: "vLLM, FastChat",
    8080: "llama.cpp, LocalAI",
    9931: "llama.cpp, as announced",
    1234: "LM Studio",
    30000: "SGLang",
    4000: "LiteLLM",
    5000: "text-generation-webui",
    8001: "a second vLLM",
    8089: "the simulator",
}


async def find_local_servers(
    ports: Iterable[int] = tuple(USUAL_PORTS),
    *,
    host: str = "127.0.0.1",
    timeout_s: float = 1.0,
    transport: Transport | None = None,
) -> list[CapabilityProfile]:
    """The model servers that answer, in the order of the ports. No model is asked, and no key is sent.

    Args:
        ports: Where to look, all at once.
        host: Of this machine or another.
        timeout_s: Ceiling of one page in seconds.
        transport: Another way to the network.
    """
    found = await asyncio.gather(
        *(
            identify(f"http://{host}:{port}", trials=False, timeout_s=timeout_s, transport=transport)
            for port in dict.fromkeys(ports)
        )
    )
    return [profile for profile in found if profile.reachable and profile.kind != "unknown"]
