"""What parses can be built: an odd answer that parsed is appended to a conversation, and every provider builds the next request.

The answers are mutants of the recorded ones; tests/support/mutants.py makes them.
"""

from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.completion import Completion
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import chat_providers, recorded
from tests.support.fuzz import MAX_SEED_BYTES, build_next
from tests.support.laws import examples
from tests.support.mutants import mutate

DIALECTS = sorted({registry.get(name).unwrap().dialect for name in chat_providers()})


@cache
def answers(dialect: str) -> tuple[tuple[str, HttpResponse], ...]:
    """(provider, response) of the recorded answers of a dialect."""
    return tuple(
        [
            (entry.provider.name, entry.interaction.response)
            for entry in recorded()
            if entry.provider.dialect == dialect
            and entry.operation == "chat"
            and entry.is_answer
            and len(entry.interaction.response.body) <= MAX_SEED_BYTES
        ]
    )


def completions_of(name: str, response: HttpResponse) -> list[Completion]:
    provider = registry.get(name).unwrap()
    decoder = provider.open_stream(response.head)
    _, error = read_pieces(decoder, [response.body])
    streamed = decoder.partial() if error is None else error.partial
    parsed = provider.parse_chat(response)
    return [
        completion
        for completion in (streamed, parsed.value_or(None) if isinstance(parsed, Success) else None)
        if completion is not None
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@given(st.integers(0, 2**32), st.integers(0, 10_000))
@examples(60)
def test_every_provider_builds_after_any_answer_that_parses(
    dialect: str, seed: int, number: int
) -> None:
    known = answers(dialect)
    name, response = known[number % len(known)]
    random = Random(seed)
    mutant = mutate(response, [response], random)
    for completion in completions_of(name, mutant.response):
        for target in chat_providers():
            built = build_next(target, completion)
            assert isinstance(built, Success | Failure)


@pytest.mark.parametrize(
    "content",
    [
        '[{"type":"text"}]',
        '[{"type":"text","text":5}]',
        '[{"type":"text","text":null}]',
        '[{"type":"text","text":[]}]',
        '[{"type":"refusal"}]',
        '[{"text":"a"}]',
        "[{}]",
    ],
)
def test_parts_of_chat_completions_without_their_text_can_be_sent_back(content: str) -> None:
    body = f'{{"choices":[{{"message":{{"content":{content}}}}}]}}'.encode()
    for name in chat_providers():
        for completion in completions_of(name, HttpResponse(200, (), body)):
            for target in chat_providers():
                assert isinstance(build_next(target, completion), Success | Failure)
