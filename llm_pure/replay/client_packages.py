"""How packages of other vendors are given a test's cassette: the line to write for each, and which of them connects. Pure but for frames.

A package that takes an HTTP client gets one over the cassette, in the process; any other one a server on loopback.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from operator import itemgetter
from types import FrameType

import msgspec


class ClientPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One package. In its line, {clients} is `llm_httpx` or `llm_httpx2`, and {origin} the service's address."""

    name: str
    """The module, as it is imported."""
    line: str
    hosts: tuple[str, ...] = ()
    """Ends of the names of the services that it calls by default; "" for one that calls all."""
    distribution: str = ""
    """Of the package that brings httpx or httpx2, if that is not `name`."""
    fixture: str = "{clients}"
    """What the line uses."""


CLIENT_PACKAGES = (
    ClientPackage(
        name="llm_pure.client",
        line="LLM(config) without `transport`, or with its name: one that is passed as an object is not replaced",
        fixture="",
    ),
    ClientPackage(
        name="langchain_openai",
        distribution="openai",
        line="ChatOpenAI(http_client={clients}.client, http_async_client={clients}.async_client)",
    ),
    ClientPackage(
        name="langchain_anthropic",
        line='ChatAnthropic(base_url=llm_server("{origin}"))',
        fixture="llm_server",
    ),
    ClientPackage(
        name="litellm",
        hosts=("",),
        line='litellm.completion(..., api_base=llm_server("{origin}"))',
        fixture="llm_server",
    ),
    ClientPackage(
        name="openai",
        hosts=("api.openai.com",),
        line="openai.OpenAI(http_client={clients}.client), AsyncOpenAI(http_client={clients}.async_client)",
    ),
    ClientPackage(
        name="anthropic",
        hosts=("api.anthropic.com",),
        line="anthropic.Anthropic(http_client={clients}.client), AsyncAnthropic(http_client={clients}.async_client)",
    ),
    ClientPackage(
        name="google.genai",
        hosts=("googleapis.com",),
        distribution="google-genai",
        line="genai.Client(http_options=HttpOptions(httpx_client={clients}.client, "
        "httpx_async_client={clients}.async_client))",
    ),
    ClientPackage(
        name="mistralai",
        hosts=("api.mistral.ai",),
        line="Mistral(client={clients}.client, async_client={clients}.async_client)",
    ),
    ClientPackage(
        name="groq",
        hosts=("api.groq.com",),
        line="groq.Groq(http_client={clients}.client), AsyncGroq(http_client={clients}.async_client)",
    ),
    ClientPackage(
        name="llama_api_client",
        hosts=("api.llama.com",),
        line="LlamaAPIClient(http_client={clients}.client), AsyncLlamaAPIClient(http_client={clients}.async_client)",
        distribution="llama-api-client",
    ),
    ClientPackage(
        name="cohere",
        hosts=("api.cohere.com",),
        line="cohere.ClientV2(httpx_client={clients}.client), AsyncClientV2(httpx_client={clients}.async_client)",
    ),
    ClientPackage(
        name="ollama",
        hosts=("localhost", "127.0.0.1"),
        line="ollama.Client(transport={clients}.transport), AsyncClient(transport={clients}.transport)",
    ),
    ClientPackage(
        name="botocore",
        line='boto3.client(..., endpoint_url=llm_server("{origin}"))',
        fixture="llm_server",
    ),
    ClientPackage(
        name="httpx2",
        fixture="llm_httpx2",
        line="httpx2.Client(transport=llm_httpx2.transport), AsyncClient(transport=llm_httpx2.transport)",
    ),
    ClientPackage(
        name="httpx",
        fixture="llm_httpx",
        line="httpx.Client(transport=llm_httpx.transport), AsyncClient(transport=llm_httpx.transport)",
    ),
    *[
        ClientPackage(
            name=name, line='llm_server("{origin}") in place of the address', fixture="llm_server"
        )
        for name in ("aiohttp", "requests", "urllib3", "urllib.request", "http.client")
    ],
)
"""From those that use others to those that are used: of several in one call, the first one is the caller's."""


def connecting_package(frame: FrameType | None, host: str) -> ClientPackage | None:
    """Return the package whose code is running, by the frames of this thread; None for a recorder and for unknown code.

    Where a pool of threads resolves names, as for async clients: the imported package that calls this host by default.
    """
    names = set(_modules(frame))
    if "llm_pure.replay.recorder" in names:
        return None
    for package in CLIENT_PACKAGES:
        if any(name == package.name or name.startswith(f"{package.name}.") for name in names):
            return package
    if any(name.startswith("concurrent.futures") for name in names):
        imported = [
            (len(end), package)
            for package in CLIENT_PACKAGES
            for end in package.hosts
            if package.name in sys.modules and host.endswith(end)
        ]
        return max(imported, key=itemgetter(0), default=(0, None))[1]
    return None


def _modules(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


def advice(package: ClientPackage, host: str, port: object) -> str:
    """Return the line to write, with its fixture, for a package that connects to this address by itself."""
    clients = _clients_of(package.distribution or package.name)
    scheme = "http" if port in (80, 11434) or host in ("localhost", "127.0.0.1") else "https"
    number = "" if port in (None, 80, 443) else f":{port}"
    line = package.line.format(clients=clients, origin=f"{scheme}://{host}{number}")
    fixture = package.fixture.format(clients=clients)
    return f"{line}, with the fixture {fixture}" if fixture else line


def _clients_of(distribution: str) -> str:
    """Return the fixture with clients of the library that the installed version of a package is built on."""
    try:
        needed = requires(distribution) or []
    except PackageNotFoundError:
        needed = []
    on_httpx2 = any(name.startswith("httpx2") and "extra ==" not in name for name in needed)
    return "llm_httpx2" if on_httpx2 else "llm_httpx"
