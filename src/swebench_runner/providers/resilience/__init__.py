"""Retry, pacing, breaker, budget: pure state machines over a clock."""
