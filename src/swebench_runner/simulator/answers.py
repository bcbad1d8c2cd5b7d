"""What simulated models say. Every answer depends on the prompt alone, so a run can be repeated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

from swebench_runner.simulator.edit_formats import written
from swebench_runner.simulator.patches import DAMAGES, damaged_answer, fenced, wrong_patch
from swebench_runner.simulator.reply import Draft, call_tools

if TYPE_CHECKING:
    from swebench_runner.simulator.prompt import PromptInfo

_LATIN = (
    "lorem ipsum dolor sit amet sed do eiusmod tempor ut labore et dolore magna aliqua enim minim veniam"
    " quis nostrud ex ea commodo duis aute irure in velit esse cillum eu fugiat nulla sint non sunt culpa"
    " qui mollit anim id est"
)
WORDS = _LATIN.split()
PROSE = (
    "The problem is in how the value is normalised before it is compared. I would look at the caller first"
    " and make sure that the default is handled, then add a test for the empty case."
)
REFUSAL = "I'm sorry, but I can't help with that request."
THOUGHTS = (
    "Let me look at what the problem statement says. The failing case goes through one function, so the"
    " change can stay small. I will keep the other callers as they are and answer with a patch."
)
STRANGER = "Hello! I am the simulator of swebench-runner, and no answer is registered for this prompt."
SCENARIO_WORDS = 60


@dataclass(frozen=True, slots=True)
class Occasion:
    """A prompt, and what is known about it.

    Attributes:
        prompt: What is asked.
        gold: The right patch; None when nobody registered one.
        seed: Text that every choice depends on.
    """

    prompt: PromptInfo
    gold: str | None
    seed: str

    def dice(self, sides: int, salt: str = "") -> int:
        """A number below `sides` that is the same for the same seed, everywhere and always."""
        digest = blake2b(f"{salt}\0{self.seed}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % sides


Answer: TypeAlias = Callable[[Occasion], Draft]


def lorem(count: int) -> str:
    """`count` words; streamed, every word is one piece."""
    return " ".join(WORDS[index % len(WORDS)] for index in range(count))


SCENARIO_TEXT = lorem(SCENARIO_WORDS)


def gold(occasion: Occasion) -> Draft:
    """The right patch in a fence, or as the option says; "pong" to a ping; else who speaks."""
    if occasion.gold is not None:
        style = occasion.prompt.model.text("format")
        edit = None if style == "unified_diff" else written(occasion.gold, style, occasion.prompt.text)
        return Draft(f"The patch below fixes the problem.\n\n{edit or fenced(occasion.gold)}")
    return Draft("pong" if "ping" in occasion.prompt.last_user.lower() else STRANGER)


def slip(occasion: Occasion) -> Draft:
    """Something wrong at first, as the option says; the right patch to whoever asks again."""
    last = occasion.prompt.last_user
    if occasion.gold is None or "<issue>" not in last or "The last answer to this" in last:
        return gold(occasion)
    how = occasion.prompt.model.text("how")
    if how == "prose":
        return prose(occasion)
    if how == "empty":
        return Draft()
    if how == "cut":
        return truncated(occasion)
    return Draft(fenced(re.sub(r"(?m)^([ -])(?!--)(.*\S.*)$", r"\1\2 # not there", occasion.gold)))


def gold_or_lorem(occasion: Occasion) -> Draft:
    """The right patch, or sixty words: long enough for faults that strike in the middle."""
    return gold(occasion) if occasion.gold is not None else Draft(SCENARIO_TEXT)


def scenario(_occasion: Occasion) -> Draft:
    """The fixed text of the failover scenarios."""
    return Draft(SCENARIO_TEXT)


def damaged(occasion: Occasion) -> Draft:
    """The right patch, damaged the way the option says or as the prompt has it."""
    how = occasion.prompt.model.text("how")
    if occasion.gold is None or how not in DAMAGES:
        return _any_damage(occasion)
    return Draft(damaged_answer(occasion.gold, how))


def wrong(occasion: Occasion) -> Draft:
    """A patch that applies and repairs nothing."""
    if occasion.gold is None:
        return gold(occasion)
    return Draft(f"The patch below fixes the problem.\n\n{fenced(wrong_patch(occasion.gold))}")


def prose(_occasion: Occasion) -> Draft:
    """Advice without a patch."""
    return Draft(PROSE)


def empty(_occasion: Occasion) -> Draft:
    """Nothing at all, politely finished."""
    return Draft()


def mixed(occasion: Occasion) -> Draft:
    """One of the answers above, by the weights in the options."""
    model = occasion.prompt.model
    answers: tuple[tuple[str, Answer], ...] = (
        ("gold", gold),
        ("damaged", _any_damage),
        ("wrong", wrong),
        ("prose", prose),
        ("empty", empty),
    )
    weights = [max(0, int(model.number(name))) for name, _ in answers]
    at = occasion.dice(max(1, sum(weights)), "mixed")
    for (_, answer), weight in zip(answers, weights, strict=True):
        if at < weight:
            return answer(occasion)
        at -= weight
    return gold(occasion)


def truncated(occasion: Occasion) -> Draft:
    """The first half of an answer, cut by its length."""
    text = gold_or_lorem(occasion).text
    return Draft(text[: len(text) // 2], finish="length")


def refusal(_occasion: Occasion) -> Draft:
    """No, thank you."""
    return Draft(REFUSAL, finish="refusal")


def filtered(occasion: Occasion) -> Draft:
    """The beginning of an answer that a filter stopped."""
    text = gold_or_lorem(occasion).text
    return Draft(text[:40], finish="content_filter")


def echo(occasion: Occasion) -> Draft:
    """The last message of the user."""
    return Draft(occasion.prompt.last_user)


def words(occasion: Occasion) -> Draft:
    """As many words as the option says."""
    return Draft(lorem(int(occasion.prompt.model.number("tokens"))))


def tools(occasion: Occasion) -> Draft:
    """Calls of the tools on offer; once their results are there, or without tools, an answer."""
    prompt, model = occasion.prompt, occasion.prompt.model
    if prompt.answers_tool or not prompt.tools or prompt.tool_choice == "none":
        return gold(occasion) if occasion.gold is not None else Draft("The tools have answered: done.")
    count = int(model.number("calls")) if prompt.parallel_calls else 1
    calls = call_tools(prompt.tools, max(1, count))
    text = "Let me use a tool." if model.text("text") == "yes" else ""
    if model.text("arguments") == "empty":
        return Draft(text, calls=tuple(call._replace(arguments="") for call in calls), finish="tool_calls")
    if model.text("arguments") == "cut":
        last = calls[-1]
        cut = last._replace(arguments=last.arguments[: len(last.arguments) // 2])
        return Draft(text, calls=(*calls[:-1], cut), finish="length")
    return Draft(text, calls=calls, finish="tool_calls")


def thinking(occasion: Occasion) -> Draft:
    """Thinking first, then what `tools` or `gold` would say."""
    prompt = occasion.prompt
    calls = prompt.tools and prompt.tool_choice in ("required", "named") and not prompt.answers_tool
    said = Draft(calls=call_tools(prompt.tools, 1), finish="tool_calls") if calls else gold_or_lorem(occasion)
    return Draft(said.text, THOUGHTS, said.calls, said.finish)


def _any_damage(occasion: Occasion) -> Draft:
    if occasion.gold is None:
        return gold(occasion)
    ways = tuple(DAMAGES)
    return Draft(damaged_answer(occasion.gold, ways[occasion.dice(len(ways), "damage")]))
