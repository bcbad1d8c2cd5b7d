"""swebench_runner.providers with everything on: retry, limiter, breaker, deadline, usage and cost."""

from __future__ import annotations

IMPORT = "import swebench_runner.providers"


class Client:
    reads_cost = True  # it is computed when it is read, and others compute theirs

    async def open(self, base_url: str) -> None:
        from swebench_runner.providers import UnifiedRequest, create_provider

        self.provider = create_provider(
            "openai", model="gpt-4o-mini", api_key="sk-bench", base_url=f"{base_url}/v1"
        )
        self.asked = lambda: UnifiedRequest(prompt="Fix the failing test.", max_tokens=100, temperature=0.0)

    async def call(self) -> tuple[str, int]:
        answer = await self.provider.generate(self.asked())
        if self.reads_cost and answer.cost is None:
            raise AssertionError("no cost")
        return answer.content, answer.usage.total_tokens

    async def stream(self) -> tuple[int, int]:
        events = total = 0
        async for chunk in self.provider.generate_stream(self.asked()):
            events += bool(chunk.text)
            if chunk.response is not None:
                total = chunk.response.usage.total_tokens
        return events, total

    async def close(self) -> None:
        await self.provider.aclose()


def three_providers(base_url: str) -> list[object]:
    """Three different providers: each brings its own transform, limiter and counter."""
    from swebench_runner.providers import create_provider

    return [
        create_provider("openai", model="gpt-4o-mini", api_key="sk-bench", base_url=f"{base_url}/v1"),
        create_provider("anthropic", model="claude-sonnet-4-5", api_key="sk-bench", base_url=base_url),
        create_provider("ollama", model="llama3", base_url=base_url),
    ]
