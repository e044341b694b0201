"""Show an interaction as text: the request, the response with its times, and the parsed completion. Pure."""

from collections.abc import Callable, Iterator

import msgspec

from llm_pure.core.registry import Registry
from llm_pure.framing.json_codec import DECODE_ERRORS
from llm_pure.replay.cassette import Interaction
from llm_pure.replay.checks.check import ReadCall, check_interaction, read_call, record_line
from llm_pure.replay.chunking import as_recorded, split_body
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import cause_of
from llm_pure.types.events import StreamEvent, UsageReported
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.redact import redact, redact_url
from llm_pure.types.result import Failure, LLMResult

Price = Callable[[Completion], str]

MAX_BODY_LENGTH = 4000
"""Maximum length of a body, in characters."""

_MAX_LINE_LENGTH = 160


def show_lines(
    interaction: Interaction,
    registry: Registry,
    *,
    full: bool = False,
    price: Price | None = None,
) -> Iterator[str]:
    """Yield the lines of an interaction; keys are masked.

    full: do not truncate bodies. price: returns the cost of a completion as text.
    """
    max_length = None if full else MAX_BODY_LENGTH
    yield from map(redact, _lines(interaction, registry, max_length, price or (lambda _: "")))


def _lines(
    interaction: Interaction, registry: Registry, max_length: int | None, price: Price
) -> Iterator[str]:
    request, response = interaction.request, interaction.response
    yield f"{request.method} {redact_url(request.url)}"
    if interaction.recorded_from:
        yield f"recorded from {interaction.recorded_from}"
    yield ""
    yield "request"
    yield from _message(request, max_length)
    call = read_call(interaction, registry)
    yield ""
    yield f"answer {response.status} {interaction.reason}".rstrip()
    if call is not None and call.streamed:
        yield from _headers(response)
        yield from _stream(interaction, call, price)
        return
    yield from _message(response, max_length)
    if call is not None and call.operation == "chat":
        yield from _end(call.provider.parse_chat(response), price)
    else:
        yield ""
        yield record_line(check_interaction(interaction, registry)).strip()


def _headers(message: HttpRequest | HttpResponse) -> Iterator[str]:
    yield from [f"  {name}: {value}" for name, value in message.headers]


def _message(message: HttpRequest | HttpResponse, max_length: int | None) -> Iterator[str]:
    yield from _headers(message)
    text = _readable(message.body)
    shown = text[:max_length]
    yield from [f"  {line}" for line in shown.splitlines()]
    if len(shown) < len(text):
        yield f"  ... {len(text)} characters"


def _readable(body: bytes) -> str:
    try:
        return msgspec.json.format(body, indent=2).decode() if body else ""
    except DECODE_ERRORS:
        return body.decode("utf-8", "replace")


def _stream(interaction: Interaction, call: ReadCall, price: Price) -> Iterator[str]:
    yield ""
    yield "events"
    decoder = call.provider.open_stream(interaction.response.head)
    delays = iter(interaction.delays_ms)
    arrived_ms = 0
    for piece in split_body(interaction, as_recorded):
        arrived_ms += next(delays, 0)
        when = f"{arrived_ms / 1000:8.3f} s" if interaction.delays_ms else " " * 10
        events = decoder.feed(piece)
        if isinstance(events, Failure):
            break
        yield from [f"  {when}  {_event(event)}" for event in events.unwrap()]
    closed = decoder.close()
    yield from [f"  {' ' * 10}  {_event(event)}" for event in closed.value_or(())]
    yield from _end(closed.map(lambda _: decoder.partial()), price)


def _event(event: StreamEvent) -> str:
    kind = f"{event.__struct_config__.tag!s:16}"
    if isinstance(event, UsageReported):
        return f"{kind} {_usage(event.usage)}"
    fields = msgspec.structs.asdict(event)
    values = [
        f"{name}={value!r}" for name, value in fields.items() if value not in (0, "", None, (), {})
    ]
    line = f"{kind} {' '.join(values)}"
    return line if len(line) <= _MAX_LINE_LENGTH else f"{line[:_MAX_LINE_LENGTH]}..."


def _end(parsed: LLMResult[Completion], price: Price) -> Iterator[str]:
    yield ""
    if isinstance(parsed, Failure):
        yield f"error {cause_of(parsed.failure())}"
    else:
        yield from _completion(parsed.unwrap(), price)


def _completion(completion: Completion, price: Price) -> Iterator[str]:
    model = completion.model or "unknown model"
    yield f"completion [{completion.provider}:{model} · {completion.finish_reason}]"
    if completion.reasoning:
        yield f"  reasoning: {completion.reasoning[:MAX_BODY_LENGTH]}"
    for line in completion.text[:MAX_BODY_LENGTH].splitlines():
        yield f"  {line}"
    for call in completion.tool_calls:
        yield f"  call {call.name}({call.arguments})"
    yield f"usage {_usage(completion.usage)}"
    cost = price(completion)
    if cost:
        yield f"cost {cost}"


def _usage(usage: Usage) -> str:
    counts = {
        "input": usage.input_tokens,
        "cached": usage.cached_input_tokens,
        "cache written": usage.cache_write_tokens,
        "output": usage.output_tokens,
        "reasoning": usage.reasoning_tokens,
    }
    reported = [f"{name} {count}" for name, count in counts.items() if count is not None]
    return ", ".join(reported) or "not reported"
