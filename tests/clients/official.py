"""The vendors' own packages as clients: each mode sends one request and returns what a user of the package sees.

A mode is a function (clients, model) -> Answer. Every body and event is checked against the package's own types on the way.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import anthropic
import msgspec
import ollama
import openai
import pydantic
from google import genai

QUESTION = "How warm is it in Oslo and Rome?"
PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}  # fmt: skip
DESCRIPTION = "The weather of a city."


class Answer(msgspec.Struct, kw_only=True):
    """What a client shows of an answer."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any]] = []
    """(name, arguments)."""
    finish: str | None = None
    """In the client's words."""
    usage: tuple[int, int, int] | None = None
    """Tokens of the input with its cached part, of the output with reasoning, of the cached part."""
    error: tuple[str, str] | None = None
    """(type of the exception, its message)."""
    signature: str | None = None
    """The client's proof of its reasoning, where it shows one."""


class Clients(NamedTuple):
    """One client of each package for one server."""

    openai: openai.OpenAI
    anthropic: anthropic.Anthropic
    google: genai.Client
    ollama: ollama.Client


@contextmanager
def open_clients(url: str, key: str = "any") -> Iterator[Clients]:
    """Clients without retries, closed at the end."""
    google = genai.types.HttpOptions(base_url=url)
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as openai_client,
        anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as anthropic_client,
        genai.Client(api_key=key, http_options=google) as google_client,
        ollama.Client(host=url, headers={"authorization": f"Bearer {key}"}) as ollama_client,
    ):
        yield Clients(openai_client, anthropic_client, google_client, ollama_client)


