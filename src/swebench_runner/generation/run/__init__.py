"""One run of `generate`: its plan, its settings, its results and its summary."""
