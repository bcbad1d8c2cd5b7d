"""Many instances at once: bounded workers, a budget, fallbacks, and an orderly end."""
