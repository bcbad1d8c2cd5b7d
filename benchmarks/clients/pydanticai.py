"""pydantic-ai's direct model requests: its provider layer without the agent above it."""

from __future__ import annotations

IMPORT = "import pydantic_ai.direct, pydantic_ai.models.openai"


class Client:
    async def open(self, base_url: str) -> None:
        from pydantic_ai.direct import model_request, model_request_stream
        from pydantic_ai.messages import ModelRequest
        from pydantic_ai.settings import ModelSettings

        self.model = model(base_url)
        self.request, self.request_stream = model_request, model_request_stream
        self.messages = [ModelRequest.user_text_prompt("Fix the failing test.")]
        self.settings = ModelSettings(max_tokens=100, temperature=0.0)

    async def call(self) -> tuple[str, int]:
        answer = await self.request(self.model, self.messages, model_settings=self.settings)
        return answer.text, answer.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = 0
        async with self.request_stream(self.model, self.messages, model_settings=self.settings) as stream:
            async for event in stream:
                events += event.event_kind == "part_delta" or (
                    event.event_kind == "part_start" and bool(event.part.content)
                )
            return events, stream.usage.total_tokens

    async def close(self) -> None:
        """Its HTTP client is shared and kept by the module."""


def model(base_url: str) -> object:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return OpenAIChatModel(
        "gpt-4o-mini", provider=OpenAIProvider(base_url=f"{base_url}/v1", api_key="sk-bench")
    )


def three_providers(base_url: str) -> list[object]:
    return [model(base_url) for _ in range(3)]
