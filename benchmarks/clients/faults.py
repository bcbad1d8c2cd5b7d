"""One library's calls under faults: asked by `fault_table.py`, answers in lines of JSON.

Usage: faults.py LIBRARY URL, with lines of {"model": …, "stream": …} on standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

SILENCE_S = 4.0
PATIENCE_S = 45.0
AT_ONCE = 12
MESSAGES = [{"role": "user", "content": "hello"}]


def ours(url: str) -> Callable[..., Awaitable[str]]:
    from swebench_runner.providers import OpenAICompatibleProvider
    from swebench_runner.providers.core.config import Timeouts

    timeouts = Timeouts(
        connect_s=SILENCE_S,
        first_event_s=SILENCE_S,
        idle_s=SILENCE_S,
        progress_s=SILENCE_S,
        attempt_s=SILENCE_S,
    )

    async def ask(model: str, *, stream: bool) -> str:
        provider = OpenAICompatibleProvider(
            model, "sk-x", base_url=f"{url}/v1", timeouts=timeouts, max_retries=2
        )
        async with provider:
            return (await provider.generate("hello", stream=stream)).content

    return ask


def openai_sdk(url: str) -> Callable[..., Awaitable[str]]:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1", timeout=SILENCE_S, max_retries=2)

    async def ask(model: str, *, stream: bool) -> str:
        answer: Any = await client.chat.completions.create(model=model, messages=MESSAGES, stream=stream)
        if not stream:
            return str(answer.choices[0].message.content)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in answer if chunk.choices])

    return ask


def anthropic_sdk(url: str) -> Callable[..., Awaitable[str]]:
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(api_key="sk-x", base_url=url, timeout=SILENCE_S, max_retries=2)

    async def ask(model: str, *, stream: bool) -> str:
        asked: Any = {"model": model, "messages": MESSAGES, "max_tokens": 1000}
        if not stream:
            answer = await client.messages.create(**asked)
            return "".join(block.text for block in answer.content)
        async with client.messages.stream(**asked) as events:
            final = await events.get_final_message()
        return "".join(block.text for block in final.content)

    return ask


def litellm(url: str) -> Callable[..., Awaitable[str]]:
    import litellm as library

    library.suppress_debug_info = True

    async def ask(model: str, *, stream: bool) -> str:
        answer: Any = await library.acompletion(
            model=f"openai/{model}",
            api_base=f"{url}/v1",
            api_key="sk-x",
            messages=MESSAGES,
            stream=stream,
            timeout=SILENCE_S,
            num_retries=2,
        )
        if not stream:
            return str(answer.choices[0].message.content)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in answer if chunk.choices])

    return ask


LIBRARIES = {"ours": ours, "openai_sdk": openai_sdk, "anthropic_sdk": anthropic_sdk, "litellm": litellm}


async def main(library: str, url: str) -> None:
    """Make the calls, a few at once, and print what each came to."""
    ask, room = LIBRARIES[library](url), asyncio.Semaphore(AT_ONCE)

    async def one(line: str) -> None:
        call = json.loads(line)
        told: dict[str, object] = dict(call)
        async with room:
            try:
                async with asyncio.timeout(PATIENCE_S) as limit:
                    told["text"] = await ask(call["model"], stream=call["stream"])
            except TimeoutError as error:
                told["error"] = None if limit.expired() else name_of(error)
            except Exception as error:
                told["error"] = name_of(error)
        print(json.dumps(told), flush=True)

    await asyncio.gather(*map(one, sys.stdin.read().splitlines()))


def name_of(error: BaseException) -> str:
    """The class, with its module's first name."""
    return f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
