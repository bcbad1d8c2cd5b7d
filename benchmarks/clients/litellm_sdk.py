"""litellm's own function. Its price map is taken from the package, so that no import waits for a network."""

from __future__ import annotations

import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

IMPORT = "import litellm"
MESSAGES = [{"role": "user", "content": "Fix the failing test."}]
ASKED = {"messages": MESSAGES, "max_tokens": 100, "temperature": 0.0}


class Client:
    async def open(self, base_url: str) -> None:
        import litellm

        self.complete = litellm.acompletion
        self.where = {"model": "openai/gpt-4o-mini", "api_base": f"{base_url}/v1", "api_key": "sk-bench"}

    async def call(self) -> tuple[str, int]:
        answer = await self.complete(**self.where, **ASKED)
        return answer.choices[0].message.content, answer.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = total = 0
        async for chunk in await self.complete(
            **self.where, **ASKED, stream=True, stream_options={"include_usage": True}
        ):
            events += bool(chunk.choices and chunk.choices[0].delta.content)
            if usage := getattr(chunk, "usage", None):
                total = usage.total_tokens
        return events, total

    async def close(self) -> None:
        """Its clients are kept in a cache of the module."""


def three_providers(_base_url: str) -> list[object]:
    import litellm

    return [litellm]
