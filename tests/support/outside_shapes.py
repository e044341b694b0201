"""Shapes of what comes from outside to servers, runs and files, for the law that time grows linearly; see growth_shapes.py."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from llm_pure import Completion, HttpRequest, LLMConfig, ResponseHead, Text, ToolCall
from llm_pure.adapters import registry
from llm_pure.bulk.input_files import COPY, RowIndex, read_csv, spool_rows, write_index
from llm_pure.bulk.log_files import FOLDER, fold_logs, log_cost_usd, log_paths
from llm_pure.bulk.row_states import RowStates
from llm_pure.bulk.rows import RowForm, read_row
from llm_pure.gateway.litellm_config import import_litellm
from llm_pure.gateway.model_names import ModelNames
from llm_pure.gateway.pieces import PassedStream, split_events, split_lines
from llm_pure.server import Upstream, server_dialects, translate_received
from llm_pure.server.bodies import body_kind, translate_body
from llm_pure.transports.base import BODY_LIMIT
from llm_pure.transports.content_coding import BodyReader
from llm_pure.types.events import (
    Finished,
    PartReceived,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.messages import Image, Message, ProviderMetadata, Reasoning
from llm_pure.types.result import Success
from tests.support.cassettes import config_for
from tests.support.growth_shapes import Call, Shape
from tests.support.server_answers import READERS, received

PATHS: Mapping[str, str] = {
    "anthropic_messages": "/v1/messages",
    "gemini_content": "/v1beta/models/m:generateContent",
    "ollama_native": "/api/chat",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
}
_READ_SIZE = 4096


def _translated(dialect: str, provider: str, make: Callable[[int], dict[str, Any]]) -> Shape:
    """A client's request, to the bytes for a provider."""

    def shape(size: int) -> Call:
        body = json.dumps({"model": "m", **make(size)}).encode()
        upstream = Upstream(provider=registry.get(provider).unwrap(), config=config_for(provider))

        def call() -> object:
            request = HttpRequest("POST", PATHS[dialect], (), body)
            read = server_dialects[dialect].parse_request(request).unwrap()
            return translate_received(read, upstream).unwrap()

        return call

    return shape


def _chat_turns(ids: Callable[[int], str]) -> Callable[[int], dict[str, Any]]:
    def make(size: int) -> dict[str, Any]:
        messages: list[dict[str, Any]] = []
        for number in range(size):
            call = {
                "id": ids(number),
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
            }
            messages += [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": ids(number), "content": "b"},
            ]
        return {"messages": messages}

    return make


def _documents(size: int) -> dict[str, Any]:
    source = {"type": "text", "media_type": "text/plain", "data": "a"}
    document = {"type": "document", "source": source, "title": "t"}
    text = {"type": "text", "text": "a"}
    return {"max_tokens": 9, "messages": [{"role": "user", "content": [text, *[document] * size]}]}


def _passed(provider: str, make: Callable[[int], bytes]) -> Shape:
    """The stream of a provider whose frames go on to the client as they are."""
    kind = "application/x-ndjson" if provider == "ollama" else "text/event-stream"
    split = split_lines if provider == "ollama" else split_events

    def shape(size: int) -> Call:
        data = make(size)

        def call() -> object:
            decoder = (
                registry.get(provider)
                .unwrap()
                .open_stream(ResponseHead(200, (("content-type", kind),)))
            )
            stream = PassedStream(decoder, split)
            for at in range(0, len(data), _READ_SIZE):
                stream.feed(data[at : at + _READ_SIZE])
            return stream.close()

        return call

    return shape


_SIGNED = ProviderMetadata("gemini", '{"thoughtSignature":"YQ=="}')
PNG = b"\x89PNG\r\n\x1a\n"


def _encoded(dialect: str, make: Callable[[int], Iterable[StreamEvent]], **fields: Any) -> Shape:
    """Events to the stream of a client, one at a time."""

    def shape(size: int) -> Call:
        events = [*make(size), Finished("stop")]

        def call() -> object:
            encoder = server_dialects[dialect].open_encoder(
                received(dialect, stream=True, **fields)
            )
            data = [encoder.encode((event,)) for event in events]
            return data, encoder.close(Success(Completion(finish_reason="stop")))

        return call

    return shape


