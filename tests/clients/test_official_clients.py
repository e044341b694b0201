"""The vendors' packages against answers of five upstream dialects: every client x upstream x situation."""

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types import MessageParam
from google.genai import errors as genai_errors
from msgspec.structs import replace

from llm_pure import Tool, user
from llm_pure.replay.doubles import ProviderDouble
from tests.clients import official
from tests.clients.expectations import SAME_DIALECT, client_of, expected
from tests.clients.official import Clients
from tests.clients.table import (
    SERVERS,
    STREAMS,
    adjusted,
    comparable,
    server_url,
    situations_of,
    translating_double,
)
from tests.clients.upstreams import PROVIDERS, SIGNATURE

TOOL = Tool(name="get_weather", description=official.DESCRIPTION, parameters=official.PARAMETERS)


@pytest.fixture(scope="module")
def double() -> Iterator[ProviderDouble]:
    with translating_double() as served:
        yield served


@pytest.fixture(scope="module")
def clients(double: ProviderDouble) -> Iterator[Clients]:
    with official.open_clients(double.url) as opened:
        yield opened


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, Clients]]:
    """A kind of server, and clients of it."""
    with server_url(request.param) as url, official.open_clients(url) as opened:
        yield request.param, opened


@pytest.mark.parametrize("upstream", PROVIDERS)
@pytest.mark.parametrize("mode", official.MODES)
def test_every_client_shows_the_answer_of_every_upstream(
    served: tuple[str, Clients], mode: str, upstream: str
) -> None:
    server, opened = served
    run = official.MODES[mode]
    names = situations_of(mode)
    seen = {name: comparable(run(opened, f"{upstream}-{name}")) for name in names}
    assert seen == {
        name: adjusted(expected(mode, upstream, name), server, mode, upstream, name)
        for name in names
    }


@pytest.mark.parametrize("mode", [mode for mode in official.MODES if client_of(mode) in SAME_DIALECT])  # fmt: skip
def test_a_client_sees_signatures_of_its_own_vendor_unchanged(
    served: tuple[str, Clients], mode: str
) -> None:
    answer = official.MODES[mode](served[1], f"{SAME_DIALECT[client_of(mode)]}-reasoning")
    assert answer.signature == SIGNATURE


def test_the_wait_of_a_rate_limit_reaches_every_client(served: tuple[str, Clients]) -> None:
    clients = served[1]
    for upstream in PROVIDERS:
        model = f"{upstream}-error"
        hello: list[MessageParam] = [{"role": "user", "content": "hi"}]
        with pytest.raises(openai.RateLimitError) as limited:
            clients.openai.responses.create(model=model, input="hi")
        assert limited.value.response.headers["retry-after"] == "7"
        with pytest.raises(anthropic.RateLimitError) as slow:
            clients.anthropic.messages.create(model=model, max_tokens=9, messages=hello)
        assert slow.value.response.headers["retry-after"] == "7"
        with pytest.raises(genai_errors.ClientError) as busy:
            clients.google.models.generate_content(model=model, contents="hi")
        body: Any = busy.value.details
        (detail,) = body["error"]["details"]
        assert detail["retryDelay"] == "7s"


def test_every_request_was_read_as_the_client_meant_it(
    double: ProviderDouble, clients: Clients
) -> None:
    """The question and the tool of each client's request, and what of it had no field here."""
    for mode, run in official.MODES.items():
        double.clear()
        run(clients, "openai_chat-text")
        (received,) = double.received
        assert received.messages == (user(official.QUESTION),)
        assert [replace(tool, strict=None) for tool in received.chat.tools or () if isinstance(tool, Tool)] == [TOOL]  # fmt: skip
        assert received.stream == mode.endswith(STREAMS)
        assert [key.reveal() for key in received.credentials] == ["any"]
        assert received.adaptations == ()
