"""A whole answer -> Completion. It is read as one chunk that says everything, so it can't differ from its stream.

An answer of words alone takes a shorter way, as such chunks do; a law holds the two ways together.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import State
from llm_pure.adapters.dialects.openai_chat.stream import FINISH, broken, read_body
from llm_pure.adapters.dialects.openai_chat.think_tags import held_back, untangled
from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.core.collect import Collector
from llm_pure.core.error_mapping import request_id, undecodable_body_error
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, json_text
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Message, Text
from llm_pure.types.result import Failure, LLMResult, Success

_NOTHING: tuple[Any, ...] = (None, "", [], {})


def parse_chat(name: str, quirks: Quirks, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the body tells, at any status; with ProtocolError when a 2xx body is no answer.
    """
    plain = plain_answer(name, quirks, response) if response.status < 300 else None
    return read_answer(name, quirks, response) if plain is None else Success(plain)


def read_answer(name: str, quirks: Quirks, response: HttpResponse) -> LLMResult[Completion]:
    """Any answer, as one chunk that says everything."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
    raw = decoded.unwrap()
    told = error_in_body(name, quirks.error_codes, raw, response)
    if told is not None and (response.status >= 300 or not _choices(raw)):
        return Failure(told)
    if response.status >= 300:
        return Failure(
            undecodable_body_error(name, response.status, response.headers, response.body)
        )
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
    collector.add(header_events(response.headers))
    return Success(collector.completion())


def plain_answer(name: str, quirks: Quirks, response: HttpResponse) -> Completion | None:
    """A good answer of words alone, read the short way to the same Completion; None for every other."""
    try:
        answer = wire.PLAIN_ANSWER.decode(response.body)
    except DECODE_ERRORS:
        return None
    (choice,) = answer.choices
    text, word = choice.message.content, choice.finish_reason
    if not word or (quirks.think_tags and "<" in text):
        return None
    beside = {
        "created": answer.created,
        "service_tier": answer.service_tier,
        "system_fingerprint": answer.system_fingerprint,
        "request_id": request_id(response.headers),
    }
    return Completion(
        id=answer.id,
        model=answer.model,
        provider=name,
        message=Message("assistant", (Text(text),) if text else ()),
        finish_reason=FINISH.get(word, "unknown"),
        raw_finish_reason=word,
        usage=read_usage(answer.usage) if answer.usage else Usage(),
        extra={key: value for key, value in beside.items() if value not in _NOTHING},
    )


def _choices(raw: Any) -> Any:
    return raw.get("choices") if isinstance(raw, dict) else None
