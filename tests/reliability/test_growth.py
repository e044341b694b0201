"""What grows with an answer, a text or a recording grows linearly; `make bench ARGS="--only growth"` shows the exponents."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from llm_pure.replay import Interaction
from llm_pure.replay.cassette import Cassette
from llm_pure.replay.checks.diff import ShapeDifference, diff_cassettes
from llm_pure.replay.traffic_log import SUSPICIOUS_LIMIT, TrafficLog
from llm_pure.types.http import HttpRequest, HttpResponse
from tests.support.growth_shapes import SHAPES, Call, assert_linear
from tests.support.outside_shapes import OUTSIDE


@pytest.mark.parametrize("name", SHAPES)
def test_time_grows_linearly(name: str) -> None:
    assert_linear(SHAPES[name])


@pytest.mark.parametrize("name", OUTSIDE)
def test_time_of_what_comes_from_outside_grows_linearly(name: str) -> None:
    assert_linear(OUTSIDE[name])


def _cassette(count: int) -> Cassette:
    return Cassette(
        interactions=tuple(
            [
                Interaction(
                    request=HttpRequest(
                        "POST", "https://a.test/", (), f'{{"a":{number}}}'.encode()
                    ),
                    response=HttpResponse(200, (), b'{"b":1}'),
                )
                for number in range(count)
            ]
        )
    )


def test_differences_of_cassettes_take_linear_time() -> None:
    def shape(count: int) -> Call:
        old = _cassette(count)
        new = msgspec.structs.replace(old, interactions=tuple(reversed(old.interactions)))
        return lambda: list(diff_cassettes(old, new))

    assert_linear(shape)
    assert list(diff_cassettes(_cassette(3), _cassette(2))) == [
        ShapeDifference(kind="removed", where="POST https://a.test/", index=2, old="an interaction")
    ]


def test_an_exchange_with_thousands_of_random_texts_is_logged_without_its_bodies(
    tmp_path: Path,
) -> None:
    random = Random(1)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    texts = ["".join(random.choices(letters, k=40)) for _ in range(SUSPICIOUS_LIMIT + 50)]
    body = msgspec.json.encode([{"text": text} for text in texts])
    interaction = Interaction(
        request=HttpRequest("POST", f"https://a.test/{texts[0]}", (), body),
        response=HttpResponse(200, (), body),
    )
    log = TrafficLog(tmp_path)
    log.record(log.start(interaction.request), interaction).unwrap()
    (file,) = tmp_path.glob("*.yaml")
    written = file.read_text("utf-8")
    assert "not logged: more than 1000 texts that look like keys" in written
    assert [text for text in texts if text in written] == []
