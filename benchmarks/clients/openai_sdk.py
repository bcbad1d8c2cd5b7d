"""The official openai SDK with its default HTTP client."""

from __future__ import annotations

IMPORT = "import openai"
MESSAGES = [{"role": "user", "content": "Fix the failing test."}]
ASKED = {"model": "gpt-4o-mini", "messages": MESSAGES, "max_tokens": 100, "temperature": 0.0}


class Client:
    async def open(self, base_url: str) -> None:
        from openai import AsyncOpenAI

        self.client = AsyncOpenAI(api_key="sk-bench", base_url=f"{base_url}/v1")

    async def call(self) -> tuple[str, int]:
        answer = await self.client.chat.completions.create(**ASKED)
        return answer.choices[0].message.content, answer.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = total = 0
        chunks = await self.client.chat.completions.create(
            **ASKED, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in chunks:
            if chunk.choices:
                events += bool(chunk.choices[0].delta.content)
            elif chunk.usage:
                total = chunk.usage.total_tokens
        return events, total

    async def close(self) -> None:
        await self.client.close()


def three_providers(base_url: str) -> list[object]:
    from openai import AsyncOpenAI

    return [AsyncOpenAI(api_key="sk-bench", base_url=f"{base_url}/v1") for _ in range(3)]
