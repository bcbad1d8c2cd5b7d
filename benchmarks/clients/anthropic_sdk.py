"""The official anthropic SDK; measured for its import alone, the far end speaks OpenAI's dialect."""

IMPORT = "import anthropic"
