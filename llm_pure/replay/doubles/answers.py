"""The response to one request: by the server side of its dialect, else by a form of `chat_forms`. Pure."""

from collections.abc import Mapping

import msgspec

from llm_pure.core.buffered_body import completion_to_events
from llm_pure.replay.doubles.aws_forms import AWS, chunk
from llm_pure.replay.doubles.canned import PIXEL, canned
from llm_pure.replay.doubles.chat_forms import CHAT_FORMS
from llm_pure.replay.doubles.forms import JSON, ChatForm
from llm_pure.replay.doubles.pieces import estimated_usage, words
from llm_pure.replay.doubles.requests import SentRequest, framing
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.transports.scripted import ScriptedResponse
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.errors import LLMError, UnsupportedFeature
from llm_pure.types.events import StreamEvent, TextDelta
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Image, Message
from llm_pure.types.redact import redact_url
from llm_pure.types.rejection import Rejected
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Success

ANSWER_ID = "double-1"

_OWN_ERRORS = frozenset(
    {"configuration", "connection", "protocol", "stream_interrupted", "budget_exceeded", "price_unknown", "incomplete", "unsupported"}
)  # fmt: skip
"""Kinds of errors that no provider sends: the transport fails with them."""

_STATUS: Mapping[str, int] = {
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "rate_limited": 429,
    "quota": 429,
    "overloaded": 503,
    "server_error": 500,
    "timeout": 504,
}
_INVOKE = {"invoke_anthropic": "anthropic_messages", "invoke_openai": "openai_chat"}
"""Forms of InvokeModel that are other dialects' own."""

_FORM_OF_ERRORS = {
    "bedrock_invoke": "bedrock_converse",
    "ollama_embed": "ollama_native",
    "ollama_embeddings": "ollama_native",
    "invoke_anthropic": "bedrock_converse",
    "invoke_openai": "bedrock_converse",
}

_CODES = {("dashscope", "quota"): "Arrearage"}
"""(service, kind of error) -> its code, where the code of OpenAI means something else."""


def answer_request(
    sent: SentRequest, answer: Completion | LLMError, usage: Usage | None
) -> ScriptedResponse | LLMError:
    """The response. Raises Rejected for an answer that the API of the request cannot carry."""
    if isinstance(answer, LLMError) and answer.kind in _OWN_ERRORS:
        return answer
    _check_form(sent)
    if isinstance(answer, LLMError):
        return _scripted(build_error(sent, answer))
    if sent.operation != "chat":
        return _scripted(canned(sent, answer.text))
    if usage is None:
        usage = answer.usage if answer.usage != Usage() else estimated_usage(len(sent.body), answer)
    completion = msgspec.structs.replace(
        answer,
        id=answer.id or ANSWER_ID,
        model=answer.model or sent.model,
        usage=usage,
        message=_with_image(sent, answer.message),
    )
    form = CHAT_FORMS.get(sent.form)
    if form is not None:
        return _by_form(sent, form, completion)
    return _by_dialect(sent, _INVOKE.get(sent.form, sent.form), completion)


def _check_form(sent: SentRequest) -> None:
    """Raise Rejected for the request of a dialect that no double speaks, such as a plug-in's own, or of no known operation."""
    if sent.operation == "unknown":
        message = f"doubles know no operation at {redact_url(sent.url)}"
        raise Rejected(UnsupportedFeature(message=message, feature="transport"))
    name = _FORM_OF_ERRORS.get(sent.form, sent.form)
    if name not in CHAT_FORMS and name not in server_dialects:
        message = f"doubles do not speak {sent.form}; ScriptedTransport answers with given bytes"
        raise Rejected(UnsupportedFeature(message=message, feature="transport"))


def build_error(sent: SentRequest, error: LLMError) -> HttpResponse:
    """The error as the service of the request sends it."""
    name = _FORM_OF_ERRORS.get(sent.form, sent.form)
    form = CHAT_FORMS.get(name)
    if form is not None:
        return form.error(error, _STATUS.get(error.kind, 400))
    response = server_dialects[name].build_error(error, ReceivedRequest(dialect=name))
    code = _CODES.get((sent.service, error.kind))
    if code is None:
        return response
    body = msgspec.json.encode({"error": {"message": error.message, "code": code}})
    return HttpResponse(response.status, response.headers, body)


def _by_form(sent: SentRequest, form: ChatForm, completion: Completion) -> ScriptedResponse:
    if sent.streamed:
        chunks = tuple(form.frames(completion))
        return ScriptedResponse(headers=form.stream_type, chunks=chunks)
    headers = JSON
    if sent.form.startswith("invoke_"):
        counts = completion.usage.input_tokens or 0, completion.usage.output_tokens or 0
        names = ("x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count")
        headers = (*JSON, *zip(names, map(str, counts), strict=True))
    return ScriptedResponse(headers=headers, chunks=(msgspec.json.encode(form.body(completion)),))


def _by_dialect(sent: SentRequest, name: str, completion: Completion) -> ScriptedResponse:
    server = server_dialects[name]
    received = ReceivedRequest(
        dialect=name,
        chat=ChatRequest(messages=()),
        model=sent.model,
        stream=sent.streamed,
        framing=framing(sent) if name == "gemini_content" else "sse",
        response_id=ANSWER_ID,
        created_s=1,
    )
    if not sent.streamed:
        return _scripted(server.build_response(completion, received))
    encoder = server.open_encoder(received)
    chunks = [encoder.encode([event]) for event in word_events(completion)]
    chunks.append(encoder.close(Success(completion)))
    chunks = [data for data in chunks if data]
    if sent.form in _INVOKE:
        data = [line for piece in chunks for line in piece.split(b"\n") if line[:6] == b"data: "]
        payloads = [line[6:] for line in data if line != b"data: [DONE]"]
        return ScriptedResponse(headers=AWS, chunks=tuple(map(chunk, payloads)))
    headers = (("content-type", server.stream_type(received)),)
    return ScriptedResponse(headers=headers, chunks=tuple(chunks))


def word_events(completion: Completion) -> list[StreamEvent]:
    """The events of an answer, with its texts in words."""
    events: list[StreamEvent] = []
    for event in completion_to_events(completion):
        if isinstance(event, TextDelta):
            events += [TextDelta(word, event.index, event.choice) for word in words(event.text)]
        else:
            events.append(event)
    return events


def _scripted(response: HttpResponse) -> ScriptedResponse:
    return ScriptedResponse(
        status=response.status, headers=response.headers, chunks=(response.body,)
    )


def _with_image(sent: SentRequest, message: Message) -> Message:
    """The message, with an image where the request to Gemini wants one."""
    config = sent.fields.get("generationConfig")
    modalities = config.get("responseModalities") if isinstance(config, dict) else None
    is_requested = isinstance(modalities, list) and "IMAGE" in modalities
    if not is_requested or any(isinstance(part, Image) for part in message.parts):
        return message
    image = Image(data=PIXEL, media_type="image/png")
    return msgspec.structs.replace(message, parts=(*message.parts, image))
