"""Rules of a double in a file, YAML or JSON: text -> rules. Pure.

models: [gpt-4o]                    # optional: others are not found
rules:
  - when: {text: weather, tool_results: false}
    calls: [{name: get_weather, arguments: {city: Oslo}}]
  - when: weather                   # a text in the user's newest message
    text: It is 4 °C.
    pace_s: 0.02
  - when: busy
    error: rate_limited
    times: 1
  - text: Ask me about the weather.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from llm_pure.replay.doubles.answers import word_events
from llm_pure.replay.doubles.error_kinds import error_of_kind
from llm_pure.replay.doubles.rules import Cut, Rule, ServedAnswer, Step, user_text
from llm_pure.replay.yaml import parse_yaml
from llm_pure.types.completion import Completion, FinishReason, Usage
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.events import Finished
from llm_pure.types.messages import Message, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest


class WhenFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions of a rule; all hold."""

    text: str = ""
    """The newest message of the user contains it."""
    model: str = "*"
    """A pattern for the name of the model, such as "gpt-*"."""
    tool_results: bool | None = None
    """Whether the newest message brings results of tools."""

    def holds(self, chat: ChatRequest) -> bool:
        """True if the request fulfils all conditions."""
        if self.text not in user_text(chat) or not fnmatchcase(chat.model, self.model):
            return False
        return self.tool_results is None or self.tool_results == _has_results(chat)


class CallFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call."""

    name: str
    arguments: dict[str, Any] | str = {}
    """An object, or the text as a model would write it."""
    id: str = ""


class ErrorFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error."""

    kind: str
    message: str = ""
    retry_after_s: float | None = None


class UsageFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Token counts."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class RuleFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule."""

    when: str | WhenFields = ""
    times: int | None = None
    delay_s: float = 0.0
    pace_s: float = 0.0
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[CallFields, ...] = ()
    finish_reason: FinishReason | None = None
    usage: UsageFields | None = None
    error: str | ErrorFields | None = None
    """Its kind. After content it comes within the stream."""
    cut: Literal["", "reset", "end"] = ""
    """The response ends after the content: the connection breaks, or the body just stops."""


class FileFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of rules."""

    rules: tuple[RuleFields, ...]
    models: tuple[str, ...] = ()


@returns_failure
def parse_rules(
    text: str | bytes, *, name: str = "rules"
) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Return the rules and the models of a file. Fails with InvalidConfiguration, with the path of the value."""
    values = ok(parse_yaml(text, name=name))
    try:
        fields = msgspec.convert(values, FileFields)
    except msgspec.ValidationError as error:
        raise Rejected(InvalidConfiguration(message=f"{name}: {error}", field="rules")) from None
    if not fields.rules:
        raise Rejected(InvalidConfiguration(message=f"{name}: there are no rules", field="rules"))
    return tuple([_rule(row, f"{name}: rules[{i}]") for i, row in enumerate(fields.rules)]), fields.models  # fmt: skip


def _rule(row: RuleFields, path: str) -> Rule:
    when = row.when.holds if isinstance(row.when, WhenFields) else row.when or None
    return Rule(
        _answer(row, path), when=when, times=row.times, delay_s=row.delay_s, pace_s=row.pace_s
    )


def _answer(row: RuleFields, path: str) -> ServedAnswer:
    error = None if row.error is None else _error(row.error, path)
    parts = tuple(_parts(row))
    if not parts and error is None and not row.cut and row.text == row.refusal == "" and row.finish_reason is None:  # fmt: skip
        message = f"{path}: a rule needs text, calls, refusal, reasoning, error, cut or finish_reason"  # fmt: skip
        raise Rejected(InvalidConfiguration(message=message, field="rules"))
    if error is not None and not parts:
        return error
    reason: FinishReason = row.finish_reason or ("tool_calls" if row.calls else "stop")
    usage = Usage() if row.usage is None else Usage(**msgspec.structs.asdict(row.usage))
    completion = Completion(message=Message("assistant", parts), finish_reason=reason, usage=usage)
    end: tuple[Step, ...] = (error,) if error is not None else ((Cut(row.cut),) if row.cut else ())
    if not end:
        return completion
    return [*[event for event in word_events(completion) if not isinstance(event, Finished)], *end]


def _parts(row: RuleFields) -> Iterable[Part]:
    if row.reasoning:
        yield Reasoning(row.reasoning)
    if row.text:
        yield Text(row.text)
    if row.refusal:
        yield Refusal(row.refusal)
    for number, call in enumerate(row.calls, 1):
        arguments = call.arguments
        if isinstance(arguments, Mapping):
            arguments = msgspec.json.encode(arguments).decode()
        yield ToolCall(call.id or f"call_{number}", call.name, arguments)


def _error(fields: str | ErrorFields, path: str) -> LLMError:
    if isinstance(fields, str):
        fields = ErrorFields(fields)
    try:
        return error_of_kind(fields.kind, fields.message, fields.retry_after_s)
    except ValueError as error:
        message = f"{path}: {error}"
        raise Rejected(InvalidConfiguration(message=message, field="rules")) from None


def _has_results(chat: ChatRequest) -> bool:
    messages = chat.messages if isinstance(chat.messages, list | tuple) else ()
    newest = messages[-1] if messages else None
    return isinstance(newest, Message) and any(isinstance(p, ToolResult) for p in newest.parts)
