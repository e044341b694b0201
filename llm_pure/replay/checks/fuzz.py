"""`llm-pure stream fuzz`: the laws of a stream, over every streamed answer of a folder of cassettes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.replay.cassette import Cassette, Interaction, parse_entries
from llm_pure.replay.cassette_files import find_cassettes, read_file
from llm_pure.replay.checks.check import read_call
from llm_pure.replay.checks.stream_properties import (
    Divergence,
    StreamReport,
    check_properties,
    shrink,
)
from llm_pure.types.result import Failure


class FuzzRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One streamed answer, and what was found. size: of its body, in bytes."""

    file: str
    index: int
    provider: str
    size: int
    report: StreamReport
    example: Cassette | None = None


def fuzz_paths(
    paths: Iterable[Path | str],
    registry: Registry,
    *,
    seed: int = 0,
    rounds: int = 20,
    every_byte: bool = False,
) -> Iterator[FuzzRecord]:
    """One record for each streamed answer below these paths, each as soon as it is done.

    example: a cassette with the shortest body found that still shows the first divergence. What is no stream, or no
    call of a known provider, makes no record.
    """
    for root in map(Path, paths):
        for file in find_cassettes(root):
            entries = read_file(file).bind(parse_entries)
            if isinstance(entries, Failure):
                continue
            for index, entry in enumerate(entries.unwrap()):
                if isinstance(entry, Failure):
                    continue
                interaction = entry.unwrap()
                read = read_call(interaction, registry)
                if read is None or not read.streamed:
                    continue
                yield _fuzz(file, index, read.provider, interaction, seed, rounds, every_byte)


def _fuzz(
    file: Path,
    index: int,
    provider: Provider,
    interaction: Interaction,
    seed: int,
    rounds: int,
    every_byte: bool,
) -> FuzzRecord:
    head, body = interaction.response.head, interaction.response.body
    report = check_properties(provider, head, body, seed=seed, rounds=rounds, every_byte=every_byte)
    example = None
    if report.divergences:
        example = _example(provider, interaction, report.divergences[0], seed, rounds, every_byte)
    return FuzzRecord(
        file=str(file),
        index=index,
        provider=provider.name,
        size=len(body),
        report=report,
        example=example,
    )


def _example(
    provider: Provider,
    interaction: Interaction,
    found: Divergence,
    seed: int,
    rounds: int,
    every_byte: bool,
) -> Cassette:
    head = interaction.response.head

    def shows_it(body: bytes) -> bool:
        again = check_properties(
            provider, head, body, seed=seed, rounds=rounds, every_byte=every_byte
        )
        return any(one.law == found.law for one in again.divergences)

    body = interaction.response.body
    shortest = shrink(body, shows_it) if shows_it(body) else found.body
    answer = msgspec.structs.replace(interaction.response, body=shortest)
    kept = msgspec.structs.replace(interaction, response=answer, sizes=(), delays_ms=())
    told = f"cut down from {interaction.recorded_from or 'a recording'} to show: {found.law} at {found.at}"
    return Cassette(interactions=(kept,), recorded_from=told)
