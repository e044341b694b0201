"""The vendors' packages against answers of five upstream dialects: every client x upstream x situation."""

import base64
from collections.abc import Iterator

import anthropic
import openai
import pytest
from anthropic.types import MessageParam
from google.genai import errors as genai_errors
from msgspec.structs import replace

from llm_pure import Tool, user
from llm_pure.replay.doubles import FromReceived, ProviderDouble, UpstreamResponse, serve_double
from llm_pure.server import ReceivedRequest
from tests.clients import official
from tests.clients.expectations import CUT_MESSAGE, SAME_DIALECT, client_of, expected
from tests.clients.official import Answer, Clients
from tests.clients.upstreams import ONLY_STREAMED, PROVIDERS, SIGNATURE, SITUATIONS, wire

TOOL = Tool(name="get_weather", description=official.DESCRIPTION, parameters=official.PARAMETERS)


def upstream_answer(received: ReceivedRequest) -> UpstreamResponse:
    """The response that the model's name says: "anthropic_messages-calls"."""
    dialect, _, situation = received.model.partition("-")
    response = wire(dialect, situation, stream=received.stream)
    return UpstreamResponse(provider=PROVIDERS[dialect], response=response)


@pytest.fixture(scope="module")
def double() -> Iterator[ProviderDouble]:
    with serve_double(FromReceived(upstream_answer)) as served:
        yield served


@pytest.fixture(scope="module")
def clients(double: ProviderDouble) -> Clients:
    return official.open_clients(double.url)


def comparable(answer: Answer) -> Answer:
    """The answer without what follows the beginning of a cut's message, and without signatures, which have their own test."""
    error = answer.error
    if error is not None and error[1].startswith(CUT_MESSAGE):
        error = (error[0], CUT_MESSAGE)
    return replace(answer, error=error, signature=None)


@pytest.mark.parametrize("upstream", PROVIDERS)
@pytest.mark.parametrize("mode", official.MODES)
def test_every_client_shows_the_answer_of_every_upstream(
    clients: Clients, mode: str, upstream: str
) -> None:
    situations = [name for name in SITUATIONS if mode.endswith(("_stream", "_helper")) or name not in ONLY_STREAMED]  # fmt: skip
    run = official.MODES[mode]
    seen = {name: comparable(run(clients, f"{upstream}-{name}")) for name in situations}
    assert seen == {name: expected(mode, upstream, name) for name in situations}


@pytest.mark.parametrize("mode", [mode for mode in official.MODES if client_of(mode) in SAME_DIALECT])  # fmt: skip
def test_a_client_sees_signatures_of_its_own_vendor_unchanged(clients: Clients, mode: str) -> None:
    upstream = SAME_DIALECT[client_of(mode)]
    answer = official.MODES[mode](clients, f"{upstream}-reasoning")
    assert answer.signature == (base64.b64decode(SIGNATURE).decode() if client_of(mode) == "google_content" else SIGNATURE)  # fmt: skip


def test_the_wait_of_a_rate_limit_reaches_every_client(clients: Clients) -> None:
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
        (detail,) = busy.value.details["error"]["details"]
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
        assert received.stream == mode.endswith(("_stream", "_helper"))
        assert [key.reveal() for key in received.credentials] == ["any"]
        assert received.adaptations == ()
