"""Packages that connect by themselves are named, with the line that gives them the test's cassette; each line works."""

import os
import sys
from collections.abc import Callable
from typing import Any

import anthropic
import anyio
import cohere
import groq
import httpx
import httpx2
import llama_api_client
import ollama
import openai
import pytest
from google import genai
from google.genai.types import HttpOptions
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from mistralai.client import Mistral

from llm_pure import LLM, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import ReplayTransport
from llm_pure.replay.client_packages import CLIENT_PACKAGES, advice, connecting_package
from llm_pure.replay.httpx2_client import Httpx2Clients
from llm_pure.replay.httpx_client import HttpxClients
from llm_pure.replay.network_guard import Guard, NetworkBlocked, guard_network
from llm_pure.transports.aiohttp_transport import AiohttpTransport
from llm_pure.transports.httpx import HttpxTransport

MESSAGES: Any = [{"role": "user", "content": "hello"}]
KEYS = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY"),
    *("GROQ_API_KEY", "LLAMA_API_KEY", "CO_API_KEY"),
)
NAMES: dict[str, Any] = {
    "openai": openai,
    "AsyncOpenAI": openai.AsyncOpenAI,
    "anthropic": anthropic,
    "AsyncAnthropic": anthropic.AsyncAnthropic,
    "genai": genai,
    "HttpOptions": HttpOptions,
    "Mistral": Mistral,
    "groq": groq,
    "AsyncGroq": groq.AsyncGroq,
    "LlamaAPIClient": llama_api_client.LlamaAPIClient,
    "AsyncLlamaAPIClient": llama_api_client.AsyncLlamaAPIClient,
    "cohere": cohere,
    "AsyncClientV2": cohere.AsyncClientV2,
    "ChatOpenAI": ChatOpenAI,
    "ChatAnthropic": ChatAnthropic,
}
WITH_CLIENTS = [
    pytest.param(package, id=package.name)
    for package in CLIENT_PACKAGES
    if package.fixture != "llm_server" and package.name != "llm_pure.client"
]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if "proxy" in name.lower():
            monkeypatch.delenv(name)
    for name in KEYS:
        monkeypatch.setenv(name, "any")


@pytest.mark.parametrize("package", WITH_CLIENTS)
def test_the_line_of_each_package_gives_it_clients(package: Any) -> None:
    line, _, fixture = advice(package, "api.test", 443).partition(", with the fixture ")
    source = ReplayTransport()
    clients = {"llm_httpx": HttpxClients(source), "llm_httpx2": Httpx2Clients(source)}
    assert fixture in clients
    asynchronous: dict[str, dict[str, Any]] = {
        "ollama": {"AsyncClient": ollama.AsyncClient},
        "httpx": {"AsyncClient": httpx.AsyncClient},
        "httpx2": {"AsyncClient": httpx2.AsyncClient},
    }
    names = {**NAMES, **asynchronous.get(package.name, {}), **clients}
    names |= {"ollama": ollama, "httpx": httpx, "httpx2": httpx2}
    made = eval(line, names)
    assert all(made if isinstance(made, tuple) else (made,))


def chat(client: Any) -> Callable[[], object]:
    return lambda: client.chat.completions.create(model="m", messages=MESSAGES)


def claude(client: Any) -> Callable[[], object]:
    return lambda: client.messages.create(model="m", max_tokens=1, messages=MESSAGES)


def gemini(client: genai.Client) -> object:
    return client.models.generate_content(model="m", contents="hello")


SYNC: dict[str, Callable[[], object]] = {
    "openai": lambda: chat(openai.OpenAI(max_retries=0))(),
    "anthropic": lambda: claude(anthropic.Anthropic(max_retries=0))(),
    "google.genai": lambda: gemini(genai.Client()),
    "mistralai": lambda: Mistral(api_key="any").chat.complete(model="m", messages=MESSAGES),
    "groq": lambda: chat(groq.Groq(max_retries=0))(),
    "cohere": lambda: cohere.ClientV2(max_retries=0).chat(model="m", messages=MESSAGES),
    "ollama": lambda: ollama.Client().chat(model="m", messages=MESSAGES),
    "langchain_openai": lambda: ChatOpenAI(model="m", max_retries=0).invoke("hello"),
    "langchain_anthropic": lambda: ChatAnthropic(model="m", max_retries=0).invoke("hello"),  # type: ignore[call-arg]
    "httpx": lambda: httpx.get("http://service.test/"),
    "httpx2": lambda: httpx2.get("http://service.test/"),
    "llm_pure.client": lambda: (
        LLM(LLMConfig(model="m", api_key="any"), HttpxTransport(), retry=NO_RETRY)
        .ask("hello")
        .unwrap()
    ),
}


