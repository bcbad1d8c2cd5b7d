"""litellm's router, one deployment: the part of litellm that retries, cools down and counts, as our pipeline does."""

from __future__ import annotations

import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

IMPORT = "from litellm import Router"
MESSAGES = [{"role": "user", "content": "Fix the failing test."}]
ASKED = {"model": "bench", "messages": MESSAGES, "max_tokens": 100, "temperature": 0.0}


class Client:
    async def open(self, base_url: str) -> None:
        self.router = router(base_url)

    async def call(self) -> tuple[str, int]:
        answer = await self.router.acompletion(**ASKED)
        return answer.choices[0].message.content, answer.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = total = 0
        async for chunk in await self.router.acompletion(
            **ASKED, stream=True, stream_options={"include_usage": True}
        ):
            events += bool(chunk.choices and chunk.choices[0].delta.content)
            if usage := getattr(chunk, "usage", None):
                total = usage.total_tokens
        return events, total

    async def close(self) -> None:
        """Its clients are kept in a cache of the module."""


def router(base_url: str) -> object:
    from litellm import Router

    parameters = {"model": "openai/gpt-4o-mini", "api_base": f"{base_url}/v1", "api_key": "sk-bench"}
    limits = {"rpm": 10_000_000, "tpm": 10_000_000_000}
    return Router([{"model_name": "bench", "litellm_params": {**parameters, **limits}}], num_retries=2)


def three_providers(base_url: str) -> list[object]:
    return [router(base_url) for _ in range(3)]
