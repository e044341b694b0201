"""Messages -> one prompt, for models that take text and no conversation: each in the template it was trained on.

Sources: llama.com prompt formats (Llama 2, 3, 4); docs.mistral.ai "[INST]"; the chat template of DeepSeek-R1 on Hugging
Face; docs.aws.amazon.com, "Amazon Titan Text" (User: and Bot:); read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Message, Opaque, Reasoning, Refusal, Text
from llm_pure.types.result import Failure, LLMResult, Success

Turn: TypeAlias = tuple[str, str]
"""(role, words); the roles are system, user and assistant, and user and assistant take turns."""

Template: TypeAlias = Callable[[str, list[Turn]], str]
"""(system text, the turns without it) -> the prompt, ready for the model to go on."""


def text_turns(
    name: str, messages: tuple[Message, ...]
) -> LLMResult[tuple[str, list[Turn], tuple[Adaptation, ...]]]:
    """(system text, turns, what was left out); UnsupportedFeature for a part that is not text."""
    system: list[str] = []
    turns: list[Turn] = []
    told: list[Adaptation] = []
    for place, message in enumerate(messages):
        words: list[str] = []
        if message.name:
            reason = "this model takes text, and no names for speakers"
            told.append(Adaptation(field=f"messages/{place}/name", action="dropped", reason=reason))
        for number, part in enumerate(message.parts):
            path = f"messages/{place}/parts/{number}"
            match part:
                case Text(text=text) | Refusal(text=text):
                    words.append(text)
                case Reasoning() | Opaque():
                    reason = "this model takes text, and no earlier reasoning"
                    told.append(Adaptation(field=path, action="dropped", reason=reason))
                case _:
                    what = f"{path}: this model takes text, not {type(part).__name__}"
                    return Failure(
                        UnsupportedFeature(message=what, provider=name, feature="messages")
                    )
        text = "".join(words)
        role = "assistant" if message.role == "assistant" else "user"
        if message.role == "system":
            system.append(text)
        elif turns and turns[-1][0] == role:
            turns[-1] = (role, f"{turns[-1][1]}\n\n{text}")
        elif text:
            turns.append((role, text))
    return Success(("\n\n".join(system), turns, tuple(told)))


def _marked(begin: str, head: str, end: str) -> Template:
    """Llama's way since 3: a header before each turn, a mark after it."""

    def fill(system: str, turns: list[Turn]) -> str:
        said = [("system", system), *turns] if system else turns
        body = "".join([f"{head.format(role)}\n\n{text}{end}" for role, text in said])
        return f"{begin}{body}{head.format('assistant')}\n\n"

    return fill


def llama2(system: str, turns: list[Turn]) -> str:
    """Instructions stand inside the first [INST]."""
    said = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
    text = ""
    for role, words in turns:
        text += f" {words} </s>" if role == "assistant" else f"<s>[INST] {said}{words} [/INST]"
        said = "" if role == "user" else said
    return text


def mistral(system: str, turns: list[Turn]) -> str:
    """One <s> for the whole prompt; instructions stand before the first words of the user."""
    said = f"{system}\n\n" if system else ""
    text = "<s>"
    for role, words in turns:
        text += f" {words}</s>" if role == "assistant" else f"[INST] {said}{words} [/INST]"
        said = "" if role == "user" else said
    return text


def deepseek(system: str, turns: list[Turn]) -> str:
    """The model is left inside its thoughts, and ends them with </think>."""
    marks = {"user": "<｜User｜>{}", "assistant": "<｜Assistant｜>{}<｜end▁of▁sentence｜>"}
    said = "".join([marks[role].format(words) for role, words in turns])
    return f"<｜begin▁of▁sentence｜>{system}{said}<｜Assistant｜><think>\n"


def plain(system: str, turns: list[Turn]) -> str:
    """A question alone is the prompt; else who speaks is written before each turn."""
    if len(turns) == 1 and turns[0][0] == "user" and not system:
        return turns[0][1]
    names = {"user": "User", "assistant": "Bot"}
    said = [system] if system else []
    said += [f"{names[role]}: {words}" for role, words in turns]
    return "\n".join([*said, "Bot:"])


TEMPLATES: Mapping[str, Template] = {
    "llama2": llama2,
    "llama3": _marked("<|begin_of_text|>", "<|start_header_id|>{}<|end_header_id|>", "<|eot_id|>"),
    "llama4": _marked("<|begin_of_text|>", "<|header_start|>{}<|header_end|>", "<|eot|>"),
    "mistral": mistral,
    "deepseek": deepseek,
    "plain": plain,
}
