"""Messages -> one prompt, for models whose input is text; each model family has its template.

Sources: llama.com prompt formats (Llama 2, 3, 4); docs.mistral.ai "[INST]"; the chat template of DeepSeek-R1 on Hugging
Face; docs.aws.amazon.com, "Amazon Titan Text" (User: and Bot:); read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from llm_pure.adapters.dialects.bedrock_invoke.cohere import RULES
from llm_pure.adapters.dialects.common.adaptations import dropped
from llm_pure.adapters.dialects.common.message_encoder import turns_of
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import AnyService
from llm_pure.types.messages import Message, Opaque, Reasoning, Refusal, Text
from llm_pure.types.rejection import UnsupportedPart

Turn: TypeAlias = tuple[str, str]
"""(role, text); the roles user and assistant alternate."""

Template: TypeAlias = Callable[[str, list[Turn]], str]
"""(system text, the other turns) -> the prompt, which ends where the model continues."""


def text_turns(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> tuple[str, list[Turn]]:
    """(system text, turns). Raises Rejected with UnsupportedFeature for a part that is not text."""
    system: list[str] = []
    turns: list[Turn] = []
    for message in turns_of(messages, service.name, RULES, adaptations):
        texts: list[str] = []
        if message.name:
            reason = "this model takes text, without names for speakers"
            adaptations.append(dropped(f"{message.path}/name", reason))
        for path, part in message.parts:
            match part:
                case Text(text=text) | Refusal(text=text):
                    texts.append(text)
                case Reasoning() | Opaque():
                    reason = "this model takes text, without earlier reasoning"
                    adaptations.append(dropped(path, reason))
                case _:
                    reason = f"{path}: this model takes text, not {type(part).__name__}"
                    raise UnsupportedPart(reason, provider=service.name)
        text = "".join(texts)
        role = "assistant" if message.role == "assistant" else "user"
        if message.role == "system":
            system.append(text)
        elif turns and turns[-1][0] == role:
            turns[-1] = (role, f"{turns[-1][1]}\n\n{text}")
        elif text:
            turns.append((role, text))
    return "\n\n".join(system), turns


def _marked(begin: str, head: str, end: str) -> Template:
    """The format of Llama since version 3: a header before each turn, a mark after it."""

    def fill(system: str, turns: list[Turn]) -> str:
        all_turns = [("system", system), *turns] if system else turns
        body = "".join([f"{head.format(role)}\n\n{text}{end}" for role, text in all_turns])
        return f"{begin}{body}{head.format('assistant')}\n\n"

    return fill


def _instructions(begin: str, system_text: str, user: str, assistant: str) -> Template:
    """The format of Llama 2 and Mistral: the system text is before the user's first text."""

    def fill(system: str, turns: list[Turn]) -> str:
        prefix = system_text.format(system) if system else ""
        if prefix and all(role != "user" for role, _ in turns):
            turns = [("user", ""), *turns]
        prompt = begin
        for role, text in turns:
            if role == "assistant":
                prompt += assistant.format(text)
            else:
                prompt += user.format(prefix + text)
                prefix = ""
        return prompt

    return fill


def deepseek(system: str, turns: list[Turn]) -> str:
    """DeepSeek-R1's format: the prompt ends inside the reasoning, which the model ends with </think>."""
    marks = {"user": "<｜User｜>{}", "assistant": "<｜Assistant｜>{}<｜end▁of▁sentence｜>"}
    body = "".join([marks[role].format(text) for role, text in turns])
    return f"<｜begin▁of▁sentence｜>{system}{body}<｜Assistant｜><think>\n"


def plain(system: str, turns: list[Turn]) -> str:
    """Titan's format, with the speaker's name before each turn; a single user text is sent alone."""
    if len(turns) == 1 and turns[0][0] == "user" and not system:
        return turns[0][1]
    names = {"user": "User", "assistant": "Bot"}
    lines = [system] if system else []
    lines += [f"{names[role]}: {text}" for role, text in turns]
    return "\n".join([*lines, "Bot:"])


TEMPLATES: Mapping[str, Template] = {
    "llama2": _instructions("", "<<SYS>>\n{}\n<</SYS>>\n\n", "<s>[INST] {} [/INST]", " {} </s>"),
    "llama3": _marked("<|begin_of_text|>", "<|start_header_id|>{}<|end_header_id|>", "<|eot_id|>"),
    "llama4": _marked("<|begin_of_text|>", "<|header_start|>{}<|header_end|>", "<|eot|>"),
    "mistral": _instructions("<s>", "{}\n\n", "[INST] {} [/INST]", " {}</s>"),
    "deepseek": deepseek,
    "plain": plain,
}
