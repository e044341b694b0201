"""Private names of httpx, httpcore and aiohttp: each is used in one place, and each has a reason that is still true."""

import ast
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from llm_pure.transports.aiohttp_io import Connection, open_session
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.httpx_io import is_proxy_4xx
from tests.support.loopback import Loopback, always

FOLDER = Path(__file__).parents[2] / "llm_pure/transports"

KNOWN = {
    "httpx_io.py": {"_pool", "_network_backend"},
    "aiohttp_io.py": {"_factory", "_retry_connection"},
}
"""File -> private attributes that it uses on objects other than `self`."""

PACKAGES = [("httpx", "httpcore"), ("httpx2", "httpcore2")]
both_packages = pytest.mark.parametrize(("client", "core"), PACKAGES)


def private_attributes(source: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }


def test_private_attributes_are_used_only_where_known() -> None:
    used = {path.name: private_attributes(path.read_text("utf-8")) for path in FOLDER.glob("*.py")}
    assert {file: names for file, names in used.items() if names} == KNOWN


@both_packages
def test_httpx_still_takes_no_network_backend_for_its_pool(client: str, core: str) -> None:
    """Once HTTPTransport takes one, `set_network_backend` is to go."""
    httpx: Any = import_module(client)
    for transport in (httpx.HTTPTransport(), httpx.AsyncHTTPTransport()):
        assert "network_backend" not in signature(type(transport)).parameters
        assert hasattr(transport._pool, "_network_backend")
    assert "network_backend" in signature(import_module(core).ConnectionPool).parameters


@both_packages
def test_httpcore_still_reports_the_status_of_a_proxy_as_text_only(client: str, core: str) -> None:
    """Once the exception has a status, `is_proxy_4xx` is to read that."""
    httpx: Any = import_module(client)
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    with (
        Loopback(always(refusal)) as proxy,
        httpx.HTTPTransport(proxy=proxy.url) as transport,
        pytest.raises(httpx.ProxyError) as raised,
    ):
        transport.handle_request(httpx.Request("GET", "https://service.invalid/"))
    assert raised.value.args == ("407 Proxy Authentication Required",)
    assert not {"status", "status_code", "response"} & set(dir(raised.value.__cause__))
    assert is_proxy_4xx(raised.value)
    assert import_module(core).ProxyError.__init__ is Exception.__init__


def test_aiohttp_still_has_no_public_way_to_the_class_of_its_connections_or_to_its_retry() -> None:
    """Once it has one, `open_session` is to use that."""
    assert not {"protocol_factory", "factory"} & set(signature(aiohttp.TCPConnector).parameters)
    assert not [name for name in signature(aiohttp.ClientSession).parameters if "retry" in name]

    async def main() -> None:
        session = open_session(TransportSettings())
        assert session._retry_connection is False
        assert isinstance(session.connector, aiohttp.TCPConnector)
        assert isinstance(session.connector._factory(), Connection)
        await session.close()

        plain = aiohttp.ClientSession()
        assert plain._retry_connection is True  # aiohttp still reads these names
        assert hasattr(plain.connector, "_factory")
        await plain.close()

    anyio.run(main)
