"""A whole answer -> Completion. It is read as one chunk that says everything, so it can't differ from its stream."""

from typing import Any

from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.errors import error_in
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.stream import State, broken, read_body
from llm_pure.adapters.dialects.openai_chat.think_tags import held_back, untangled
from llm_pure.classify import unreadable_error
from llm_pure.codec import decode, decode_any, json_text
from llm_pure.collect import Collector
from llm_pure.completion import Completion
from llm_pure.http import HttpResponse
from llm_pure.result import Failure, Parsed, Success
from llm_pure.stream import told_by_headers


def parse_chat(name: str, quirks: Quirks, response: HttpResponse) -> Parsed[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ProtocolFault when a 2xx body is no answer.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(unreadable_error(name, response.status, response.headers, response.body))
    raw = decoded.unwrap()
    told = error_in(name, quirks.error_words, raw, response)
    if told is not None and (response.status >= 300 or not _choices(raw)):
        return Failure(told)
    if response.status >= 300:
        return Failure(unreadable_error(name, response.status, response.headers, response.body))
    nested = raw.get("provider") if isinstance(raw, dict) else None
    if isinstance(nested, dict) and nested.get("choices"):  # OpenRouter, once in a while
        raw = nested
    if not _choices(raw):
        return Failure(broken(name, "the answer has no choices", response))
    body = response.body if raw is not nested else json_text(raw).encode()
    typed = decode(wire.BODY, body, provider=name)
    if isinstance(typed, Failure):
        return typed
    _, events = read_body(name, quirks, State(), typed.unwrap(), raw)
    if quirks.think_tags:
        tags, events = untangled(name, {}, events)
        events += held_back(name, tags)
    collector = Collector()
    collector.add(events)
    collector.add(told_by_headers(response.headers))
    return Success(collector.completion())


def _choices(raw: Any) -> Any:
    return raw.get("choices") if isinstance(raw, dict) else None
