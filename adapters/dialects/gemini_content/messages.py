"""Messages -> `contents` and `systemInstruction`.

Two roles only, user and model; neighbours of one role are merged, and tool results are the user's. A signature goes
back on the part that it came with; the id of a call goes back only if it came over the wire.
Source: ai.google.dev, "Content", "Function calling" and "Thought signatures"; read 2026-11-20.
"""

from typing import Any, TypeAlias

import msgspec

from llm_pure.adapters.dialects.gemini_content.media import media_payload
from llm_pure.adapters.dialects.gemini_content.quirks import Quirks
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.result import Failure, LLMResult, Success

WirePart: TypeAlias = dict[str, Any] | msgspec.Raw

NO_SIGNATURE = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""base64 of "skip_thought_signature_validator": what Google documents for calls that another model made."""


class Contents(msgspec.Struct, frozen=True):
    """What the messages are on the wire, and what was left out or changed of them."""

    contents: list[dict[str, Any]]
    system: list[WirePart]
    adaptations: tuple[Adaptation, ...]


def wire_contents(
    name: str, quirks: Quirks, rule: ModelProfile, messages: tuple[Message, ...]
) -> LLMResult[Contents]:
    """Fails with UnsupportedFeature (a part with no form here), InvalidRequest (arguments that are no object, a result
    whose function is not known, nothing to send at all); each names the part's path."""
    writer = _Writer(name, quirks, rule)
    try:
        for place, message in enumerate(messages):
            writer.add(message, f"messages/{place}")
    except _Unsendable as fault:
        return Failure(fault.error)
    contents = [{**one, "parts": _results_first(one["parts"])} for one in writer.contents]
    if not contents:
        what = "there is nothing but instructions: somebody has to say something"
        return Failure(InvalidRequest(message=what, provider=name, param="messages"))
    return Success(Contents(contents, writer.system, tuple(writer.told)))


class _Unsendable(Exception):  # never leaves this file: `wire_contents` turns it into a value
    def __init__(self, error: LLMError) -> None:
        super().__init__(error.message)
        self.error = error


