"""An answer while it is written; the last chunk carries the whole of it.

python examples/streaming.py anthropic
"""

import asyncio
import os
import sys

from swebench_runner.providers import IncompleteStreamError, create_provider


async def main(name: str) -> int:
    async with create_provider(name) as provider:
        try:
            async for chunk in provider.generate_stream("Count from one to five."):
                print(chunk.text, end="", flush=True)
        except IncompleteStreamError as error:
            # Never a truncated answer that looks whole: what arrived is in partial_text.
            print(f"\n{error}\nbroke off after {len(error.partial_text)} characters", file=sys.stderr)
            return 1
    response = chunk.response
    print(f"\n{chunk.finish_reason}, {response.usage.completion_tokens} tokens of output")
    return 0


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SWEBENCH_PROVIDER", "simulator")
    sys.exit(asyncio.run(main(chosen)))