@pytest.mark.parametrize("name", SYNC)
def test_a_package_that_connects_by_itself_is_named(name: str) -> None:
    with guard_network(Guard()) as guard, pytest.raises(Exception):  # noqa: B017, PT011 - each has its own
        SYNC[name]()
    packages = {one.package.name for one in guard.connections if one.package is not None}
    assert packages == {name}


ASYNC: dict[str, Callable[[], Any]] = {
    "openai": lambda: chat(openai.AsyncOpenAI(max_retries=0))(),
    "anthropic": lambda: claude(anthropic.AsyncAnthropic(max_retries=0))(),
    "groq": lambda: chat(groq.AsyncGroq(max_retries=0))(),
    "langchain_openai": lambda: ChatOpenAI(model="m", max_retries=0).ainvoke("hello"),
}


@pytest.mark.parametrize("name", ASYNC)
def test_an_async_client_is_named_by_its_service_where_a_thread_resolves_names(name: str) -> None:
    """The thread has no frame of the package: the one that calls this host by default is named."""

    async def run() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011
            await ASYNC[name]()

    with guard_network(Guard()) as guard:
        anyio.run(run)
    expected = {"langchain_openai": "openai"}.get(name, name)
    assert {one.package and one.package.name for one in guard.connections} == {expected}


def test_the_message_has_the_line_and_its_fixture() -> None:
    with guard_network(Guard()), pytest.raises(openai.APIConnectionError) as caught:
        SYNC["openai"]()
    cause: Any = caught.value
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__
    assert isinstance(cause, NetworkBlocked)
    assert str(cause) == (
        "connection to api.openai.com blocked: this test replays a cassette. The package openai does not use it: write "
        "openai.OpenAI(http_client=llm_httpx2.client), AsyncOpenAI(http_client=llm_httpx2.async_client), with the fixture "
        'llm_httpx2. Or allow it with @pytest.mark.llm_cassette(allowed_hosts=["api.openai.com"])'
    )


def test_a_guard_that_only_notes_lets_connections_through() -> None:
    with guard_network(Guard(blocks=False)) as guard, pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")
    [connection] = guard.connections
    assert str(connection) == "the package httpx connected to 127.0.0.1:9"
    assert connection.advice == (
        "httpx.Client(transport=llm_httpx.transport), AsyncClient(transport=llm_httpx.transport), with the fixture llm_httpx"
    )


def test_code_of_no_known_package_is_not_named() -> None:
    assert connecting_package(sys._getframe(), "service.test") is None
    assert connecting_package(None, "api.openai.com") is None


def test_a_server_takes_the_place_of_an_address_where_no_client_can_be_given() -> None:
    by_name = {package.name: package for package in CLIENT_PACKAGES}
    assert advice(by_name["litellm"], "api.openai.com", 443) == (
        'litellm.completion(..., api_base=llm_server("https://api.openai.com")), with the fixture llm_server'
    )
    assert advice(by_name["requests"], "localhost", 8000) == (
        'llm_server("http://localhost:8000") in place of the address, with the fixture llm_server'
    )


def test_a_transport_of_ours_that_a_test_passes_as_an_object_is_named() -> None:
    async def run() -> None:
        async with AiohttpTransport() as transport:
            config = LLMConfig(model="m", api_key="any", base_url="http://127.0.0.1:9/v1")
            await LLM(config, transport, retry=NO_RETRY).aask("hello")

    with guard_network(Guard()) as guard:
        anyio.run(run)
    assert {one.package and one.package.name for one in guard.connections} == {"llm_pure.client"}