def _response(dialect: str, make: Callable[[int], Completion]) -> Shape:
    def shape(size: int) -> Call:
        completion = make(size)
        return lambda: server_dialects[dialect].build_response(completion, received(dialect))

    return shape


def _body(dialect: str, make: Callable[[int], bytes]) -> Shape:
    target = "openai_chat" if dialect != "openai_chat" else "anthropic_messages"

    def shape(size: int) -> Call:
        data = make(size)
        return lambda: (body_kind(data), translate_body(data, dialect, target, model="m"))

    return shape


def _of_parts(make: Callable[[int], Any]) -> Callable[[int], Completion]:
    return lambda size: Completion(
        message=Message("assistant", tuple([make(i) for i in range(size)])), finish_reason="stop"
    )


def _names(make: Callable[[int], str]) -> Shape:
    names = ModelNames(
        names=("fast", "smart"), aliases={"claude-*haiku*": "fast", "*a*b*c": "smart"}
    )
    return lambda size: lambda: names.resolve(make(size))


def _coded(make: Callable[[int], bytes], coding: str) -> Shape:
    """A body in this content coding, read at once."""

    def shape(size: int) -> Call:
        data = make(size)
        head = ResponseHead(200, (("content-encoding", coding),))
        return lambda: BodyReader(head, BODY_LIMIT).take(data).unwrap()

    return shape


def _rows(make: Callable[[int], dict[str, Any]]) -> Shape:
    def shape(size: int) -> Call:
        line = json.dumps(make(size)).encode()
        return lambda: read_row(0, line, RowForm())

    return shape


def _planned(make: Callable[[int], Iterator[bytes]]) -> Shape:
    """The input of a run: indexed, and each row looked up by its id."""

    def shape(size: int) -> Call:
        lines = b"".join(make(size))

        def call() -> object:
            with TemporaryDirectory() as folder:
                source, index = Path(folder, "rows.jsonl"), Path(folder, "index.bin")
                source.write_bytes(lines)
                write_index(source, index, RowForm(), b"", dedupe=True)
                rows = RowIndex(index)
                return [len(rows.rows_of(rows.id(0).hex(), row)) & COPY for row in range(9)]

        return call

    return shape


def _csv(make: Callable[[int], str]) -> Shape:
    def shape(size: int) -> Call:
        text = make(size)

        def call() -> object:
            with TemporaryDirectory() as folder:
                path = Path(folder, "rows.csv")
                path.write_text(text, "utf-8")
                return spool_rows(read_csv(path), Path(folder, "rows.jsonl"))

        return call

    return shape


def _logs(make: Callable[[int], Iterable[dict[str, Any]]]) -> Shape:
    def shape(size: int) -> Call:
        lines = b"".join([json.dumps(line).encode() + b"\n" for line in make(size)])

        def call() -> object:
            with TemporaryDirectory() as folder:
                Path(folder, FOLDER).mkdir()
                path = Path(folder, FOLDER, "w-0001.jsonl")
                path.write_bytes(lines)
                states = RowStates(100, lambda name, hint: (hint,))
                fold_logs(states, log_paths(Path(folder)))
                return (
                    states.cost_usd,
                    log_cost_usd(path),
                    states.counts(),
                    states.snapshot("r", ()),
                )

        return call

    return shape


def _end(number: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "done", "id": "0" * 32, "row": number % 100, **fields}


def _deployments(size: int) -> Call:
    row = {"model_name": "m", "litellm_params": {"model": "openai/gpt-5"}}
    tree = {"model_list": [row] * size}
    fields = set(LLMConfig.__struct_fields__)
    return lambda: import_litellm(tree, registry.names(), fields)


def _call_events(size: int) -> Iterable[StreamEvent]:
    for number in range(size):
        yield ToolCallDelta(index=number, id=f"c{number}", name="f", arguments="{}")


