"""Several models over the same prompts: what each run came to, and whether the difference means anything."""
