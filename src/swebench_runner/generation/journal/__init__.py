"""What a run knows, on disk before it is used: intents, answers, and what became of them."""
