"""A buffered response -> Completion, read as one chunk with everything in it, so that it cannot differ from a stream.

A response with text, reasoning and calls alone takes a fast path; a test holds both paths together.
"""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import State
from llm_pure.adapters.dialects.openai_chat.stream import FINISH, has_choices, read_body
from llm_pure.adapters.dialects.openai_common import find_error
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.service import Service, parse_body, plain_completion
from llm_pure.framing.json_codec import decode, decode_shallow, json_text
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.late_module import LateModule
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.rejection import Rejected, ok

if TYPE_CHECKING:
    from llm_pure.adapters.dialects.openai_chat import think_tags
else:
    think_tags = LateModule("llm_pure.adapters.dialects.openai_chat.think_tags")


def _is_response(raw: Any) -> bool:
    return has_choices(raw) or has_choices(_nested(raw))


def _nested(raw: Any) -> Any:
    """OpenRouter sometimes wraps the body of the host in `provider`."""
    return raw.get("provider") if isinstance(raw, dict) else None


def _read(
    service: Service[Quirks], raw: dict[str, Any], response: HttpResponse
) -> tuple[State, Iterable[StreamEvent]]:
    body, nested = response.body, _nested(raw)
    if not has_choices(raw):
        error = find_error(service, raw, response)
        if error is not None:
            raise Rejected(error)
    if has_choices(nested):
        raw, body = nested, json_text(nested).encode()
    typed = ok(decode(wire.BODY, body, provider=service.name))
    _count_choices(typed.choices or [])
    state, events = read_body(service, State(), typed, raw, buffered=True)
    if service.quirks.think_tags:
        untagged = service.name if service.quirks.think_tags == "untagged" else ""
        tags, events = think_tags.split_tags(Entries(), events, untagged)
        events += think_tags.flush_all(tags)
    return state, events


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no choices",
)


def _count_choices(choices: list[wire.Choice]) -> None:
    """Number the choices of servers that give each one the same index, or none.

    One with text and others with calls are one response, which GitHub Copilot splits: HKUDS/nanobot#1555, zeroclaw#2136,
    read 2026-11-30.
    """
    if len({choice.index for choice in choices}) == len(choices):
        return
    messages = [choice.message for choice in choices if choice.message is not None]
    texts = [message for message in messages if message.content]
    split = len(texts) < 2 and any(message.tool_calls for message in messages)
    for position, choice in enumerate(choices):
        choice.index = 0 if split else position


_OBJECT_STARTS = ("{", "")


def read_plain_response(service: Service[Quirks], response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text, reasoning and calls alone; None for every other."""
    body = decode_shallow(wire.PLAIN_BODY, response.body)
    if body is None:
        return None
    choice = body.choices[0]
    message, reason = choice.message, choice.finish_reason
    text, reasoning = message.content, message.reasoning_content or message.reasoning
    if reason in ("", "null"):
        return None
    if body.x_groq is not None and not wire.is_groq_beside_usage(body.x_groq, body.usage):
        return None
    parts: list[Part] = []
    if reasoning:
        parts.append(Reasoning(reasoning, None, ProviderMetadata(service.name)))
    if text:
        tags = service.quirks.think_tags
        if tags and text.lstrip()[:1] in think_tags.TAG_STARTS:
            return None
        if tags == "untagged" and think_tags.reasoning_end(text):
            return None
        parts.append(Text(text))
    for call in message.tool_calls or ():
        if (
            call.id in ("", "null", "None")
            or not call.function.name
            or "}{" in call.function.arguments
            or call.function.arguments[:1] not in _OBJECT_STARTS
        ):
            return None
        parts.append(ToolCall(call.id, call.function.name, call.function.arguments or "{}"))
    extra: dict[str, Any] = {}
    for holder, names in ((body, wire.PLAIN_BODY_FIELDS), (choice, wire.PLAIN_CHOICE_FIELDS)):
        for name in names:
            value = getattr(holder, name)
            if value or value == 0:
                extra[name] = value
    return plain_completion(
        service,
        response,
        parts,
        id=body.id,
        model=body.model,
        reason=reason,
        finish_words=FINISH,
        usage=read_usage(body.usage) if body.usage else None,
        extra=extra,
    )
