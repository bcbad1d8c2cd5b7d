"""any-llm, with a provider object that is kept (its module-level functions make a new one per call)."""

from __future__ import annotations

IMPORT = "import any_llm"
MESSAGES = [{"role": "user", "content": "Fix the failing test."}]
ASKED = {"model": "gpt-4o-mini", "messages": MESSAGES, "max_tokens": 100, "temperature": 0.0}


class Client:
    async def open(self, base_url: str) -> None:
        (self.client,) = providers(base_url, 1)

    async def call(self) -> tuple[str, int]:
        answer = await self.client.acompletion(**ASKED)
        return answer.choices[0].message.content, answer.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = total = 0
        async for chunk in await self.client.acompletion(
            **ASKED, stream=True, stream_options={"include_usage": True}
        ):
            if chunk.choices:
                events += bool(chunk.choices[0].delta.content)
            elif chunk.usage:
                total = chunk.usage.total_tokens
        return events, total

    async def close(self) -> None:
        """It has nothing to close."""


def providers(base_url: str, count: int) -> list[object]:
    from any_llm import AnyLLM

    return [AnyLLM.create("openai", api_key="sk-bench", api_base=f"{base_url}/v1") for _ in range(count)]


def three_providers(base_url: str) -> list[object]:
    return providers(base_url, 3)
