"""`llm-pure cassette check`: parse every recorded interaction with its provider, one record for each, and report them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from llm_pure.core.collect import collect
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.replay.cassette import NO_CASSETTE, NO_HTTP, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.checks.check_record import (
    CheckRecord,
    completed,
    counted,
    embedded,
    exit_code_of,
    failed,
)
from llm_pure.replay.checks.service_detection import Call, CallKind, UnknownCall, detect_call
from llm_pure.replay.checks.stream_properties import StreamOutcome, read_pieces
from llm_pure.replay.chunking import Chunking, random_chunks, split_body
from llm_pure.types.completion import Completion
from llm_pure.types.errors import ProtocolError, UnsupportedFeature
from llm_pure.types.http import get_header
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult, fold

STREAM_TYPES = (
    "text/event-stream",
    "application/vnd.amazon.eventstream",
    "application/x-ndjson",
    "application/stream+json",
)
"""Content types of streams."""


def check_paths(paths: Iterable[Path | str], registry: Registry) -> Iterator[CheckRecord]:
    """Yield a record for each interaction of the cassettes at these paths, in order, as soon as it is parsed.

    A file that cannot be read gives one record. YAML below a folder that is not a cassette gives none.
    """
    for root in map(Path, paths):
        for file in find_cassettes(root):
            name = file.name if file == root else file.relative_to(root).as_posix()
            entries = read_file(file).bind(partial(parse_entries, name=name))
            if isinstance(entries, Failure):
                if file == root or entries.failure().code != NO_CASSETTE:
                    yield failed(CheckRecord(file=name), entries.failure())
                continue
            for index, entry in enumerate(entries.unwrap()):
                record = _check_entry(entry, registry)
                yield msgspec.structs.replace(record, file=name, index=index)


class ReadCall(msgspec.Struct, frozen=True):
    """A recorded model call and how to parse its response."""

    provider: Provider
    operation: CallKind
    streamed: bool


def read_call(interaction: Interaction, registry: Registry) -> ReadCall | None:
    """Return how to parse an interaction; None if it is not a model call or the registry has no provider for it."""
    call = detect_recorded_call(interaction)
    try:
        return None if isinstance(call, UnknownCall) else _read(call, registry, interaction)
    except Rejected:
        return None


def check_interaction(interaction: Interaction, registry: Registry) -> CheckRecord:
    """Parse the response of an interaction with its provider. Pure, except for loading the provider."""
    call = detect_recorded_call(interaction)
    if isinstance(call, UnknownCall):
        return CheckRecord(reason=call.reason)
    try:
        read = _read(call, registry, interaction)
    except Rejected as rejected:
        unread = CheckRecord(provider=call.providers[0], operation=call.operation)
        if isinstance(rejected.error, UnsupportedFeature):
            return msgspec.structs.replace(unread, reason=rejected.error.message)
        return failed(unread, rejected.error)
    provider, response = read.provider, interaction.response
    record = CheckRecord(provider=provider.name, operation=read.operation, streamed=read.streamed)
    if call.operation == "embed" and provider.embed is not None:
        return _filled(record, provider.embed.parse(response), embedded)
    if call.operation == "count" and provider.count_tokens is not None:
        return _filled(record, provider.count_tokens.parse(response), counted)
    if read.streamed:
        return _filled(record, _parse_stream(provider, interaction), completed)
    return _filled(record, provider.parse_chat(response), completed)


A = TypeVar("A")


def _filled(
    record: CheckRecord, parsed: LLMResult[A], fill: Callable[[CheckRecord, A], CheckRecord]
) -> CheckRecord:
    return fold(
        parsed,
        ok=lambda value: fill(record, value),
        err=lambda error: failed(record, error),
    )


def _check_entry(entry: LLMResult[Interaction], registry: Registry) -> CheckRecord:
    return fold(
        entry,
        ok=lambda interaction: check_interaction(interaction, registry),
        err=lambda error: (
            CheckRecord(reason=error.message)
            if error.code == NO_HTTP
            else failed(CheckRecord(), error)
        ),
    )


def detect_recorded_call(interaction: Interaction) -> Call | UnknownCall:
    """Return the call that the recording names, else the one that its URL shows."""
    detected = detect_call(interaction.request)
    if not interaction.provider:
        return detected
    if not isinstance(detected, Call):
        detected = Call(operation="chat", service="", dialect="", providers=())
    named = interaction.operation
    operations = {"": detected.operation} | {kind: kind for kind in get_args(CallKind)}
    if named not in operations:
        return UnknownCall(f"an operation that is not read: {named}")
    return msgspec.structs.replace(
        detected,
        operation=operations[named],
        providers=(interaction.provider, *detected.providers),
    )


def _provider(call: Call, registry: Registry) -> Provider:
    """Load the first provider of a call that is in the registry and has the operation.

    Raises Rejected with UnsupportedFeature without one, and with the error of a provider that cannot be loaded.
    """
    reason = f"provider {call.providers[0]} is not in the registry"
    for name in call.providers:
        if name in registry:
            provider = ok(registry.get(name))
            supports = {"chat": True, "embed": provider.embed, "count": provider.count_tokens}
            if supports[call.operation]:
                return provider
            reason = f"provider {name} has no operation {call.operation}"
    raise Rejected(UnsupportedFeature(message=reason))


def _read(call: Call, registry: Registry, interaction: Interaction) -> ReadCall:
    """Return how to parse a response. Its type decides whether it is a stream, not the request."""
    response = interaction.response
    kind = (get_header(response.headers, "content-type") or "").split(";")[0].strip().lower()
    is_stream = (
        call.streams or kind in STREAM_TYPES or response.body.startswith((b"data:", b"event:"))
    )
    streamed = call.operation == "chat" and response.status < 400 and is_stream
    return ReadCall(_provider(call, registry), call.operation, streamed)


def _parse_stream(provider: Provider, interaction: Interaction) -> LLMResult[Completion]:
    """Parse a stream as one chunk. Fails with ProtocolError if small chunks give another result."""
    complete = _feed(provider, interaction, lambda _: iter(()))
    chunked = _feed(provider, interaction, random_chunks(1, 97))
    if not _equal(complete, chunked):
        message = "the stream reads differently when it comes in small pieces"
        return Failure(ProtocolError(message=message, provider=provider.name))
    events, error = complete
    return Failure(error) if error is not None else collect(events)


def _feed(provider: Provider, interaction: Interaction, borders: Chunking) -> StreamOutcome:
    decoder = provider.open_stream(interaction.response.head)
    return read_pieces(decoder, split_body(interaction, borders))


def _equal(complete: StreamOutcome, chunked: StreamOutcome) -> bool:
    if complete[1] is None or chunked[1] is None:
        return complete == chunked
    return complete[0] == chunked[0] and complete[1].kind == chunked[1].kind


def report_lines(records: Iterable[CheckRecord]) -> Iterator[str]:
    """Yield a line for each record as it comes, then the totals."""
    outcomes: Counter[str] = Counter()
    failures = 0
    for record in records:
        outcomes[record.outcome] += 1
        failures += exit_code_of(record) != 0
        yield record_line(record)
    counts = ", ".join([f"{count} {outcome}" for outcome, count in sorted(outcomes.items())])
    total = sum(outcomes.values())
    yield f"{total} interactions: {counts or 'no cassette was found'}; {failures} could not be read"


def record_line(record: CheckRecord) -> str:
    """Return one line: status, provider, operation, summary, location.

    >>> record_line(CheckRecord(file="a.yaml", provider="groq", operation="chat", reason="not now"))
    'skip  groq              chat           not now  a.yaml#0'
    """
    mark = "FAIL" if exit_code_of(record) else "skip" if record.outcome == "skipped" else "ok"
    streamed = "stream" if record.streamed else ""
    head = f"{mark:4}  {record.provider:16}  {record.operation:5}  {streamed:6}"
    return f"{head}  {_summary(record)}  {record.file}#{record.index}"


def _summary(record: CheckRecord) -> str:
    if record.error is not None:
        return f"{record.error.kind}: {' '.join(record.error.message.split())[:100]}"
    if record.reason is not None:
        return record.reason
    parts = [record.finish_reason or record.outcome]
    if record.text:
        parts.append(f"{len(record.text)} characters")
    if record.reasoning:
        parts.append(f"{len(record.reasoning)} of reasoning")
    if record.tool_calls:
        parts.append("calls " + " ".join([call.name for call in record.tool_calls]))
    usage = record.usage
    if usage is not None and usage.input_tokens is not None:
        output = "" if usage.output_tokens is None else f" + {usage.output_tokens}"
        parts.append(f"{usage.input_tokens}{output} tokens")
    return ", ".join(parts)
