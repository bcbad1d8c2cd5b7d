"""From a cold process to one answer; whoever starts it measures the whole process.

Usage: first_answer.py CLIENT URL [cost]; with the last word our answer's cost is read, which loads the prices.
"""

import asyncio
import sys


async def main(name: str, url: str, *, cost: bool) -> None:
    """Open, ask once, check, close."""
    client = __import__(name).Client()
    client.reads_cost = cost
    await client.open(url)
    text, tokens = await client.call()
    await client.close()
    if not text.startswith("Here is the change") or tokens != 36:
        raise SystemExit(f"wrong answer: {text!r}, {tokens} tokens")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], cost=sys.argv[3:] == ["cost"]))
