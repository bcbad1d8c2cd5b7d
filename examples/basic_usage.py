"""One question, one answer, and what it cost.

python examples/basic_usage.py                    # the provider in SWEBENCH_PROVIDER, or the simulator
python examples/basic_usage.py openai gpt-4o-mini
"""

import asyncio
import os
import sys

from swebench_runner.providers import ProviderError, UnifiedRequest, create_provider


async def main(name: str, model: str | None) -> int:
    async with create_provider(name, model=model) as provider:
        request = UnifiedRequest(
            prompt="Explain in one sentence what a unified diff is.",
            system_message="You answer briefly.",
            max_tokens=200,
        )
        try:
            response = await provider.generate(request)
        except ProviderError as error:
            print(error, file=sys.stderr)
            return 1
    print(response.content)
    cost = "unknown" if response.cost is None else f"${response.cost:f}"
    print(f"{response.answered_by}: {response.usage.total_tokens} tokens, cost {cost}")
    return 0


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SWEBENCH_PROVIDER", "simulator")
    sys.exit(asyncio.run(main(chosen, sys.argv[2] if len(sys.argv) > 2 else None)))
