"""`llm-pure stream fuzz`: check the properties of streams on every streamed response of a folder of cassettes."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from llm_pure.core.registry import Registry
from llm_pure.replay.cassette import Cassette, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.checks.check import ReadCall, read_call
from llm_pure.replay.checks.stream_properties import (
    Divergence,
    StreamReport,
    check_properties,
    shrink,
)
from llm_pure.types.result import Failure


class FuzzRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The checks of one streamed response."""

    file: str
    index: int
    provider: str
    size: int
    """Size of the body in bytes."""
    report: StreamReport
    example: Cassette | None = None
    """A cassette with the shortest body that still shows the first divergence."""


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded call of a known provider."""

    file: str
    index: int
    interaction: Interaction
    call: ReadCall


def recorded_calls(paths: Iterable[Path | str], registry: Registry) -> Iterator[RecordedCall]:
    """Yield the calls of known providers in the cassettes below these paths, as soon as they are read."""
    for root in map(Path, paths):
        for file in find_cassettes(root):
            entries = read_file(file).bind(parse_entries)
            for index, entry in enumerate(() if isinstance(entries, Failure) else entries.unwrap()):
                interaction = entry.value_or(None)
                call = None if interaction is None else read_call(interaction, registry)
                if interaction is not None and call is not None:
                    yield RecordedCall(
                        file=str(file), index=index, interaction=interaction, call=call
                    )


def fuzz_paths(
    paths: Iterable[Path | str],
    registry: Registry,
    *,
    seed: int = 0,
    rounds: int = 20,
    every_byte: bool = False,
) -> Iterator[FuzzRecord]:
    """Yield a record for each streamed response of a known provider below these paths, as soon as it is checked."""
    for recorded in recorded_calls(paths, registry):
        if not recorded.call.streamed:
            continue
        interaction, provider = recorded.interaction, recorded.call.provider
        check = partial(
            check_properties,
            provider,
            interaction.response.head,
            seed=seed,
            rounds=rounds,
            every_byte=every_byte,
        )
        report = check(interaction.response.body)
        first = next(iter(report.divergences), None)
        yield FuzzRecord(
            file=recorded.file,
            index=recorded.index,
            provider=provider.name,
            size=len(interaction.response.body),
            report=report,
            example=None if first is None else _example(interaction, first, check),
        )


def _example(
    interaction: Interaction, first: Divergence, check: Callable[[bytes], StreamReport]
) -> Cassette:
    def property_fails(body: bytes) -> bool:
        return any(bug.property == first.property for bug in check(body).divergences)

    body = interaction.response.body
    shortest = shrink(body, property_fails) if property_fails(body) else first.body
    response = msgspec.structs.replace(interaction.response, body=shortest)
    example = msgspec.structs.replace(interaction, response=response, sizes=(), delays_ms=())
    source = interaction.recorded_from or "a recording"
    recorded_from = f"cut down from {source} to show: {first.property} at {first.at}"
    return Cassette(interactions=(example,), recorded_from=recorded_from)
