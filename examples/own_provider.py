"""A provider of your own in a dozen lines, used like every other one."""

from swebench_runner.providers import (
    Provider,
    UnifiedRequest,
    UnifiedResponse,
    create_provider,
    register_provider,
)


class ShoutingProvider(Provider):
    """Answers by repeating the question in capitals."""

    provider_name = "shouting"

    async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
        question = request.to_messages()[-1].text
        return UnifiedResponse(question.upper(), "shout-1", provider=self.name)


def main() -> None:
    register_provider(ShoutingProvider)
    provider = create_provider("shouting")
    print(provider.generate_sync("can you hear me?").content)
    print([chunk.text for chunk in provider.generate_stream_sync("and in pieces?")])


if __name__ == "__main__":
    main()
