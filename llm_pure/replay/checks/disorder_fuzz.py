"""`llm-pure stream fuzz --disorders`: check the law of disorders on every recorded answer of a folder of cassettes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.checks.disorder_check import (
    DisorderDivergence,
    check_disorders,
    first_divergence,
)
from llm_pure.replay.checks.fuzz import RecordedCall, recorded_calls
from llm_pure.replay.disorders.answer import (
    Frame,
    Framing,
    RecordedAnswer,
    decode_frames,
    recorded_answer,
    with_frames,
)
from llm_pure.replay.disorders.disorder import Disorder
from llm_pure.replay.disorders.table import DISORDERS


class DisorderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One disorder of one recorded answer."""

    file: str
    index: int
    provider: str
    dialect: str
    """Of the provider."""
    disorder: str
    divergence: DisorderDivergence | None
    example: Cassette | None = None
    """For the first divergence of a disorder and dialect: a cassette with a short deformed body that shows it."""


def fuzz_disorders(
    paths: Iterable[Path | str],
    registry: Registry,
    *,
    disorders: Sequence[Disorder] = DISORDERS,
    seed: int = 0,
    rounds: int = 4,
    every_byte: bool = False,
) -> Iterator[DisorderRecord]:
    """Yield a record for each disorder that applies to a chat answer below these paths, as soon as it is checked.

    Each answer has a seed of its own, counted from `seed`, so that few rounds cut at many places.
    """
    seen: set[tuple[str, str]] = set()
    for number, recorded in enumerate(recorded_calls(paths, registry)):
        call, response = recorded.call, recorded.interaction.response
        if call.operation != "chat" or response.status >= 300:
            continue
        provider = call.provider
        answer = recorded_answer(provider.dialect, call.streamed, response)
        checked = check_disorders(
            provider,
            answer,
            disorders,
            seed=seed + number,
            rounds=rounds,
            every_byte=every_byte,
        )
        for disorder, divergence in checked:
            key = (disorder.name, provider.dialect)
            example = None
            if divergence is not None and key not in seen:
                seen.add(key)
                example = _example(recorded, shrink_answer(provider, disorder, answer))
            yield DisorderRecord(
                file=recorded.file,
                index=recorded.index,
                provider=provider.name,
                dialect=provider.dialect,
                disorder=disorder.name,
                divergence=divergence,
                example=example,
            )


def shrink_answer(
    provider: Provider, disorder: Disorder, answer: RecordedAnswer
) -> DisorderDivergence | None:
    """Return a divergence of an answer with fewer frames; frames are left out, halves first, while one remains."""
    smallest = first_divergence(provider, disorder, answer)
    framed = decode_frames(answer)
    if framed is None or smallest is None:
        return smallest
    frames = list(framed.frames)
    size = max(len(frames) // 2, 1)
    while size >= 1:
        begin = 0
        while begin < len(frames):
            shorter = [*frames[:begin], *frames[begin + size :]]
            divergence = _shorter(provider, disorder, answer, framed.framing, shorter)
            if divergence is not None and divergence.property == smallest.property:
                frames, smallest = shorter, divergence
            else:
                begin += size
        size //= 2
    return smallest


def _shorter(
    provider: Provider,
    disorder: Disorder,
    answer: RecordedAnswer,
    framing: Framing,
    frames: list[Frame],
) -> DisorderDivergence | None:
    if not frames:
        return None
    return first_divergence(provider, disorder, with_frames(answer, framing, frames))


def _example(recorded: RecordedCall, divergence: DisorderDivergence | None) -> Cassette | None:
    if divergence is None:
        return None
    interaction = msgspec.structs.replace(
        recorded.interaction, response=divergence.answer.response, sizes=(), delays_ms=()
    )
    source = recorded.interaction.recorded_from or "a recording"
    shows = f"{divergence.disorder}: {divergence.property} at {divergence.at}"
    return Cassette(
        interactions=(interaction,), recorded_from=f"deformed from {source} to show {shows}"
    )
