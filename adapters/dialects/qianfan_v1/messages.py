"""Messages -> `system` and the `messages` of Qianfan version 1.

The user (or a function) and the assistant alternate, the user first and last; consecutive turns of one role become one.
A turn has at most one call. A function's result is a JSON object: other text is sent as {"result": text}.
Source: cloud.baidu.com/doc/WENXINWORKSHOP (messages), in excerpts; qianfan 0.4.12.3, extensions/openai/adapter.py;
read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.adapters.dialects.common.turn_order import (
    assistant_turn,
    result_text,
    user_turn,
    without_name,
)
from llm_pure.adapters.dialects.common.turn_rules import CallIds, Placed, Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.messages import Message, Text
from llm_pure.types.rejection import UnsupportedPart

BLANK = "/"
"""The text of an empty turn, as the vendor's SDK sends it: the API rejects empty text."""


def encode_messages(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> dict[str, Any]:
    """{messages[], system?}. Raises Rejected with UnsupportedFeature for a turn that the API does not support."""
    encoder = _TurnEncoder(service, adaptations, _RULES)
    encoder.add_all(messages)
    if encoder.turns[-1]["role"] == "assistant":
        message = "messages: a conversation ends with the user here"
        raise UnsupportedPart(message, provider=service.name)
    fields: dict[str, Any] = {"messages": encoder.turns}
    if encoder.system_texts:
        fields["system"] = "\n\n".join(encoder.system_texts)
    return fields


_RULES = TurnRules(
    paired_results=False, left_out_if_empty=frozenset(), call_ids=CallIds(sent=False)
)
"""The encoder joins and separates turns itself, since a function's result is a turn of its own here."""


class _TurnEncoder(MessageEncoder[object]):
    """Encodes messages into alternating turns."""

    def __init__(
        self,
        service: AnyService,
        adaptations: list[Adaptation],
        rules: TurnRules,
        *,
        model: str = "",
    ) -> None:
        super().__init__(service, adaptations, rules, model=model)
        self.system_texts: list[str] = []
        self.functions: dict[str, str] = {}
        """Id of a call -> name of its function."""

    def add(self, turn: Turn) -> None:
        without_name(turn, self.adaptations)
        match turn.role:
            case "system":
                self._add_system(turn)
            case "assistant":
                self._add_assistant(turn)
            case "user" | "tool":
                self._add_user(turn)

    def _add_system(self, wire: Turn) -> None:
        path = wire.path
        turn = user_turn(wire, self.adaptations)
        if turn.results:
            raise UnsupportedPart(f"{turn.results[0][0]}: a tool's result is no system text")
        if self.turns:
            self.change(path, "system text is sent before the conversation here")
        self.system_texts.append(_text(turn.rest))

    def _add_user(self, wire: Turn) -> None:
        path = wire.path
        turn = user_turn(wire, self.adaptations)
        for result_path, result in turn.results:
            name = result.name or self.functions.get(result.tool_call_id)
            if not name:
                raise UnsupportedPart(f"{result_path}: a function's result needs its name here")
            text = result_text(result)
            content = text if json_object(text) is not None else json_text({"result": text})
            self._add_turn({"role": "function", "name": name, "content": content}, path)
        if turn.rest or not turn.results:
            self._add_turn({"role": "user", "content": _text(turn.rest) or BLANK}, path)

    def _add_assistant(self, wire: Turn) -> None:
        path = wire.path
        turn = assistant_turn(wire, self.adaptations)
        for part in turn.opaque:
            self.drop(path, f"{part.kind} is not supported here")
        if len(turn.calls) > 1:
            raise UnsupportedPart(f"{path}: a turn calls one function at most here")
        content = turn.text if turn.text or turn.calls else BLANK
        encoded: dict[str, Any] = {"role": "assistant", "content": content}
        for call in turn.calls:
            self.functions[call.id] = call.name
            own = self.own_fields(call.provider_metadata)
            encoded["function_call"] = {"name": call.name, "arguments": call.arguments, **own}
        self._add_turn(encoded, path)

    def _add_turn(self, turn: dict[str, Any], path: str) -> None:
        """Append the turn, or join it to the last one of the same role; "OK" of the assistant separates two other turns."""
        last = self.turns[-1] if self.turns else None
        is_assistant = turn["role"] == "assistant"
        if last is None and turn["role"] != "user":
            raise UnsupportedPart(f"{path}: a conversation begins with the user here")
        if last is None or is_assistant != (last["role"] == "assistant"):
            self.turns.append(turn)
        elif turn["role"] == last["role"] == "user" or (
            is_assistant and "function_call" not in last
        ):
            self.change(path, f"two messages of the {turn['role']} in a row are one message here")
            texts = [text for text in (last["content"], turn["content"]) if text not in ("", BLANK)]
            self.turns[-1] = {**last, **turn, "content": "\n\n".join(texts) or last["content"]}
        elif is_assistant:
            raise UnsupportedPart(f"{path}: the result of a called function is missing")
        else:
            self.change(
                path, "an assistant turn with OK separates a function's result from the next turn"
            )
            self.turns += [{"role": "assistant", "content": "OK"}, turn]


def _text(parts: tuple[Placed, ...]) -> str:
    texts: list[str] = []
    for path, part in parts:
        if not isinstance(part, Text):
            raise UnsupportedPart(f"{path}: Qianfan version 1 supports text alone")
        texts.append(part.text)
    return "\n".join(texts)
