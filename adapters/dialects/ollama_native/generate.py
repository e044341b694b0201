"""ChatRequest -> POST {base_url}/api/generate: one prompt, for a model that only completes.

Source: ollama/ollama v0.33.0-rc2, api/types.go (GenerateRequest), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapt import Adaptation
from llm_pure.adapters.dialects.ollama_native.messages import Unsendable, dropped, spoken
from llm_pure.adapters.dialects.ollama_native.request import common_fields, posted
from llm_pure.config import LLMConfig
from llm_pure.draft import draft
from llm_pure.errors import Unsupported
from llm_pure.messages import Message
from llm_pure.provider import Built
from llm_pure.request import ChatRequest
from llm_pure.result import Failure, Parsed


def build_generate(
    name: str, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Parsed[Built]:
    """POST {base_url}/api/generate.

    Body: {model, prompt, system?, images[]?, stream, format?, think?, logprobs?, top_logprobs?, options?}; suffix, template,
    context, raw and keep_alive come by `extra`. Several user turns make one prompt, joined by blank lines.
    Fails as `build_chat` does, and with Unsupported when the model has spoken before: a prompt holds no conversation.
    """
    drafted = draft(config, request, provider=name)
    if isinstance(drafted, Failure):
        return drafted
    call = drafted.unwrap()
    told: list[Adaptation] = []
    try:
        words = _prompt(name, call.messages, told)
    except Unsendable as fault:
        return Failure(Unsupported(message=str(fault), provider=name, feature="messages"))
    for field, given in (("tools", call.tools), ("tool_choice", call.tool_choice)):
        if given:
            told.append(dropped(field, "/api/generate takes no tools; api_type ollama does"))
    fields, more = common_fields(config, call)
    body = {"model": call.model, **words, "stream": call.stream, **fields}
    return posted(name, config, "generate", call, body, (*told, *more), strict=strict)


def _prompt(name: str, messages: tuple[Message, ...], told: list[Adaptation]) -> dict[str, Any]:
    """{prompt, system?, images?}."""
    turns: dict[str, list[dict[str, Any]]] = {"system": [], "user": []}
    for place, message in enumerate(messages):
        path = f"messages/{place}"
        if message.role not in turns:
            raise Unsendable(
                f"{path}: /api/generate takes one prompt and no turn of role {message.role};"
                " api_type ollama holds conversations"
            )
        if message.name is not None:
            told.append(dropped(f"{path}/name", "a prompt has no name", message.name))
        parts = [(f"{path}/parts/{number}", part) for number, part in enumerate(message.parts)]
        turns[message.role].append(spoken(name, parts, told))
    if len(turns["user"]) > 1:
        reason = "several turns became one prompt"
        told.append(Adaptation(field="messages", action="changed", reason=reason))
    wire: dict[str, Any] = {"prompt": _joined(turns["user"])}
    if turns["system"]:
        wire["system"] = _joined(turns["system"])
    images = [
        image for turn in (*turns["system"], *turns["user"]) for image in turn.get("images", ())
    ]
    if images:
        wire["images"] = images
    return wire


def _joined(turns: list[dict[str, Any]]) -> str:
    return "\n\n".join([turn["content"] for turn in turns])
