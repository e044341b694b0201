"""LangChain's chat models against answers of five upstream dialects: every model x upstream x situation."""

from collections.abc import Iterator

import pytest
from langchain_core.language_models import BaseChatModel

from tests.clients import langchain
from tests.clients.expectations import expected
from tests.clients.table import comparable, situations_of, translating_double
from tests.clients.upstreams import PROVIDERS


@pytest.fixture(scope="module")
def models() -> Iterator[dict[str, BaseChatModel]]:
    with translating_double() as double:
        yield langchain.open_models(double.url)


@pytest.mark.parametrize("upstream", PROVIDERS)
@pytest.mark.parametrize("mode", langchain.MODES)
def test_every_model_shows_the_answer_of_every_upstream(
    models: dict[str, BaseChatModel], mode: str, upstream: str
) -> None:
    situations = situations_of(mode)
    seen = {
        name: comparable(langchain.run(models, mode, f"{upstream}-{name}")) for name in situations
    }
    assert seen == {name: expected(mode, upstream, name) for name in situations}
