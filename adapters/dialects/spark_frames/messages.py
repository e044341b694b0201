"""Messages -> `payload.message.text`: {role, content} each, text alone but for images of the image models.

System text is first; later system text is sent as the user's. An image is a message of its own before the text of its
message. No form of calls and their results is known.
Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (_convert_message_to_dict), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.message_encoder import no_turns, turns_of
from llm_pure.adapters.dialects.common.turn_order import assistant_turn, user_turn, without_name
from llm_pure.adapters.dialects.common.turn_rules import Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import AnyService
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Image, Message, Part, Text
from llm_pure.types.rejection import UnsupportedPart


def encode_messages(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """The wire's messages. Raises Rejected with UnsupportedFeature for a part that Spark does not support."""
    encoded: list[dict[str, Any]] = []
    try:
        for turn in turns_of(messages, service.name, _RULES, adaptations):
            without_name(turn, adaptations)
            if turn.role == "assistant":
                encoded.append(_assistant(turn, adaptations))
            else:
                encoded += _user(turn, adaptations, first=not encoded)
    except UnsupportedPart as part:
        raise part.of_provider(service.name) from None
    if not encoded:
        raise no_turns(service.name)
    return encoded


_RULES = TurnRules(paired_results=False)


def _assistant(wire: Turn, adaptations: list[Adaptation]) -> dict[str, Any]:
    turn = assistant_turn(wire, adaptations)
    for part in turn.opaque:
        adaptations.append(dropped(wire.path, f"{part.kind} is not supported here"))
    if turn.calls:
        raise UnsupportedPart(f"{wire.path}: Spark's frames have no form for a tool call")
    return {"role": "assistant", "content": turn.text}


def _user(
    wire: Turn,
    adaptations: list[Adaptation],
    *,
    first: bool,
) -> list[dict[str, Any]]:
    path = wire.path
    turn = user_turn(wire, adaptations)
    for result_path, _ in turn.results:
        raise UnsupportedPart(f"{result_path}: Spark's frames have no form for a tool's result")
    role = "user" if wire.role == "tool" else wire.role
    if role == "system" and not first:
        role = "user"
        reason = "system text is first here; later system text is sent as the user's"
        adaptations.append(changed(f"{path}/role", reason, "system", role))
    for part_path, part in turn.rest:
        if isinstance(part, Image) and part.detail not in (None, "auto"):
            reason = "Spark has no detail of images"
            adaptations.append(dropped(f"{part_path}/detail", reason, part.detail))
    images = [_image(part, path) for path, part in turn.rest if not isinstance(part, Text)]
    text = "\n".join([part.text for _, part in turn.rest if isinstance(part, Text)])
    if images and not text:
        return images
    return [*images, {"role": role, "content": text}]


def _image(part: Part, path: str) -> dict[str, Any]:
    if isinstance(part, Image) and part.data is not None:
        return {"role": "user", "content": base64_text(part.data), "content_type": "image"}
    if isinstance(part, Image):
        raise UnsupportedPart(f"{path}: Spark takes images as bytes only")
    raise UnsupportedPart(f"{path}: Spark has no form for {type(part).__name__} here")
