"""`llm-pure cassette check`: every recorded interaction read by the provider it went to, one record for each."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

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
    exit_code,
    exit_code_of,
    failed,
    record_json,
)
from llm_pure.replay.checks.service_detection import Call, CallKind, UnknownCall, detect_call
from llm_pure.replay.checks.stream_properties import Told, read_pieces
from llm_pure.replay.chunking import Chunking, random_chunks, split_body
from llm_pure.types.completion import Completion
from llm_pure.types.errors import ProtocolError, UnsupportedFeature
from llm_pure.types.http import get_header
from llm_pure.types.result import Failure, LLMResult

__all__ = [
    "CheckRecord",
    "ReadCall",
    "check_interaction",
    "check_paths",
    "exit_code",
    "exit_code_of",
    "read_call",
    "record_json",
]


def check_paths(paths: Iterable[Path | str], registry: Registry) -> Iterator[CheckRecord]:
    """One record for each interaction of the cassettes at these paths, in order, each as soon as it is read.

    A file that cannot be read makes one record of its own; YAML that is no cassette makes none below a folder.
    """
    for root in map(Path, paths):
        for file in find_cassettes(root):
            name = file.name if file == root else file.relative_to(root).as_posix()
            yield from _check_file(file, name, registry, given=file == root)


class ReadCall(msgspec.Struct, frozen=True):
    """A recorded model call: whose parsers read it, what was asked, and whether its answer is a stream."""

    provider: Provider
    operation: CallKind
    streamed: bool


def read_call(interaction: Interaction, registry: Registry) -> ReadCall | None:
    """Who reads this interaction; None when it is no model call, or one that no provider of the registry reads."""
    call = _call(interaction)
    if isinstance(call, UnknownCall):
        return None
    found = _provider(call, registry)
    return None if isinstance(found, Failure) else _read_call(call, found.unwrap(), interaction)


def check_interaction(interaction: Interaction, registry: Registry) -> CheckRecord:
    """What this interaction's answer says, read by the provider that it went to. Pure, but for loading a provider."""
    call = _call(interaction)
    if isinstance(call, UnknownCall):
        return CheckRecord(reason=call.reason)
    found = _provider(call, registry)
    if isinstance(found, Failure):
        nobody = CheckRecord(provider=call.providers[0], operation=call.operation)
        error = found.failure()
        if isinstance(error, UnsupportedFeature):
            return msgspec.structs.replace(nobody, reason=error.message)
        return failed(nobody, error)
    read = _read_call(call, found.unwrap(), interaction)
    provider, response = read.provider, interaction.response
    record = CheckRecord(provider=provider.name, operation=read.operation, streamed=read.streamed)
    if call.operation == "embed" and provider.embed is not None:
        return _told(record, provider.embed.parse(response), embedded)
    if call.operation == "count" and provider.count_tokens is not None:
        return _told(record, provider.count_tokens.parse(response), counted)
    if read.streamed:
        return _told(record, _read_stream(provider, interaction), completed)
    return _told(record, provider.parse_chat(response), completed)


def _check_file(file: Path, name: str, registry: Registry, *, given: bool) -> Iterator[CheckRecord]:
    entries = read_file(file).bind(lambda data: parse_entries(data, name=name))
    if isinstance(entries, Failure):
        if given or entries.failure().code != NO_CASSETTE:
            yield failed(CheckRecord(file=name), entries.failure())
        return
    for index, entry in enumerate(entries.unwrap()):
        place = CheckRecord(file=name, index=index)
        if not isinstance(entry, Failure):
            record = check_interaction(entry.unwrap(), registry)
            yield msgspec.structs.replace(record, file=name, index=index)
        elif entry.failure().code == NO_HTTP:
            yield msgspec.structs.replace(place, reason=entry.failure().message)
        else:
            yield failed(place, entry.failure())


def _call(interaction: Interaction) -> Call | UnknownCall:
    """What was asked of whom: as the recording says, else as its URL tells."""
    told = detect_call(interaction.request)
    if not interaction.provider:
        return told
    named: Mapping[str, CallKind] = {"": "chat", "chat": "chat", "embed": "embed", "count": "count"}
    if interaction.operation not in named:
        return UnknownCall(f"an operation that is not read: {interaction.operation}")
    seen = told if isinstance(told, Call) else Call(
        operation="chat", service="", dialect="", providers=()
    )  # fmt: skip
    return msgspec.structs.replace(
        seen,
        operation=named[interaction.operation] if interaction.operation else seen.operation,
        providers=(interaction.provider, *seen.providers),
    )


