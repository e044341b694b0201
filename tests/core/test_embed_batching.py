"""Many texts in several requests, and their answers in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Embeddings, EmbedRequest, Usage
from llm_pure.adapters import registry
from llm_pure.core.embed_batching import (
    join_embeddings,
    limit_for,
    split_request,
    strictest_limit,
    sum_usage,
)
from llm_pure.types.errors import ProtocolError
from llm_pure.types.operations import EmbedLimit
from llm_pure.types.result import Failure, Success

LIMITS = (
    EmbedLimit(max_texts=96, prefix="cohere."),
    EmbedLimit(max_texts=1, prefix="big"),
    EmbedLimit(max_texts=5),
)


@pytest.mark.parametrize(
    ("model", "texts"),
    [
        ("cohere.embed-v4", 96),
        ("us.cohere.embed-v4", 96),
        ("models/big-1", 1),
        ("other", 5),
        ("", 5),
    ],
)
def test_the_first_limit_that_fits_counts(model: str, texts: int) -> None:
    assert limit_for(LIMITS, model).max_texts == texts


def test_where_nobody_names_a_limit_there_is_none() -> None:
    assert limit_for((), "m") == EmbedLimit()


def test_the_strictest_limit_holds_for_all() -> None:
    limits = [
        EmbedLimit(max_texts=5),
        EmbedLimit(max_tokens=9),
        EmbedLimit(max_texts=3, max_tokens=20),
    ]
    assert strictest_limit(limits) == EmbedLimit(max_texts=3, max_tokens=9)
    assert strictest_limit([]) == EmbedLimit()


@given(
    st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=40),
    st.integers(1, 9) | st.none(),
    st.integers(1, 30) | st.none(),
)
def test_no_text_is_lost_and_no_request_is_too_large(
    texts: list[str], most: int | None, tokens: int | None
) -> None:
    request = EmbedRequest(input=tuple(texts), model="m", dimensions=3)
    parts = split_request(request, EmbedLimit(max_texts=most, max_tokens=tokens))
    assert [text for part in parts for text in part.texts] == texts
    for part in parts:
        assert (part.model, part.dimensions) == ("m", 3)
        assert most is None or len(part.texts) <= most
        size = sum([len(text.encode("utf-8", "replace")) for text in part.texts])
        assert tokens is None or size <= tokens or len(part.texts) == 1


@pytest.mark.parametrize("given_", ["a text", ("a", "b"), ()])
def test_what_fits_is_the_request_itself(given_: str | tuple[str, ...]) -> None:
    request = EmbedRequest(input=given_)
    assert split_request(request, EmbedLimit(max_texts=2)) == (request,)
    assert split_request(request, EmbedLimit(max_texts=2))[0] is request


def answer(*vectors: tuple[float, ...], model: str = "m", **more: object) -> Embeddings:
    return Embeddings(vectors=vectors, model=model, provider="p", **more)  # type: ignore[arg-type]


ASKED = (EmbedRequest(input=("a", "b")), EmbedRequest(input=("c",)))


def test_vectors_are_in_the_order_of_the_texts_and_usage_is_summed() -> None:
    got = join_embeddings(
        ASKED,
        (
            answer((1.0,), (2.0,), usage=Usage(input_tokens=3, output_tokens=0, raw={"t": 3})),
            answer((3.0,), usage=Usage(input_tokens=4, raw={"t": 4}), extra={"id": "2"}),
        ),
    )
    assert got == Success(
        answer(
            (1.0,),
            (2.0,),
            (3.0,),
            usage=Usage(input_tokens=7, raw={"batches": [{"t": 3}, {"t": 4}]}),
            extra={"batches": [{}, {"id": "2"}]},
        )
    )


def test_a_single_answer_stays_as_it_is() -> None:
    one = answer((1.0,), (2.0,), usage=Usage(input_tokens=3, raw={"t": 3}), extra={"id": "1"})
    assert join_embeddings(ASKED[:1], (one,)) == Success(one)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((answer((1.0,)), answer((2.0,))), "2 texts were sent, 1 vectors received"),
        ((answer((1.0,), (1.0,)), answer()), "1 texts were sent, 0 vectors received"),
        ((answer((1.0,), (2.0,)), answer((2.0, 1.0))), "the vectors are not comparable: lengths 1, 2"),
        ((answer((1.0,), (2.0,)), answer((2.0,), model="n")), "the vectors are not comparable: models p:m, p:n"),
    ],
    ids=["one is missing", "none came", "lengths", "models"],
)  # fmt: skip
def test_vectors_that_do_not_belong_together_are_a_fault(
    answers: tuple[Embeddings, ...], message: str
) -> None:
    assert join_embeddings(ASKED, answers) == Failure(
        ProtocolError(message=message, provider="p", where="vectors")
    )


def test_an_unknown_count_makes_the_sum_unknown() -> None:
    assert sum_usage([Usage(1, 2), Usage(3, None)]) == Usage(4, None)


@pytest.mark.parametrize("name", registry.names())
def test_every_limit_says_where_it_is_from(name: str) -> None:
    provider = registry.get(name).unwrap()
    for limit in provider.embed_limits:
        assert provider.embed is not None
        assert "202" in limit.source
        assert (limit.max_texts or 1) > 0


@pytest.mark.parametrize(
    ("name", "model", "texts"),
    [
        ("openai", "text-embedding-3-small", 2048),
        ("azure", "my-deployment", 2048),
        ("cohere", "embed-v4.0", 96),
        ("gemini", "gemini-embedding-001", 100),
        ("vertex", "gemini-embedding-001", 1),
        ("vertex", "text-embedding-005", 250),
        ("mistral", "mistral-embed", 32),
        ("dashscope", "text-embedding-v4", 10),
        ("dashscope_compatible", "text-embedding-v2", 25),
        ("bedrock_invoke", "us.cohere.embed-v4:0", 96),
        ("bedrock_invoke", "amazon.titan-embed-text-v2:0", 1),
        ("ollama.embeddings", "all-minilm", 1),
        ("ollama", "all-minilm", None),
    ],
)
def test_the_limits_of_services(name: str, model: str, texts: int | None) -> None:
    assert limit_for(registry.get(name).unwrap().embed_limits, model).max_texts == texts
