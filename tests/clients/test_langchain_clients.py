"""LangChain's chat models against answers of five upstream dialects: every model x upstream x situation."""

from collections.abc import Iterator

import pytest
from langchain_core.language_models import BaseChatModel

from tests.clients import langchain
from tests.clients.expectations import expected
from tests.clients.table import SERVERS, adjusted, comparable, server_url, situations_of
from tests.clients.upstreams import PROVIDERS


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, BaseChatModel]]]:
    """A kind of server, and chat models of it."""
    with server_url(request.param) as url:
        yield request.param, langchain.open_models(url)


@pytest.mark.parametrize("upstream", PROVIDERS)
@pytest.mark.parametrize("mode", langchain.MODES)
def test_every_model_shows_the_answer_of_every_upstream(
    served: tuple[str, dict[str, BaseChatModel]], mode: str, upstream: str
) -> None:
    server, models = served
    names = situations_of(mode)
    seen = {name: comparable(langchain.run(models, mode, f"{upstream}-{name}")) for name in names}
    assert seen == {
        name: adjusted(expected(mode, upstream, name), server, mode, upstream, name)
        for name in names
    }
