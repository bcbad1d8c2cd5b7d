"""From instances to patches by hand, for those who want another loop than `swebench generate`.

python examples/batch_processing.py                  # the sample, answered by the simulator
python examples/batch_processing.py openai gpt-4o-mini
"""

import asyncio
import os
import sys
from pathlib import Path

from swebench_runner.generation import sample
from swebench_runner.generation.datasets import Instance
from swebench_runner.generation.patches import check, extract
from swebench_runner.generation.predictions import write_predictions
from swebench_runner.generation.prompts import build_prompt
from swebench_runner.providers import Provider, ProviderError, UnifiedRequest, create_provider

AT_ONCE = 4


async def answer(provider: Provider, instance: Instance, room: asyncio.Semaphore) -> dict[str, str] | None:
    files = sample.files(instance.instance_id)
    prompt = build_prompt(instance, files)
    async with room:
        try:
            request = UnifiedRequest(prompt.user, prompt.system, temperature=0.0, max_tokens=4000)
            response = await provider.generate(request)
        except ProviderError as error:
            print(f"{instance.instance_id}: {error}", file=sys.stderr)
            return None
    found = extract(response.content, files)
    applies = bool(found.patch) and check(found.patch, files).applies
    print(f"{instance.instance_id:28} {'applies' if applies else found.outcome}")
    if not applies:
        return None
    return {
        "instance_id": instance.instance_id,
        "model_name_or_path": response.answered_by,
        "model_patch": found.patch,
    }


async def main(name: str, model: str | None) -> None:
    room = asyncio.Semaphore(AT_ONCE)
    async with create_provider(name, model=model) as provider:
        rows = await asyncio.gather(*(answer(provider, one, room) for one in sample.load()))
    kept = [row for row in rows if row]
    write_predictions(Path("predictions.jsonl"), kept)
    print(f"{len(kept)} of {len(rows)} patches in predictions.jsonl")


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SWEBENCH_PROVIDER", "simulator")
    asyncio.run(main(chosen, sys.argv[2] if len(sys.argv) > 2 else None))
