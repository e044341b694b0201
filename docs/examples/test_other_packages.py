"""Programs on openai and LangChain, recorded with `pytest --llm-record once` and replayed by `pytest`."""

import openai
import pytest
from langchain_openai import ChatOpenAI

QUESTION = "What is the capital of Norway? One word."


@pytest.mark.llm_cassette
def test_openai(llm_httpx2) -> None:
    client = openai.OpenAI(http_client=llm_httpx2.client)
    answer = client.chat.completions.create(
        model="gpt-5.6-luna", messages=[{"role": "user", "content": QUESTION}]
    )
    assert answer.choices[0].message.content == "Oslo"


@pytest.mark.llm_cassette
def test_langchain(llm_httpx2) -> None:
    chat = ChatOpenAI(model="gpt-5.6-luna", http_client=llm_httpx2.client)
    assert chat.invoke(QUESTION).content == "Oslo"
