"""Doubles: transports that answer like a provider, for tests without network and without keys.

    llm = LLM(LLMConfig(api_type="openai", model="m"), transport=answering("hi"))

A double works out from the request which API it stands for, answers in that API's wire format, buffered or streamed, and so runs
through the real building and parsing. It answers every method of the client, and any provider of the registry.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from llm_pure.replay.doubles.answer_types import Answer, as_completion
from llm_pure.replay.doubles.answers import answer_request
from llm_pure.replay.doubles.error_kinds import error_of_kind
from llm_pure.replay.doubles.provider_double import NO_RULE, ProviderDouble, serve_double
from llm_pure.replay.doubles.requests import SentRequest, read_request
from llm_pure.replay.doubles.rules import (
    CUT,
    KEEP_ALIVE,
    Cut,
    FromReceived,
    KeepAlive,
    Pause,
    Rule,
    RuleAnswer,
    ServedAnswer,
    Step,
    Steps,
    UpstreamResponse,
    user_text,
)
from llm_pure.replay.doubles.rules_file import parse_rules
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.messages import Message, Text, ToolCall
from llm_pure.types.rejection import Rejected

Arguments: TypeAlias = Mapping[str, Any] | str | None
"""Arguments of a tool: an object, or JSON text as a model would write it."""

AnswerFunction: TypeAlias = Callable[[SentRequest], Answer]
"""Makes the answer to a request."""


class Double(ScriptedTransport):
    """A transport that answers by itself, sync and async. `requests` has what was sent, in order."""

    needs_credentials = False

    requests: list[HttpRequest]
    """The requests, each a SentRequest: also with `operation`, `json`, `model`, `prompt`, `streamed`."""

    def __init__(
        self, answers: Sequence[Answer | AnswerFunction], *, usage: Usage | None = None
    ) -> None:
        super().__init__(self._answer)
        self._answers = tuple(answers)
        self._usage = usage
        self._count = 0

    def _answer(self, request: HttpRequest) -> ScriptedResponse | LLMError:
        """The answer to the next request; the last one again after all of them."""
        answer = self._answers[min(self._count, len(self._answers) - 1)]
        self._count += 1
        sent = read_request(request)
        self.requests[-1] = sent
        try:
            value = answer(sent) if callable(answer) else answer
            return answer_request(sent, as_completion(value), self._usage)
        except Rejected as rejected:
            return rejected.error

    @property
    def parts(self) -> tuple[tuple[Answer | AnswerFunction, Usage | None], ...]:
        """The answers in order, each with its usage."""
        return tuple([(answer, self._usage) for answer in self._answers])


class _InTurn(Double):
    """The answers of several doubles."""

    def __init__(self, parts: Sequence[tuple[Answer | AnswerFunction, Usage | None]]) -> None:
        super().__init__([answer for answer, _ in parts])
        self._parts = tuple(parts)

    def _answer(self, request: HttpRequest) -> ScriptedResponse | LLMError:
        self._usage = self._parts[min(self._count, len(self._parts) - 1)][1]
        return super()._answer(request)

    @property
    def parts(self) -> tuple[tuple[Answer | AnswerFunction, Usage | None], ...]:
        return self._parts


def answering(*answers: Answer | AnswerFunction, usage: Usage | None = None) -> Double:
    """Return a transport that gives these answers, one for each request, and the last one ever after.

    An answer is text, a ToolCall or several, a Completion, an LLMError, or a function that makes one of a SentRequest.
    `usage`: the usage figures of each answer; estimated from the texts unless they are given.

    >>> from llm_pure import LLM, LLMConfig
    >>> llm = LLM(LLMConfig(api_type="openai", model="m"), transport=answering("hi", "bye"))
    >>> [llm.ask("hello").unwrap() for _ in range(3)]
    ['hi', 'bye', 'bye']
    """
    if not answers:
        raise TypeError("answering() needs at least one answer")
    for answer in answers:
        if not callable(answer):
            as_completion(answer)
    return Double(answers, usage=usage)


def calling(
    name: str,
    arguments: Arguments = None,
    *more: tuple[str, Arguments],
    text: str = "",
    usage: Usage | None = None,
) -> Double:
    """Return a transport that answers every request with tool calls: one, and one for each further (name, arguments).

    The calls have the ids "call_1", "call_2" ... `text` stands before them.

    >>> from llm_pure import LLM, LLMConfig
    >>> llm = LLM(LLMConfig(api_type="anthropic", model="m"), transport=calling("weather", {"city": "Oslo"}))
    >>> llm.completion("How warm is it?").unwrap().tool_calls
    (ToolCall(id='call_1', name='weather', arguments='{"city":"Oslo"}', provider_metadata=None, cache=None),)
    """
    pairs = ((name, arguments), *more)
    calls = [
        ToolCall(f"call_{number}", tool, _json_text(value))
        for number, (tool, value) in enumerate(pairs, 1)
    ]
    parts = ((Text(text),) if text else ()) + tuple(calls)
    completion = Completion(message=Message("assistant", parts), finish_reason="tool_calls")
    return Double([completion], usage=usage)


def failing(error: LLMError | str) -> Double:
    """Return a transport that answers every request with this error, as the provider would send it.

    `error`: an LLMError, or the kind of one, such as "rate_limited" or "timeout". Errors that no provider sends (of the
    connection, of the configuration ...) are those of the transport.

    >>> from llm_pure import LLM, LLMConfig
    >>> llm = LLM(LLMConfig(api_type="gemini", model="m"), transport=failing("authentication"))
    >>> llm.ask("hello").failure().kind
    'authentication'
    """
    return Double([error_of_kind(error) if isinstance(error, str) else error])


def in_turn(*doubles: Double) -> Double:
    """Return a transport that gives the answers of several doubles, one for each request, and the last one ever after.

    >>> from llm_pure import LLM, LLMConfig
    >>> double = in_turn(calling("clock"), answering("It is noon."))
    >>> llm = LLM(LLMConfig(api_type="ollama", model="m"), transport=double)
    >>> llm.completion("What time is it?").unwrap().tool_calls[0].name, llm.ask("And now?").unwrap()
    ('clock', 'It is noon.')
    """
    parts = [part for double in doubles for part in double.parts]
    if not parts:
        raise TypeError("in_turn() needs at least one double")
    return _InTurn(parts)


def _json_text(arguments: Arguments) -> str:
    if isinstance(arguments, str):
        return arguments
    return msgspec.json.encode(dict(arguments or {})).decode()


__all__ = [
    "CUT",
    "KEEP_ALIVE",
    "NO_RULE",
    "Answer",
    "AnswerFunction",
    "Arguments",
    "Cut",
    "Double",
    "FromReceived",
    "KeepAlive",
    "Pause",
    "ProviderDouble",
    "Rule",
    "RuleAnswer",
    "SentRequest",
    "ServedAnswer",
    "Step",
    "Steps",
    "UpstreamResponse",
    "answering",
    "calling",
    "failing",
    "in_turn",
    "parse_rules",
    "serve_double",
    "user_text",
]
