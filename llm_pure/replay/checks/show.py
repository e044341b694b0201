"""An interaction as people read it: what was asked, what came and when, and what it means. Pure."""

from collections.abc import Callable, Iterator

import msgspec

from llm_pure.core.registry import Registry
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import Interaction
from llm_pure.replay.checks.check import ReadCall, check_interaction, read_call, record_line
from llm_pure.replay.chunking import as_recorded, split_body
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import LLMError, describe
from llm_pure.types.events import StreamEvent, UsageReported
from llm_pure.types.http import HttpRequest, HttpResponse, redact_url
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, LLMResult

Price = Callable[[Completion], str]

SHOWN = 4000
"""How many characters of a body are shown."""

_NARROW = 160


def show_lines(
    interaction: Interaction,
    registry: Registry,
    *,
    whole: bool = False,
    price: Price | None = None,
) -> Iterator[str]:
    """The picture, line by line. whole: bodies are shown to their end. price: what an answer cost, in words.

    Nothing shaped like a key is in it.
    """
    for line in _lines(interaction, registry, None if whole else SHOWN, price or _free):
        yield redact(line)


def _free(completion: Completion) -> str:
    return ""


def _lines(
    interaction: Interaction, registry: Registry, most: int | None, price: Price
) -> Iterator[str]:
    request, response = interaction.request, interaction.response
    yield f"{request.method} {redact_url(request.url)}"
    if interaction.recorded_from:
        yield f"recorded from {interaction.recorded_from}"
    yield from _message("request", request, most)
    read = read_call(interaction, registry)
    yield ""
    yield f"answer {response.status} {interaction.reason}".rstrip()
    if read is not None and read.streamed:
        for name, value in response.headers:
            yield f"  {name}: {value}"
        yield from _stream(interaction, read, price)
    else:
        yield from _message("", response, most)
        if read is not None and read.operation == "chat":
            yield from _end(read.provider.parse_chat(response), price)
        else:
            yield ""
            yield record_line(check_interaction(interaction, registry)).strip()


def _message(title: str, message: HttpRequest | HttpResponse, most: int | None) -> Iterator[str]:
    if title:
        yield ""
        yield title
    for name, value in message.headers:
        yield f"  {name}: {value}"
    text = _readable(message.body)
    shown = text if most is None else text[:most]
    for line in shown.splitlines():
        yield f"  {line}"
    if len(shown) < len(text):
        yield f"  ... {len(text)} characters"


def _readable(body: bytes) -> str:
    try:
        return msgspec.json.format(body, indent=2).decode() if body else ""
    except DECODE_ERRORS:
        return body.decode("utf-8", "replace")


def _stream(interaction: Interaction, read: ReadCall, price: Price) -> Iterator[str]:
    yield ""
    yield "events"
    decoder = read.provider.open_stream(interaction.response.head)
    delays = iter(interaction.delays_ms)
    came_ms = 0
    for piece in split_body(interaction, as_recorded):
        came_ms += next(delays, 0)
        when = f"{came_ms / 1000:8.3f} s" if interaction.delays_ms else " " * 10
        got = decoder.feed(piece)
        if isinstance(got, Failure):
            break
        for event in got.unwrap():
            yield f"  {when}  {_event(event)}"
    closed = decoder.close()
    if isinstance(closed, Failure):
        yield from _failed(closed.failure())
        return
    for event in closed.unwrap():
        yield f"  {' ' * 10}  {_event(event)}"
    yield from _completion(decoder.partial(), price)


def _event(event: StreamEvent) -> str:
    if isinstance(event, UsageReported):
        return f"{event.__struct_config__.tag!s:16} {_used(event.usage)}"
    told = msgspec.structs.asdict(event)
    words = [
        f"{name}={value!r}" for name, value in told.items() if value not in (0, "", None, (), {})
    ]
    line = f"{event.__struct_config__.tag!s:16} {' '.join(words)}"
    return line if len(line) <= _NARROW else f"{line[:_NARROW]}..."


def _end(parsed: LLMResult[Completion], price: Price) -> Iterator[str]:
    if isinstance(parsed, Failure):
        yield from _failed(parsed.failure())
    else:
        yield from _completion(parsed.unwrap(), price)


def _failed(error: LLMError) -> Iterator[str]:
    yield ""
    yield f"error {describe(error)}"


def _completion(completion: Completion, price: Price) -> Iterator[str]:
    yield ""
    model = completion.model or "unknown model"
    yield f"completion [{completion.provider}:{model} · {completion.finish_reason}]"
    if completion.reasoning:
        yield f"  reasoning: {completion.reasoning[:SHOWN]}"
    for line in completion.text[:SHOWN].splitlines():
        yield f"  {line}"
    for call in completion.tool_calls:
        yield f"  call {call.name}({call.arguments})"
    yield f"usage {_used(completion.usage)}"
    cost = price(completion)
    if cost:
        yield f"cost {cost}"


def _used(usage: Usage) -> str:
    counts = {
        "input": usage.input_tokens,
        "cached": usage.cached_input_tokens,
        "cache written": usage.cache_write_tokens,
        "output": usage.output_tokens,
        "reasoning": usage.reasoning_tokens,
    }
    told = [f"{name} {count}" for name, count in counts.items() if count is not None]
    return ", ".join(told) or "not told"
