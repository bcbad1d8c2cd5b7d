"""The application: SWE-bench instances to prompts, answers to patches, patches to predictions."""
