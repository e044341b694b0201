"""Messages -> `contents` and `systemInstruction`.

There are two roles, user and model. Consecutive turns of one role are merged, and tool results belong to the user. A
signature is replayed on the part that it came with; the id of a call is replayed only if it came over the wire.
Source: ai.google.dev, "Content", "Function calling" and "Thought signatures"; read 2026-11-20.
"""

from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder, object_arguments
from llm_pure.adapters.dialects.common.replay import needs_stand_in
from llm_pure.adapters.dialects.common.turn_rules import (
    ANY_ROLE,
    TEXT_ONLY,
    CallIds,
    Turn,
    TurnRules,
)
from llm_pure.adapters.dialects.gemini_content.media import media_payload
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.core.adaptations import DEFAULT_PROFILE, Adaptation, ModelProfile
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from llm_pure.types.rejection import Rejected

SIGNATURE = "thoughtSignature"

NO_SIGNATURE = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""base64 of "skip_thought_signature_validator": documented by Google for calls that another model made.

"transferring a conversation from another model, e.g. Gemini 2.5": also for the provider's own calls without a signature."""


def encode_messages(
    service: Service[Quirks],
    profile: ModelProfile,
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    """{contents, systemInstruction?}.

    Raises Rejected with UnsupportedFeature (a part that Gemini does not support), InvalidRequest (arguments that are not
    an object, a result of an unknown function, nothing but instructions); each names the part's path.
    """
    encoder = _ContentEncoder(service, adaptations, turn_rules(profile, service.quirks))
    encoder.profile = profile
    encoder.add_all(messages)
    for turn in encoder.turns:
        _put_results_first(turn["parts"])
    fields: dict[str, Any] = {"contents": encoder.turns}
    if encoder.system:
        fields["systemInstruction"] = {"parts": encoder.system}
    return fields


def turn_rules(profile: ModelProfile, quirks: Quirks) -> TurnRules:
    """The rules of a model: newer ones take media in results, need a signature at the first call of a turn, and do not
    continue a turn of the model."""
    traits = profile.traits
    return _rules(
        bool(traits.get("media_results")),
        bool(traits.get("signed_calls")),
        bool(traits.get("prefill")),
        quirks.result_urls,
    )


@lru_cache(maxsize=16)
def _rules(media_results: bool, signed_calls: bool, prefill: bool, result_urls: bool) -> TurnRules:
    return replace(
        _RULES,
        result_media=_MEDIA if media_results else TEXT_ONLY,
        result_media_types=_RESULT_TYPES,
        result_urls=result_urls,
        signed_calls=signed_calls,
        final_assistant="continued" if prefill else "refused",
    )


_MEDIA: frozenset[type] = frozenset((Image, Document))

_RESULT_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"}
)
"""ai.google.dev, Function calling, multimodal function responses, by pydantic-ai profiles/google.py
(google_supported_mime_types_in_tool_returns); read 2026-11-30."""

_RULES = TurnRules(
    marked_errors=True,
    empty_text="left_out",
    left_out_if_empty=ANY_ROLE,
    calls_after_user=True,
    call_ids=CallIds(sent=False),
    reasoning="plain",
)
"""A conversation that begins with a call is a 400, "Please ensure that function call turn comes immediately after a user turn"
(google-gemini/gemini-cli#11814, diegosouzapw/OmniRoute#13573; read 2026-11-30). An empty text is a 400 at Vertex AI ("must have a text parameter"), but for one with a signature. Signatures of the
Gemini API and of Vertex AI are not interchangeable. Read 2026-11-29."""


