"""The first minute of `make fuzz`: the same mutants each time. What it finds is replayed with the command that it prints."""

from random import Random

import msgspec
import pytest

from llm_pure.adapters import registry
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import LLMResult, Success
from tests.support import fuzz
from tests.support.cassettes import recorded
from tests.support.mutants import frames_of, mutate

SEED = 20261129
CASES = 16_000
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_no_mutant_makes_a_parser_or_the_next_build_raise(part: int) -> None:
    problems = fuzz.run(range(part, CASES, PARTS), SEED)
    assert {key: (len(found), found[0]) for key, found in problems.items()} == {}


def test_a_number_and_a_seed_give_the_same_mutant() -> None:
    seeds = [entry.interaction.response for entry in recorded()[:3]]
    first, again = (mutate(seeds[0], seeds, Random("1:2")) for _ in range(2))
    assert first == again
    assert mutate(seeds[0], seeds, Random("1:3")) != first


def test_frames_are_those_of_the_recorded_streams_and_join_to_the_body() -> None:
    counts: dict[str, int] = {}
    for entry in recorded():
        body = entry.interaction.response.body
        frames = frames_of(body)
        assert b"".join(frames) == body
        if entry.streamed and entry.is_answer:
            counts[entry.provider.dialect] = max(counts.get(entry.provider.dialect, 0), len(frames))
    assert min(counts.values()) > 1


def _raises(response: HttpResponse) -> LLMResult[Completion]:
    return Success(Completion(id=str(response.body.index(b"never"))))


def test_a_parser_that_raises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = msgspec.structs.replace(registry.get("openai").unwrap(), parse_chat=_raises)
    monkeypatch.setattr(fuzz, "registry", registry.with_provider("openai", broken))
    numbers = [
        number
        for number, seed in enumerate(fuzz._all_seeds(None))
        if seed.provider == "openai" and seed.operation == "chat"
    ]
    problems = fuzz.run(numbers[:5], SEED)
    assert {(kind, where.partition(":")[2]) for kind, where in problems} == {("raised", "_raises")}