class _Writer:
    """Writes messages one after another. calls: our id of each call so far -> its function, and its id on the wire."""

    def __init__(self, name: str, quirks: Quirks, rule: ModelProfile) -> None:
        self.name = name
        self.quirks = quirks
        self.rule = rule
        self.contents: list[dict[str, Any]] = []
        self.system: list[WirePart] = []
        self.told: list[Adaptation] = []
        self.calls: dict[str, tuple[str, str | None]] = {}

    def add(self, message: Message, path: str) -> None:
        if message.name:
            self._tell(f"{path}/name", "dropped", f"{self.name} has no names for speakers")
        parts: list[WirePart] = []
        for place, part in enumerate(message.parts):
            where = f"{path}/parts/{place}"
            if isinstance(part, Opaque) and part.provider != self.name:
                self._tell(where, "dropped", f"{part.kind} is for {part.provider} only")
                continue
            wire = self._parts(message.role, part, where)
            if isinstance(part, ToolCall) and not any(map(_is_call, parts)):
                wire = [self._signed(part, wire[0])]
            parts += wire
        if message.role != "system":
            self._say("model" if message.role == "assistant" else "user", parts)
        elif self.rule.traits.get("system_role") == "user":
            self._tell(path, "renamed", "this model takes instructions from the user only")
            self._say("user", parts)
        else:
            if self.contents:
                self._tell(path, "changed", "instructions stand above the whole conversation here")
            self.system += parts

    def _say(self, role: str, parts: list[WirePart]) -> None:
        if not parts:
            return
        if self.contents and self.contents[-1]["role"] == role:
            self.contents[-1]["parts"] += parts
        else:
            self.contents.append({"role": role, "parts": parts})

    def _parts(self, role: str, part: Part, where: str) -> list[WirePart]:
        match role, part:
            case _, Text(text=text, provider_metadata=provider_metadata):
                return [{"text": text, **self._own(provider_metadata)}]
            case "assistant", Refusal(text=text):
                return [{"text": text}]
            case "assistant", Reasoning():
                return self._thought(part, where)
            case "assistant", ToolCall():
                return [self._call(part, where)]
            case (("tool" | "user"), ToolResult()):
                return self._result(part, where)
            case "assistant", Audio(data=None, url=None, transcript=str() as transcript):
                self._tell(where, "changed", "the words in place of the sound, which is not here")
                return [{"text": transcript}]
            case (("assistant" | "tool" | "user"), Image() | Audio() | Document()):
                return [self._media(part, where)]
            case _, Opaque(json=json):
                return [self._opaque(json, where)]
            case _:
                kind = type(part).__name__
                message = f"{where}: a {role} turn cannot hold {kind} here"
                raise _Unsendable(
                    UnsupportedFeature(message=message, provider=self.name, feature=kind)
                )

    def _own(self, provider_metadata: ProviderMetadata | None) -> dict[str, Any]:
        if provider_metadata is None or provider_metadata.provider != self.name:
            return {}
        return json_object(provider_metadata.json) or {}

    def _thought(self, part: Reasoning, where: str) -> list[WirePart]:
        if part.provider_metadata is not None and part.provider_metadata.provider != self.name:
            self._tell(where, "dropped", f"it is reasoning of {part.provider_metadata.provider}")
            return []
        signed = {"thoughtSignature": part.signature} if part.signature is not None else {}
        return [{"text": part.text, "thought": True, **signed, **self._own(part.provider_metadata)}]

    def _call(self, part: ToolCall, where: str) -> dict[str, Any]:
        if json_object(part.arguments) is None:
            raise self._invalid("arguments are a JSON object here", f"{where}/arguments")
        kept = self._own(part.provider_metadata)
        call = kept.pop("functionCall", None)
        call = call if isinstance(call, dict) else {}
        wire_id = call.get("id")
        self.calls[part.id] = (part.name, wire_id if isinstance(wire_id, str) else None)
        args = msgspec.Raw(part.arguments.encode())
        wire: dict[str, Any] = {"functionCall": {**call, "name": part.name, "args": args}, **kept}
        return wire

    def _signed(self, call: ToolCall, wire: WirePart) -> WirePart:
        """The first call of a turn that another model made gets the stand-in for a signature, where one is needed."""
        own = call.provider_metadata is not None and call.provider_metadata.provider == self.name
        if own or not self.rule.traits.get("signed_calls") or not isinstance(wire, dict):
            return wire
        return {**wire, "thoughtSignature": NO_SIGNATURE}

    def _result(self, result: ToolResult, where: str) -> list[WirePart]:
        called, wire_id = self.calls.get(result.tool_call_id, (None, None))
        function = called or result.name
        if not function:
            what = f"no call before has the id {result.tool_call_id!r}, so its function is not known; set ToolResult.name"
            raise self._invalid(what, where)
        texts: list[str] = []
        media: list[WirePart] = []
        rest: list[WirePart] = []
        for place, one in enumerate(result.content):
            spot = f"{where}/content/{place}"
            match one:
                case Text(text=text):
                    texts.append(text)
                case Image() | Audio() | Document() if self.rule.traits.get("media_results"):
                    media.append(self._media(one, spot))
                case Image() | Audio() | Document():
                    reason = "a function's response is JSON only; it follows as the user's"
                    self._tell(spot, "changed", reason)
                    rest.append(self._media(one, spot))
                case Opaque(provider=other, kind=kind) if other != self.name:
                    self._tell(spot, "dropped", f"{kind} is for {other} only")
                case Opaque(json=json):
                    rest.append(self._opaque(json, spot))
        response: dict[str, Any] = {"id": wire_id} if wire_id is not None else {}
        response |= {"name": function, "response": _response("\n".join(texts), result.is_error)}
        if media:
            response["parts"] = media
        return [{"functionResponse": response}, *rest]

    def _media(self, part: Image | Audio | Document, where: str) -> dict[str, Any]:
        payload = media_payload(self.name, self.quirks, part, where)
        if isinstance(payload, Failure):
            raise _Unsendable(payload.failure())
        if isinstance(part, Image) and part.detail not in (None, "auto"):
            self._tell(f"{where}/detail", "dropped", f"{self.name} has no detail of one picture")
        if isinstance(part, Document) and part.name and not self.quirks.file_names:
            self._tell(f"{where}/name", "dropped", f"{self.name} has no names for files")
        return {**payload.unwrap(), **self._own(part.provider_metadata)}

    def _opaque(self, json: str, where: str) -> msgspec.Raw:
        if json_object(json) is None:
            raise self._invalid("an opaque part is a JSON object", where)
        return msgspec.Raw(json.encode())

    def _invalid(self, message: str, where: str) -> _Unsendable:
        return _Unsendable(
            InvalidRequest(message=f"{where}: {message}", provider=self.name, param=where)
        )

    def _tell(self, field: str, action: Any, reason: str) -> None:
        self.told.append(Adaptation(field=field, action=action, reason=reason))


def _response(text: str, is_error: bool) -> Any:
    """A response is an object: JSON text of one goes as it is, all else under "output", and errors under "error"."""
    value: Any = text if json_object(text) is None else msgspec.Raw(text.encode())
    if is_error:
        return {"error": value}
    return {"output": value} if isinstance(value, str) else value


def _is_call(part: WirePart) -> bool:
    return isinstance(part, dict) and "functionCall" in part


def _results_first(parts: list[WirePart]) -> list[WirePart]:
    """Responses stand together, before what else the turn says."""
    return sorted(
        parts, key=lambda part: not (isinstance(part, dict) and "functionResponse" in part)
    )
