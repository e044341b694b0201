"""What looks made by chance is found, and what the providers themselves make by chance is not taken for a key."""

import string
from random import Random

import pytest

from llm_pure.replay.cassette import Interaction
from llm_pure.replay.secrets.patterns import high_entropy_runs
from llm_pure.replay.secrets.redaction import Redaction
from llm_pure.replay.secrets.scan import scan_interaction
from tests.support.cassettes import recorded

ALPHABETS = {
    "letters and digits": string.ascii_letters + string.digits,
    "base64url": string.ascii_letters + string.digits + "-_",
    "hexadecimal": "0123456789abcdef",
    "lower case and digits": string.ascii_lowercase + string.digits,
}


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS.keys())
def test_most_random_texts_of_forty_characters_are_found(alphabet: str) -> None:
    chance = Random(1)
    texts = ["".join(chance.choices(alphabet, k=40)) for _ in range(500)]
    found = [text for text in texts if list(high_entropy_runs(f"so: {text}!"))]
    assert len(found) > 450


@pytest.mark.parametrize(
    "text",
    [
        "accounts/fireworks/models/llama-v3p1-405b-instruct-2024-08-06",
        "ThisIsQuiteALongCamelCaseNameOfAFunctionThatNobodyShouldEverWrite",
        "chatcmpl-C2P1wP1damHwC6sXvGAIh5PMvH6wMq8Wz5Xc1Vb7",
        "550e8400-e29b-41d4-a716-446655440000",
        "https://example.org/a/rather/long/path/with/2024/11/20/and/numbers/12345",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
        "eyJtb2RlbCI6Im0iLCJtZXNzYWdlcyI6W3sicm9sZSI6InVzZXIifV19",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "1234567890" * 6,
        "".join(Random(2).choices(string.ascii_letters + string.digits, k=600)),
    ],
    ids=["a model", "a long name", "an id", "a UUID", "a URL", "a picture", "JSON in base64", "one letter", "digits", "data"],
)  # fmt: skip
def test_what_is_no_key_is_not_found(text: str) -> None:
    assert list(high_entropy_runs(f"it is {text}, or so")) == []


def test_no_recording_of_this_repository_holds_a_secret_or_what_may_be_one() -> None:
    found = [
        f"{one.file}: {finding}"
        for one in recorded()
        for finding in scan_interaction(one.interaction)
    ]
    assert found == []


def test_a_text_that_is_allowed_is_not_told() -> None:
    text = "k7Qp2Zx9Lm4Vb8Nc3Rt6Ys1Wd5Fg0Hj2"
    one = next(iter(recorded())).interaction
    marked = Interaction(request=one.request, response=one.response, reason=f"see {text}")
    assert [finding.where for finding in scan_interaction(marked)] == ["response.status"]
    assert list(scan_interaction(marked, Redaction(allowed=(text,)))) == []
