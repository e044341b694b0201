"""A recorded test: `pytest --llm-record once` calls the service once; from then on `pytest` replays, without key and network."""

import pytest

from llm_pure import LLM, LLMConfig, unwrap


def capital(country: str) -> str:
    with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna")) as llm:
        return unwrap(llm.ask(f"What is the capital of {country}? One word."))


@pytest.mark.llm_cassette
def test_the_capital_of_norway_is_oslo() -> None:
    assert capital("Norway") == "Oslo"
