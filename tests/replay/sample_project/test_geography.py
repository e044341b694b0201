"""Its tests: the same with and without a network."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from geography import (  # type: ignore[import-not-found]  # found from its own folder only
    acapital,
    capital,
    capital_by_openai,
)

pytestmark = pytest.mark.llm_cassette

CAPITALS = {"Norway": "Oslo", "Italy": "Rome", "Japan": "Tokyo", "Kenya": "Nairobi"}


@pytest.mark.parametrize("country", CAPITALS)
def test_the_capital_is_known(country: str) -> None:
    assert capital(country).unwrap() == f"It is {CAPITALS[country]}."


@pytest.mark.anyio
async def test_it_is_known_in_async_code(anyio_backend_name: str) -> None:
    assert (await acapital("Norway")).unwrap() == "It is Oslo."


class TestManyAtOnce:
    def test_threads_are_answered_too(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            got = list(pool.map(capital, CAPITALS))
        assert [one.unwrap() for one in got] == [f"It is {name}." for name in CAPITALS.values()]


def test_the_official_package_is_answered_too(llm_server: Callable[[str], str]) -> None:
    url = llm_server("https://api.openai.com")
    assert capital_by_openai(f"{url}/v1", "Japan") == "It is Tokyo."