def _provider(call: Call, registry: Registry) -> LLMResult[Provider]:
    """The first of the call's providers that the registry has, and that does what was asked; else UnsupportedFeature."""
    why = f"provider {call.providers[0]} is not in the registry"
    for name in call.providers:
        if name not in registry.entries:
            continue
        found = registry.get(name)
        if isinstance(found, Failure):
            return found
        provider = found.unwrap()
        does = {"chat": True, "embed": provider.embed, "count": provider.count_tokens}
        if does[call.operation]:
            return found
        why = f"provider {name} has no operation {call.operation}"
    return Failure(UnsupportedFeature(message=why))


def _read_call(call: Call, provider: Provider, interaction: Interaction) -> ReadCall:
    return ReadCall(provider, call.operation, _streams(call, interaction))


STREAM_TYPES = (
    "text/event-stream",
    "application/vnd.amazon.eventstream",
    "application/x-ndjson",
    "application/stream+json",
)


def _streams(call: Call, interaction: Interaction) -> bool:
    """Was the answer a stream? What it is counts, and not what was asked for."""
    if call.operation != "chat":
        return False
    response = interaction.response
    kind = (get_header(response.headers, "content-type") or "").split(";")[0].strip().lower()
    if response.status >= 400:
        return False
    return call.streams or kind in STREAM_TYPES or response.body.startswith((b"data:", b"event:"))


def _read_stream(provider: Provider, interaction: Interaction) -> LLMResult[Completion]:
    """The Completion of the stream, fed at once; a ProtocolError when it reads differently in small pieces."""
    whole = _feed(provider, interaction, lambda _: iter(()))
    split = _feed(provider, interaction, random_chunks(1, 97))
    if not _equal(whole, split):
        return Failure(
            ProtocolError(
                message="the stream reads differently when it comes in small pieces",
                provider=provider.name,
            )
        )
    events, error = whole
    return Failure(error) if error is not None else collect(events)


def _feed(provider: Provider, interaction: Interaction, borders: Chunking) -> Told:
    return read_pieces(
        provider.open_stream(interaction.response.head), split_body(interaction, borders)
    )


def _equal(whole: Told, split: Told) -> bool:
    if whole[1] is None or split[1] is None:
        return whole == split
    return whole[0] == split[0] and whole[1].kind == split[1].kind


A = TypeVar("A")


def _told(
    record: CheckRecord, parsed: LLMResult[A], told: Callable[[CheckRecord, A], CheckRecord]
) -> CheckRecord:
    if isinstance(parsed, Failure):
        return failed(record, parsed.failure())
    return told(record, parsed.unwrap())


def report_lines(records: Iterable[CheckRecord]) -> Iterator[str]:
    """A line for each record as it comes, and the counts last."""
    outcomes: Counter[str] = Counter()
    failed = 0
    for record in records:
        outcomes[record.outcome] += 1
        failed += exit_code_of(record) != 0
        yield record_line(record)
    counts = ", ".join([f"{count} {outcome}" for outcome, count in sorted(outcomes.items())])
    total = sum(outcomes.values())
    yield f"{total} interactions: {counts or 'no cassette was found'}; {failed} could not be read"


def record_line(record: CheckRecord) -> str:
    """One line: how it went, who reads it, what it says, where it stands.

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
    told = [record.finish_reason or record.outcome]
    if record.text:
        told.append(f"{len(record.text)} characters")
    if record.reasoning:
        told.append(f"{len(record.reasoning)} of reasoning")
    if record.tool_calls:
        told.append("calls " + " ".join([call.name for call in record.tool_calls]))
    usage = record.usage
    if usage is not None and usage.input_tokens is not None:
        output = "" if usage.output_tokens is None else f" + {usage.output_tokens}"
        told.append(f"{usage.input_tokens}{output} tokens")
    return ", ".join(told)
