"""A provider that speaks no protocol at all: one method is enough."""

from swebench_runner.providers import Provider, UnifiedRequest, UnifiedResponse


class EchoProvider(Provider):
    """Answers with the question. Streaming, synchronous twins and batches come from the base class."""

    provider_name = "acme-echo"

    async def generate_unified(self, request: UnifiedRequest) -> UnifiedResponse:
        """The last message, said again."""
        return UnifiedResponse(request.to_messages()[-1].text, "echo-1", provider=self.name)
