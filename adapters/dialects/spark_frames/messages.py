"""Messages -> `payload.message.text`: {role, content} each, text alone but for images of the image models.

System text is first; later system text is sent as the user's. An image is a message of its own before the text of its
message. No form of calls and their results is known.
Source: spark_ai_python 0.4.5, sparkai/llm/llm.py (_convert_message_to_dict), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.turn_order import assistant_turn, user_turn, without_name
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import AnyService
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Image, Message, Part, Text
from llm_pure.types.rejection import UnsupportedPart


def encode_messages(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """The wire's messages. Raises Rejected with UnsupportedFeature for a part that Spark does not support."""
    encoded: list[dict[str, Any]] = []
    try:
        for index, message in enumerate(messages):
            path = f"messages/{index}"
            without_name(message, path, adaptations)
            if message.role == "assistant":
                encoded.append(_assistant(service, message, path, adaptations))
            else:
                encoded += _user(service, message, path, adaptations, first=not encoded)
    except UnsupportedPart as part:
        raise part.of_provider(service.name) from None
    return encoded


def _assistant(
    service: AnyService, message: Message, path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    turn = assistant_turn(service.name, message, path, adaptations, replays=False)
    for part in turn.opaque:
        adaptations.append(dropped(path, f"{part.kind} is not supported here"))
    if turn.calls:
        raise UnsupportedPart(f"{path}: Spark's frames have no form for a tool call")
    return {"role": "assistant", "content": turn.text}


def _user(
    service: AnyService,
    message: Message,
    path: str,
    adaptations: list[Adaptation],
    *,
    first: bool,
) -> list[dict[str, Any]]:
    turn = user_turn(service.name, message, path, adaptations)
    for result_path, _ in turn.results:
        raise UnsupportedPart(f"{result_path}: Spark's frames have no form for a tool's result")
    role = "user" if message.role == "tool" else message.role
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