class _ContentEncoder(MessageEncoder[Quirks]):
    content_key = "parts"
    profile = DEFAULT_PROFILE

    def __init__(
        self,
        service: Service[Quirks],
        adaptations: list[Adaptation],
        rules: TurnRules,
        *,
        model: str = "",
    ) -> None:
        super().__init__(service, adaptations, rules, model=model)
        self.calls: dict[str, tuple[str, str | None]] = {}
        """Our id of each call so far -> its function, and its id on the wire."""

    def add(self, turn: Turn) -> None:
        path = turn.path
        if turn.name:
            self.drop(f"{path}/name", f"{self.service.name} does not support speaker names")
        parts: list[Any] = []
        first_call = self.rules.signed_calls and turn.role == "assistant"
        for part_path, part in turn.parts:
            encoded = self._parts(turn.role, part, part_path)
            if isinstance(part, ToolCall):
                own = self.own_fields(part.provider_metadata)
                if needs_stand_in(part, own, SIGNATURE, first=first_call):
                    encoded = [{**encoded[0], SIGNATURE: NO_SIGNATURE}]
                first_call = False
            parts += encoded
        if turn.role != "system":
            self.add_turn("model" if turn.role == "assistant" else "user", parts)
        elif self.profile.traits.get("system_role") == "user":
            reason = "this model takes instructions in user messages only"
            self.adaptations.append(renamed(path, reason))
            self.add_turn("user", parts)
        else:
            if self.turns:
                self.change(path, "all system messages are sent before the conversation")
            self.system += parts

    def _parts(self, role: str, part: Part, path: str) -> list[Any]:
        match role, part:
            case _, Text(text=text, provider_metadata=None):  # nearly every part
                return [{"text": text}]
            case _, Text(text=text, provider_metadata=provider_metadata):
                return [{"text": text, **self.own_fields(provider_metadata)}]
            case "assistant", Refusal(text=text):
                return [{"text": text}]
            case "assistant", Reasoning():
                return [self._thought(part)]
            case "assistant", ToolCall():
                return [self._call(part, path)]
            case (("tool" | "user"), ToolResult()):
                return self._result(part, path)
            case "assistant", Audio(data=None, url=None, transcript=str() as transcript):
                self.change(path, "the transcript is sent, since the audio has no data")
                return [{"text": transcript}]
            case (("assistant" | "tool" | "user"), Image() | Audio() | Document() | Video()):
                return [self._media(part, path)]
            case _, Opaque(json=json):
                return [self._opaque(json, path)]
            case _:
                kind = type(part).__name__
                message = f"{path}: a {role} message cannot contain {kind}"
                raise Rejected(
                    UnsupportedFeature(message=message, provider=self.service.name, feature=kind)
                )

    def _thought(self, part: Reasoning) -> dict[str, Any]:
        signature = {SIGNATURE: part.signature} if part.signature is not None else {}
        own_fields = self.own_fields(part.provider_metadata)
        return {"text": part.text, "thought": True, **signature, **own_fields}

    def _call(self, part: ToolCall, path: str) -> dict[str, Any]:
        own_fields = self.own_fields(part.provider_metadata)
        own_call = own_fields.pop("functionCall", None)
        own_call = own_call if isinstance(own_call, dict) else {}
        wire_id = own_call.get("id")
        self.calls[part.id] = (part.name, wire_id if isinstance(wire_id, str) else None)
        arguments = msgspec.Raw(object_arguments(part, path, self.adaptations).encode())
        return {"functionCall": {**own_call, "name": part.name, "args": arguments}, **own_fields}

    def _result(self, result: ToolResult, path: str) -> list[Any]:
        call_name, wire_id = self.calls.get(result.tool_call_id, (None, None))
        function = call_name or result.name
        if not function:
            message = (
                f"no earlier call has the id {result.tool_call_id!r}, so its function is unknown; "
                "set ToolResult.name"
            )
            raise self._invalid(message, path)
        texts: list[str] = []
        media: list[Any] = []
        rest: list[Any] = []
        for index, part in enumerate(result.content):
            part_path = f"{path}/content/{index}"
            match part:
                case Text(text=text):
                    texts.append(text)
                case Image() | Audio() | Document() | Video():
                    media.append(self._media(part, part_path))
                case Opaque(json=json):
                    rest.append(self._opaque(json, part_path))
        response: dict[str, Any] = {"id": wire_id} if wire_id is not None else {}
        response |= {"name": function, "response": _response("\n".join(texts), result.is_error)}
        if media:
            response["parts"] = media
        return [{"functionResponse": response}, *rest]

    def _media(self, part: Media, path: str) -> dict[str, Any]:
        payload = media_payload(self.service, part, path)
        if isinstance(part, Image) and part.detail not in (None, "auto"):
            self.drop(f"{path}/detail", f"{self.service.name} has no detail per image")
        if isinstance(part, Document) and part.name and not self.service.quirks.file_names:
            self.drop(f"{path}/name", f"{self.service.name} does not support file names")
        own_fields = self.own_fields(part.provider_metadata)
        for key, value in payload.items():  # such as displayName
            if isinstance(own_fields.get(key), dict):
                own_fields[key] = {**own_fields[key], **value}
        return {**payload, **own_fields}

    def _opaque(self, json: str, path: str) -> msgspec.Raw:
        if json_object(json) is None:
            raise self._invalid("the opaque part is not a JSON object", path)
        return msgspec.Raw(json.encode())

    def _invalid(self, message: str, path: str) -> Rejected:
        return Rejected(
            InvalidRequest(message=f"{path}: {message}", provider=self.service.name, param=path)
        )


def _response(text: str, is_error: bool) -> Any:
    """The object of a result: JSON text of an object unchanged, other text under "output", errors under "error"."""
    value: Any = text if json_object(text) is None else msgspec.Raw(text.encode())
    if is_error:
        return {"error": value}
    return {"output": value} if isinstance(value, str) else value


def _put_results_first(parts: list[Any]) -> None:
    """Put the function responses of a turn before its other parts."""
    if len(parts) > 1:
        parts.sort(key=lambda part: not (isinstance(part, dict) and "functionResponse" in part))
