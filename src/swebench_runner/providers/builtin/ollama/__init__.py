"""Ollama: models on hardware of one's own, over its native API. https://docs.ollama.com/api (2026-11)."""

from swebench_runner.providers.builtin.ollama.library import (
    InstalledModel,
    ModelDetails,
    OllamaHealth,
    PullProgress,
    same_model,
)
from swebench_runner.providers.builtin.ollama.provider import SPEC, OllamaProvider

__all__ = [
    "SPEC",
    "InstalledModel",
    "ModelDetails",
    "OllamaHealth",
    "OllamaProvider",
    "PullProgress",
    "same_model",
]