OUTSIDE: Mapping[str, Shape] = {
    "gzip of empty members": _coded(lambda n: gzip.compress(b"") * n, "gzip"),
    **{
        f"{dialect} to {provider}, {label}": _translated(dialect, provider, make)
        for dialect, provider, label, make in (
            ("openai_chat", "anthropic", "calls of one id", _chat_turns(lambda n: "c")),
            ("openai_chat", "openai", "calls without ids", _chat_turns(lambda n: "")),
            ("openai_chat", "mistral", "calls of one id", _chat_turns(lambda n: "c")),
            ("anthropic_messages", "bedrock", "documents of one name", _documents),
            ("openai_chat", "mistral", "calls", _chat_turns(lambda n: f"c{n}")),
            ("openai_chat", "anthropic", "calls of ids that become one", _chat_turns(lambda n: "c" + "".join([".:"[int(bit)] for bit in f"{n:b}".zfill(17)]))),
        )
    },
    **{
        f"passed on from {provider}, {label}": _passed(provider, make)
        for provider in ("openai", "ollama")
        for label, make in (
            ("one long frame", lambda n: b'data: {"a": "' + b"a" * 8 * n + b'"}\n\n'),
            ("one frame of many lines", lambda n: b"data: a\n" * n + b"\n"),
            ("one frame of many lines with CR LF", lambda n: b"data: a\r\n" * n + b"\r\n"),
            ("many frames", lambda n: b'data: {"choices": []}\n\n' * n),
        )
    },
    **{
        f"encoded for {dialect}, {label}": _encoded(dialect, make)
        for dialect in READERS
        for label, make in (
            ("calls", _call_events),
            ("pieces of a call", lambda n: (ToolCallDelta(index=0, id="" if i else "c", name="" if i else "f", arguments="a") for i in range(n))),
        )
    },
    **{
        f"response for {dialect}, {label}": _response(dialect, make)
        for dialect in READERS
        for label, make in (
            ("texts", _of_parts(lambda i: Text("a") if i % 2 else Reasoning("b"))),
            ("calls", _of_parts(lambda i: ToolCall(id=f"c{i}", name="f", arguments="{}"))),
            ("images", _of_parts(lambda i: Image(data=PNG))),
        )
    },
    **{
        f"encoded for {dialect} from gemini, {label}": _encoded(dialect, make, upstream_provider="gemini", upstream_dialect="gemini_content")
        for dialect in ("openai_chat", "openai_responses")
        for label, make in (
            ("signed calls", lambda n: (PartReceived(ToolCall(id=f"c{i}", name="f", arguments="{}", provider_metadata=_SIGNED), i) for i in range(n))),
            ("reasoning before calls", lambda n: (ToolCallDelta("{}", i, id=f"c{i}", name="f") if i % 2 else ReasoningDelta("a", i, signature="b") for i in range(n))),
            ("texts before calls", lambda n: (ToolCallDelta("{}", i, id=f"c{i}", name="f") if i % 2 else TextDelta("a", i) for i in range(n))),
        )
    },
    "body, a log of Ollama": _body("ollama_native", lambda n: b'{"done": false, "message": {"role": "assistant", "content": "a"}}\n' * n),
    "body, events": _body("openai_chat", lambda n: b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n' * n),
    "model names, long": _names(lambda n: "ab" * n),
    "model names, almost": _names(lambda n: "claude-" + "haik" * n),
    "row, columns": _rows(lambda n: {"prompt": "a", **{f"c{i}": i for i in range(n)}}),
    "row, messages": _rows(lambda n: {"messages": [{"role": "user", "content": "a"}] * n}),
    "row, brackets": _rows(lambda n: {"prompt": "[" * n}),
    "plan, equal rows": _planned(lambda n: (b'{"prompt": "a"}\n' for _ in range(n))),
    "plan, blank lines": _planned(lambda n: (b"\n" for _ in range(n))),
    "plan, one custom_id": _planned(lambda n: (b'{"prompt": "%d", "custom_id": "a"}\n' % i for i in range(n))),
    "CSV, quotes": _csv(lambda n: "prompt\n" + '"' * n),
    "CSV, rows": _csv(lambda n: "prompt\n" + "a\n" * n),
    "CSV, columns": _csv(lambda n: ",".join([f"c{i}" for i in range(n)]) + "\n" + "a," * n),
    "log, costs": _logs(lambda n: (_end(i, cost_usd=f"0.{i}") for i in range(n))),
    "log, kinds of errors": _logs(lambda n: (_end(i, error_kind=f"e{i}") for i in range(n))),
    "log, retries": _logs(lambda n: (_end(i, error_kind="e") if i % 2 else {"kind": "retry"} for i in range(n))),
    "deployments of one model": _deployments,
}  # fmt: skip
"""Requests, streams, rows, logs and configurations as servers and runs get them."""
