"""What a question would cost with several models, before any of them is asked.

python examples/cost_before_asking.py
"""

from swebench_runner.providers import UnifiedRequest, create_provider

CANDIDATES = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "sonnet"),
    ("ollama", "llama3.2"),
]


def main() -> None:
    request = UnifiedRequest(
        prompt="Fix this function.\n" + "def add(a, b):\n    return a - b\n" * 200, max_tokens=800
    )
    rows = []
    for name, model in CANDIDATES:
        # A key is not needed to count and to price; a made-up one keeps the provider from asking for it.
        provider = create_provider(name, model=model, api_key="not-used")
        rows.append((provider.estimate_cost(request), provider.estimate_tokens(request), f"{name}/{model}"))
    for cost, tokens, who in sorted(rows, key=lambda row: (row[0] is None, row[0])):
        print(
            f"{who:24} {tokens:6} tokens in   "
            + ("price unknown" if cost is None else f"at most ${cost:.5f}")
        )


if __name__ == "__main__":
    main()
