"""What a model is asked, and how it is to answer: templates, edit formats, and the second question.

prompt = build_prompt(instance, files, style=format_for("claude-sonnet-4-5").format)
"""

from __future__ import annotations

from swebench_runner.generation.patches import EditFormat
from swebench_runner.generation.prompts.build import Prompt, build_prompt
from swebench_runner.generation.prompts.formats import FormatChoice, format_for
from swebench_runner.generation.prompts.template import (
    PromptTemplate,
    TemplateError,
    default_template,
    load_template,
)

__all__ = [
    "EditFormat",
    "FormatChoice",
    "Prompt",
    "PromptTemplate",
    "TemplateError",
    "build_prompt",
    "default_template",
    "format_for",
    "load_template",
]
