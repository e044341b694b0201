"""LangChain's four chat models as clients: each mode sends one request and returns what a user of LangChain sees."""

import re
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_ollama import ChatOllama
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.clients.official import DESCRIPTION, PARAMETERS, QUESTION, Answer, error_of

TOOL = {"type": "function", "function": {"name": "get_weather", "description": DESCRIPTION, "parameters": PARAMETERS}}  # fmt: skip


_CLOSE = {"connection": "close"}
"""The models have no way to close their clients: no connection is left open."""


def open_models(url: str) -> dict[str, BaseChatModel]:
    """Mode -> its chat model, for the model "any"."""
    key = SecretStr("any")
    base: Any = {
        "base_url": f"{url}/v1",
        "api_key": key,
        "max_retries": 0,
        "default_headers": _CLOSE,
    }
    return {
        "langchain_openai": ChatOpenAI(model="any", stream_usage=True, **base),
        "langchain_responses": ChatOpenAI(model="any", use_responses_api=True, **base),
        "langchain_anthropic": ChatAnthropic(
            model_name="any", base_url=url, api_key=key, max_retries=0, timeout=None, stop=None, default_headers=_CLOSE,
        ),
        "langchain_google": ChatGoogleGenerativeAI(
            model="any", base_url=url, api_key=key, max_retries=1, include_thoughts=True, additional_headers=_CLOSE,
        ),
        "langchain_ollama": ChatOllama(model="any", base_url=url, reasoning=True, client_kwargs={"headers": _CLOSE}),
    }  # fmt: skip


MODES = [
    name + ending
    for name in ("langchain_openai", "langchain_responses", "langchain_anthropic", "langchain_google", "langchain_ollama")
    for ending in ("", "_stream")
]  # fmt: skip


def _answer(message: AIMessage | AIMessageChunk) -> Answer:
    blocks: Any = message.content_blocks
    usage = message.usage_metadata
    metadata = message.response_metadata
    reasons = ("finish_reason", "stop_reason", "done_reason", "status")
    incomplete = metadata.get("incomplete_details")
    return Answer(
        text="".join([block["text"] for block in blocks if block["type"] == "text"])
        + "".join([part["refusal"] for part in _list(message.content) if part.get("type") == "refusal"])
        + (message.additional_kwargs.get("refusal") or ""),
        reasoning="".join([block.get("reasoning", "") for block in blocks if block["type"] == "reasoning"]),
        calls=[(call["name"], call["args"]) for call in message.tool_calls],
        finish=incomplete["reason"] if incomplete else next((metadata[name] for name in reasons if metadata.get(name)), None),
        usage=None if usage is None else (
            usage["input_tokens"], usage["output_tokens"], usage.get("input_token_details", {}).get("cache_read") or 0,
        ),
    )  # fmt: skip


def _list(content: Any) -> list[Any]:
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def run(models: dict[str, BaseChatModel], mode: str, model: str) -> Answer:
    """What a mode shows of the model's answer."""
    name = mode.removesuffix("_stream")
    field = "model_name" if name in ("langchain_openai", "langchain_responses") else "model"
    chat = models[name].model_copy(update={field: model}).bind_tools([TOOL])
    joined: Any = None
    failure: tuple[str, str] | None = None
    try:
        if mode == name:
            joined = chat.invoke(QUESTION)
        else:
            for chunk in chat.stream(QUESTION):
                joined = chunk if joined is None else joined + chunk
    except Exception as error:  # noqa: BLE001 - it is what the table compares
        failure = _error_of(error)
    answer = Answer() if joined is None else _answer(joined)
    answer.error = failure
    return answer


def _error_of(error: Exception) -> tuple[str, str]:
    kind, message = error_of(error)
    quoted = re.search("'message': '([^']*)'", message)
    return kind, quoted[1] if quoted else message
