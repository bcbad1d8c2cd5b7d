"""A tool call asked of one provider and answered to another: the history is the same object.

python examples/tools_across_providers.py openai:gpt-4o anthropic:sonnet
"""

import asyncio
import sys

from swebench_runner.providers import Message, MessageRole, ToolResult, ToolSpec, create_provider

WEATHER = ToolSpec(
    "get_weather",
    "The weather in a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


async def main(first: str, second: str) -> int:
    asking, answering = (create_provider(*reference.split(":", 1)) for reference in (first, second))
    history = [Message(MessageRole.USER, "What is the weather in Oslo? Use the tool.")]
    async with asking, answering:
        response = await asking.generate(history, tools=[WEATHER])
        history.append(response.to_message())
        for call in response.tool_calls:
            print(f"{response.answered_by} wants {call.name}({dict(call.input)})")
            history.append(ToolResult(call.id, call.name, "4 degrees, rain").to_message())
        final = await answering.generate(history, tools=[WEATHER])
    print(f"{final.answered_by} says: {final.content}")
    return 0


if __name__ == "__main__":
    references = sys.argv[1:3] if len(sys.argv) > 2 else ["simulator:sim-tools", "simulator:sim-echo"]
    sys.exit(asyncio.run(main(*references)))
