"""A second round of the vendors' packages through a gateway: what they send back of the first answer reaches every upstream.

The history is made of the packages' own objects, as their users do.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from google import genai

from llm_pure.replay.doubles.recorded import conversation
from llm_pure.server import server_dialects
from llm_pure.transports.scripted import ScriptedTransport
from llm_pure.types.http import HttpRequest
from tests.clients import official
from tests.clients.official import QUESTION, Clients
from tests.clients.table import translating_gateway, wire_of
from tests.clients.upstreams import CALLS, PROVIDERS, SIGNATURE, TEXT

RESULTS = ("4 °C", "17 °C")
NEXT = "And tomorrow?"


class Upstreams(NamedTuple):
    """Clients of a gateway, and the transport that its upstreams are."""

    clients: Clients
    transport: ScriptedTransport


@pytest.fixture(scope="module")
def served() -> Iterator[Upstreams]:
    transport = ScriptedTransport(wire_of)
    with translating_gateway(transport) as url, official.open_clients(url) as clients:
        yield Upstreams(clients, transport)


# A round: the first answer of one model, sent back to another one with what follows


def chat_round(clients: Clients, first: str, then: str) -> str:
    create: Any = clients.openai.chat.completions.create
    message = create(model=first, **official.CHAT).choices[0].message
    following: list[Any] = [
        {"role": "tool", "tool_call_id": call.id, "content": result}
        for call, result in zip(message.tool_calls or (), RESULTS, strict=False)
    ]
    following = following or [{"role": "user", "content": NEXT}]
    history = [*official.CHAT["messages"], message, *following]
    text: str = create(model=then, messages=history, tools=official.CHAT["tools"]).choices[0].message.content  # fmt: skip
    return text


def responses_round(clients: Clients, first: str, then: str) -> str:
    options = {**official.RESPONSE, "input": [{"role": "user", "content": QUESTION}]}
    create: Any = clients.openai.responses.create
    output = create(model=first, **options).output
    calls = [item for item in output if item.type == "function_call"]
    following: list[Any] = [
        {"type": "function_call_output", "call_id": call.call_id, "output": result}
        for call, result in zip(calls, RESULTS, strict=False)
    ]
    following = following or [{"role": "user", "content": NEXT}]
    text: str = create(model=then, **{**options, "input": [*options["input"], *output, *following]}).output_text  # fmt: skip
    return text


def messages_round(clients: Clients, first: str, then: str) -> str:
    create: Any = clients.anthropic.messages.create
    content = create(model=first, **official.MESSAGE).content
    calls = [block for block in content if block.type == "tool_use"]
    following: Any = [
        {"type": "tool_result", "tool_use_id": call.id, "content": result}
        for call, result in zip(calls, RESULTS, strict=False)
    ]
    history = [
        *official.MESSAGE["messages"],
        {"role": "assistant", "content": content},
        {"role": "user", "content": following or NEXT},
    ]
    text: str = create(model=then, **{**official.MESSAGE, "messages": history}).content[0].text
    return text


def google_round(clients: Clients, first: str, then: str) -> str:
    generate: Any = clients.google.models.generate_content
    types = genai.types
    question = types.Content(role="user", parts=[types.Part(text=QUESTION)])
    content = generate(model=first, contents=[question], config=official.GOOGLE).candidates[0].content  # fmt: skip
    calls = [part.function_call for part in content.parts if part.function_call]
    following: list[Any] = [
        types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"output": result}))
        for call, result in zip(calls, RESULTS, strict=False)
    ]  # fmt: skip
    last = types.Content(role="user", parts=following or [types.Part(text=NEXT)])
    text: str = generate(
        model=then, contents=[question, content, last], config=official.GOOGLE
    ).text
    return text


def ollama_round(clients: Clients, first: str, then: str) -> str:
    chat: Any = clients.ollama.chat
    message = chat(model=first, **official.OLLAMA).message
    following: list[Any] = [
        {"role": "tool", "tool_name": call.function.name, "content": result}
        for call, result in zip(message.tool_calls or (), RESULTS, strict=False)
    ]
    following = following or [{"role": "user", "content": NEXT}]
    history = [*official.OLLAMA["messages"], message, *following]
    text: str = chat(model=then, messages=history, tools=official.OLLAMA["tools"]).message.content
    return text


ROUNDS: dict[str, Callable[[Clients, str, str], str]] = {
    "openai_chat": chat_round,
    "openai_responses": responses_round,
    "anthropic_messages": messages_round,
    "gemini_content": google_round,
    "ollama_native": ollama_round,
}
"""Dialect of a client -> its round."""


def sent_to(upstream: str, transport: ScriptedTransport) -> tuple[HttpRequest, Any]:
    """The last request that an upstream got, and its conversation."""
    request = transport.requests[-1]
    received = server_dialects[upstream].parse_request(request).unwrap()
    return request, conversation(received.messages)


@pytest.mark.parametrize("upstream", PROVIDERS)
@pytest.mark.parametrize("client", ROUNDS)
def test_tool_results_reach_every_upstream_with_their_calls(
    served: Upstreams, client: str, upstream: str
) -> None:
    assert ROUNDS[client](served.clients, f"{upstream}-calls", f"{upstream}-text") == TEXT
    _, turns = sent_to(upstream, served.transport)
    assert turns == [
        ("user", QUESTION),
        *[("assistant", {"call": name, "arguments": arguments}) for _, name, arguments in CALLS],
        *[("tool", {"result": [result]}) for result in RESULTS],
    ]


@pytest.mark.parametrize("upstream", ["openai_responses", "anthropic_messages", "gemini_content"])
@pytest.mark.parametrize("client", ["openai_responses", "anthropic_messages", "gemini_content"])
def test_a_signature_comes_back_to_its_own_vendor_through_every_client(
    served: Upstreams, client: str, upstream: str
) -> None:
    assert ROUNDS[client](served.clients, f"{upstream}-reasoning", f"{upstream}-text") == TEXT
    request, turns = sent_to(upstream, served.transport)
    assert turns == [("user", QUESTION), ("assistant", TEXT), ("user", NEXT)]
    assert request.body.count(f'"{SIGNATURE}"'.encode()) == 1


@pytest.mark.parametrize("then", ["openai_responses", "anthropic_messages", "gemini_content"])
@pytest.mark.parametrize("client", ["openai_responses", "anthropic_messages", "gemini_content"])
def test_no_vendor_gets_the_signature_of_another(served: Upstreams, client: str, then: str) -> None:
    first = "gemini_content" if then != "gemini_content" else "anthropic_messages"
    assert ROUNDS[client](served.clients, f"{first}-reasoning", f"{then}-text") == TEXT
    request, turns = sent_to(then, served.transport)
    assert turns == [("user", QUESTION), ("assistant", TEXT), ("user", NEXT)]
    assert SIGNATURE.encode() not in request.body