def error_of(error: Exception) -> tuple[str, str]:
    """The type and the service's message."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        return type(error).__name__, str(inner.get("message") if isinstance(inner, dict) else inner)
    text = getattr(error, "message", None) or getattr(error, "error", None) or str(error)
    return type(error).__name__, str(text).partition(" - ")[0]  # after it openai prints the usage


_ADAPTERS: dict[Any, pydantic.TypeAdapter[Any]] = {}


def valid(value: Any) -> Any:
    """The value, which its own type accepts: the packages make their values without checking them."""
    kind = type(value)
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        adapter = _ADAPTERS[kind] = pydantic.TypeAdapter(kind)
    adapter.validate_python(value.to_dict())
    return value


def _each(answer: Answer, stream: Iterable[Any], read: Callable[[Any], None]) -> Answer:
    """The answer with what each item adds, and with the error that ends the stream."""
    try:
        for item in stream:
            read(item)
    except Exception as error:  # noqa: BLE001 - it is what the table compares
        answer.error = error_of(error)
    return answer


def _whole(read: Callable[[], Answer]) -> Answer:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - it is what the table compares
        return Answer(error=error_of(error))


# openai, chat completions

CHAT: dict[str, Any] = {
    "messages": [{"role": "user", "content": QUESTION}],
    "tools": [{"type": "function", "function": {"name": "get_weather", "description": DESCRIPTION, "parameters": PARAMETERS}}],
}  # fmt: skip


def _chat_usage(usage: Any) -> tuple[int, int, int]:
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    return usage.prompt_tokens, usage.completion_tokens, cached or 0


def _chat_answer(answer: Any) -> Answer:
    choice = answer.choices[0]
    message = choice.message
    return Answer(
        text=(message.content or "") + (message.refusal or ""),
        reasoning=getattr(message, "reasoning_content", None) or "",
        calls=[
            (call.function.name, json.loads(call.function.arguments))
            for call in message.tool_calls or []
        ],
        finish=choice.finish_reason,
        usage=_chat_usage(answer.usage),
    )


def openai_chat(clients: Clients, model: str) -> Answer:
    return _whole(lambda: _chat_answer(valid(clients.openai.chat.completions.create(model=model, **CHAT))))  # fmt: skip


def openai_chat_stream(clients: Clients, model: str) -> Answer:
    answer, arguments, names = Answer(), dict[int, str](), dict[int, str]()
    usage_option = {"include_usage": True}
    create = clients.openai.chat.completions.create

    def read(chunk: Any) -> None:
        valid(chunk)
        if chunk.usage:
            assert answer.usage is None
            answer.usage = _chat_usage(chunk.usage)
        for choice in chunk.choices:
            delta = choice.delta
            answer.text += (delta.content or "") + (delta.refusal or "")
            answer.reasoning += getattr(delta, "reasoning_content", None) or ""
            answer.finish = choice.finish_reason or answer.finish
            for call in delta.tool_calls or []:
                names[call.index] = names.get(call.index, "") + (call.function.name or "")
                arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")  # fmt: skip

    def stream() -> Iterable[Any]:
        yield from create(model=model, stream=True, stream_options=usage_option, **CHAT)  # type: ignore[call-overload]

    _each(answer, stream(), read)
    answer.calls = [(name, json.loads(arguments[index])) for index, name in sorted(names.items())]
    return answer


def openai_chat_helper(clients: Clients, model: str) -> Answer:
    def read() -> Answer:
        options: Any = {"include_usage": True}
        with clients.openai.chat.completions.stream(model=model, stream_options=options, **CHAT) as stream:  # fmt: skip
            return _chat_answer(stream.get_final_completion())

    return _whole(read)


# openai, responses

RESPONSE: dict[str, Any] = {
    "input": QUESTION,
    "tools": [{"type": "function", "name": "get_weather", "description": DESCRIPTION, "parameters": PARAMETERS, "strict": False}],
    "include": ["reasoning.encrypted_content"],
    "store": False,
}  # fmt: skip


def _response_answer(response: Any) -> Answer:
    answer = Answer(finish=response.status)
    if response.incomplete_details is not None:
        answer.finish = response.incomplete_details.reason
    for item in response.output:
        match item.type:
            case "message":
                answer.text += "".join([getattr(part, "text", "") or part.refusal for part in item.content])  # fmt: skip
            case "reasoning":
                answer.reasoning += "".join([part.text for part in item.summary])
                answer.signature = item.encrypted_content
            case "function_call":
                answer.calls.append((item.name, json.loads(item.arguments)))
    usage = response.usage
    if usage is not None:
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens
        answer.usage = (usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens)  # fmt: skip
    return answer


def openai_responses(clients: Clients, model: str) -> Answer:
    return _whole(lambda: _response_answer(valid(clients.openai.responses.create(model=model, **RESPONSE))))  # fmt: skip


def openai_responses_stream(clients: Clients, model: str) -> Answer:
    """The deltas, and the final response where there is one: both say the same."""
    answer, finals = Answer(), list[Any]()

    def read(event: Any) -> None:
        valid(event)
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                answer.text += event.delta
            case "response.reasoning_summary_text.delta":
                answer.reasoning += event.delta
            case "response.output_item.done" if event.item.type == "function_call":
                answer.calls.append((event.item.name, json.loads(event.item.arguments)))
            case "response.completed" | "response.incomplete":
                finals.append(_response_answer(event.response))

    def stream() -> Iterable[Any]:
        yield from clients.openai.responses.create(model=model, stream=True, **RESPONSE)

    _each(answer, stream(), read)
    for final in finals:
        assert (answer.text, answer.reasoning, answer.calls) == (final.text, final.reasoning, final.calls)  # fmt: skip
    return finals[-1] if finals else answer


def openai_responses_helper(clients: Clients, model: str) -> Answer:
    def read() -> Answer:
        with clients.openai.responses.stream(model=model, **RESPONSE) as stream:
            return _response_answer(stream.get_final_response())

    return _whole(read)


# anthropic

MESSAGE: dict[str, Any] = {
    "max_tokens": 500,
    "messages": [{"role": "user", "content": QUESTION}],
    "tools": [{"name": "get_weather", "description": DESCRIPTION, "input_schema": PARAMETERS}],
}


def _message_answer(message: Any) -> Answer:
    usage = message.usage
    cached = usage.cache_read_input_tokens or 0
    answer = Answer(
        finish=message.stop_reason,
        usage=(usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0), usage.output_tokens, cached),
    )  # fmt: skip
    for block in message.content:
        match block.type:
            case "text":
                answer.text += block.text
            case "thinking":
                answer.reasoning += block.thinking
                answer.signature = block.signature
            case "tool_use":
                answer.calls.append((block.name, block.input))
    return answer


def anthropic_messages(clients: Clients, model: str) -> Answer:
    return _whole(lambda: _message_answer(valid(clients.anthropic.messages.create(model=model, **MESSAGE))))  # fmt: skip


def anthropic_messages_stream(clients: Clients, model: str) -> Answer:
    answer = Answer()
    inputs: dict[int, str] = {}
    names: dict[int, str] = {}
    usage: dict[str, int] = {}

    def add_usage(reported: Any) -> None:
        usage.update({name: count for name, count in reported.to_dict().items() if isinstance(count, int)})  # fmt: skip

    def read(event: Any) -> None:
        valid(event)
        match event.type:
            case "message_start":
                add_usage(event.message.usage)
            case "content_block_start" if event.content_block.type == "tool_use":
                names[event.index], inputs[event.index] = event.content_block.name, ""
            case "content_block_start" if event.content_block.type == "thinking":
                answer.signature = event.content_block.signature
            case "content_block_delta":
                delta = event.delta
                match delta.type:
                    case "text_delta":
                        answer.text += delta.text
                    case "thinking_delta":
                        answer.reasoning += delta.thinking
                    case "signature_delta":
                        answer.signature = delta.signature
                    case "input_json_delta":
                        inputs[event.index] += delta.partial_json
            case "message_delta":
                add_usage(event.usage)
                answer.finish = event.delta.stop_reason
            case "message_stop":
                cached = usage.get("cache_read_input_tokens", 0)
                answer.usage = (usage["input_tokens"] + cached, usage["output_tokens"], cached)

    def stream() -> Iterable[Any]:
        yield from clients.anthropic.messages.create(model=model, stream=True, **MESSAGE)

    _each(answer, stream(), read)
    answer.calls = [(name, json.loads(inputs[index])) for index, name in names.items()]
    return answer


def anthropic_messages_helper(clients: Clients, model: str) -> Answer:
    def read() -> Answer:
        with clients.anthropic.messages.stream(model=model, **MESSAGE) as stream:
            return _message_answer(stream.get_final_message())

    return _whole(read)


# google-genai

GOOGLE: Any = {
    "tools": [{"function_declarations": [{"name": "get_weather", "description": DESCRIPTION, "parameters_json_schema": PARAMETERS}]}],
    "automatic_function_calling": {"disable": True},
}  # fmt: skip


def _add_google(answer: Answer, response: Any) -> None:
    """Add a response or a chunk; google-genai checks its types itself."""
    for candidate in response.candidates or []:
        if candidate.finish_reason is not None:
            answer.finish = candidate.finish_reason.value
        for part in (candidate.content.parts if candidate.content else None) or []:
            if part.thought_signature is not None:
                answer.signature = base64.b64encode(part.thought_signature).decode()
            if part.function_call is not None:
                answer.calls.append((part.function_call.name, part.function_call.args))
            elif part.thought:
                answer.reasoning += part.text or ""
            else:
                answer.text += part.text or ""
    usage = response.usage_metadata
    if usage is not None:
        output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        assert usage.total_token_count == (usage.prompt_token_count or 0) + output
        answer.usage = (usage.prompt_token_count or 0, output, usage.cached_content_token_count or 0)  # fmt: skip


def google_content(clients: Clients, model: str) -> Answer:
    def read() -> Answer:
        answer = Answer()
        _add_google(answer, clients.google.models.generate_content(model=model, contents=QUESTION, config=GOOGLE))  # fmt: skip
        return answer

    return _whole(read)


def google_content_stream(clients: Clients, model: str) -> Answer:
    answer = Answer()

    def stream() -> Iterable[Any]:
        yield from clients.google.models.generate_content_stream(model=model, contents=QUESTION, config=GOOGLE)  # fmt: skip

    return _each(answer, stream(), lambda chunk: _add_google(answer, chunk))


# ollama

OLLAMA: dict[str, Any] = {
    "messages": [{"role": "user", "content": QUESTION}],
    "tools": CHAT["tools"],
}


def _add_ollama(answer: Answer, response: Any) -> None:
    """Add a response or a line; ollama checks its types itself."""
    message = response.message
    answer.text += message.content or ""
    answer.reasoning += message.thinking or ""
    answer.calls += [(call.function.name, dict(call.function.arguments)) for call in message.tool_calls or []]  # fmt: skip
    if response.done:
        answer.finish = response.done_reason
        answer.usage = (response.prompt_eval_count, response.eval_count, 0)


def ollama_chat(clients: Clients, model: str) -> Answer:
    def read() -> Answer:
        answer = Answer()
        _add_ollama(answer, clients.ollama.chat(model=model, **OLLAMA))
        return answer

    return _whole(read)


def ollama_chat_stream(clients: Clients, model: str) -> Answer:
    answer = Answer()

    def stream() -> Iterable[Any]:
        yield from clients.ollama.chat(model=model, stream=True, **OLLAMA)

    return _each(answer, stream(), lambda line: _add_ollama(answer, line))


MODES: dict[str, Callable[[Clients, str], Answer]] = {
    function.__name__: function
    for function in (
        openai_chat, openai_chat_stream, openai_chat_helper, openai_responses, openai_responses_stream, openai_responses_helper,
        anthropic_messages, anthropic_messages_stream, anthropic_messages_helper, google_content, google_content_stream,
        ollama_chat, ollama_chat_stream,
    )
}  # fmt: skip
"""Name of a mode -> its function."""
