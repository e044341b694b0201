"""What a Responses stream shows before an item is complete: code, arguments, commands, partial images, speech; and where it
can be resumed."""

import base64
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
import pytest

from llm_pure import Completion, ResponseHead, StreamEvent, collect
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import LLMError, StreamInterrupted
from llm_pure.types.events import ExtraReceived, PartReceived
from llm_pure.types.messages import Audio, Image, Opaque, ProviderMetadata
from tests.support.openai_responses_bodies import answer, call, created, delta, frame, message, text
from tests.support.pieces import one_byte_at_a_time

OPENAI = registry.get("openai_responses").unwrap()
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))
PNG = b"\x89PNG\r\n\x1a\n"


def read(*frames: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    body = b"".join(frames)
    outcome = read_pieces(OPENAI.open_stream(HEAD), [body])
    assert read_pieces(OPENAI.open_stream(HEAD), one_byte_at_a_time(body)) == outcome
    return outcome


def completion(*frames: bytes) -> Completion:
    events, error = read(*frames)
    assert error is None
    return collect(events).unwrap()


def event(kind: str, **fields: Any) -> bytes:
    return frame(f"response.{kind}", **fields)


def ended(*output: dict[str, Any]) -> bytes:
    return event("completed", response=answer(*output))


def opaque(**item: Any) -> Opaque:
    return Opaque("openai_responses", item["type"], msgspec.json.encode(item).decode())


CODE = {"type": "code_interpreter_call", "id": "ci_1", "status": "completed", "code": "print(1)"}
MCP = {"type": "mcp_call", "id": "mcp_1", "name": "n", "arguments": '{"a":1}'}
SHELL = {
    "type": "shell_call",
    "id": "sh_1",
    "call_id": "c",
    "action": {"commands": ["ls -l", "pwd"]},
}
OUTPUT = {"type": "shell_call_output", "id": "so_1", "call_id": "c", "output": [{"stdout": "a b", "stderr": "!"}]}  # fmt: skip
HOSTED = [
    (CODE, {**CODE, "code": None}, [("code_interpreter_call_code.delta", {"delta": "print"}), ("code_interpreter_call_code.delta", {"delta": "(1)"})]),
    (CODE, {**CODE, "code": ""}, [("code_interpreter_call_code.done", {"code": "print(1)"})]),
    (MCP, {**MCP, "arguments": ""}, [("mcp_call_arguments.delta", {"delta": '{"a"'}), ("mcp_call_arguments.done", {"arguments": '{"a":1}'})]),
    (SHELL, {**SHELL, "action": {"commands": []}}, [("shell_call_command.added", {"command": "", "command_index": 0}),
        ("shell_call_command.delta", {"delta": "ls", "command_index": 0}), ("shell_call_command.delta", {"delta": " -l", "command_index": 0}),
        ("shell_call_command.done", {"command": "pwd", "command_index": 1})]),
    (OUTPUT, {**OUTPUT, "output": []}, [("shell_call_output_content.delta", {"delta": {"stdout": "a "}, "command_index": 0}),
        ("shell_call_output_content.delta", {"delta": {"stdout": "b", "stderr": "!"}, "command_index": 0})]),
    (OUTPUT, {**OUTPUT, "output": []}, [("shell_call_output_content.done", {"output": OUTPUT["output"], "command_index": 0})]),
]  # fmt: skip


@pytest.mark.parametrize("place", ["item.done", "the last event", "no final item"])
@pytest.mark.parametrize(("item", "empty", "events"), HOSTED, ids=lambda value: str(value[0][0]) if isinstance(value, list) else "")  # fmt: skip
def test_events_of_hosted_calls_are_events_and_then_one_part(
    item: dict[str, Any], empty: dict[str, Any], events: list[Any], place: str
) -> None:
    frames = [event(kind, item_id=item["id"], output_index=0, **fields) for kind, fields in events]
    added = event("output_item.added", output_index=0, item=empty)
    done = event("output_item.done", output_index=0, item=item) if place == "item.done" else b""
    live, error = read(created(), added, *frames)
    assert isinstance(error, StreamInterrupted)
    shown = [one.name for one in live if isinstance(one, ExtraReceived)]
    assert shown == [f"response.{kind}" for kind, _ in events]
    complete = completion(created(), added, *frames, done, ended(*([item] if place == "the last event" else [])))  # fmt: skip
    if place == "no final item":
        item = {key: value for key, value in item.items() if key != "status"}
    (part,) = complete.message.parts
    assert isinstance(part, Opaque)
    assert (part.kind, sorted(part.json)) == (item["type"], sorted(opaque(**item).json))
    assert not [name for name in complete.extra if name.startswith("response.")]


def test_speech_is_an_audio_part_and_events() -> None:
    pieces = [base64.b64encode(data).decode() for data in (b"ID3 a", b"b")]
    frames = [
        created(),
        event("audio.delta", delta=pieces[0], sequence_number=1),
        event("audio.transcript.delta", delta="Hel"),
        event("audio.delta", delta=pieces[1]),
        event("audio.transcript.delta", delta="lo"),
        event("audio.transcript.done"),
        event("audio.done"),
    ]
    live, _ = read(*frames)
    assert [(one.name, one.value) for one in live if isinstance(one, ExtraReceived)] == [
        ("response.audio.delta", [pieces[0]]),
        ("response.audio.transcript.delta", ["Hel"]),
        ("response.audio.delta", [pieces[1]]),
        ("response.audio.transcript.delta", ["lo"]),
    ]
    complete = completion(*frames, ended(message(text("Hi"))))
    assert complete.message.parts[1] == Audio(
        data=b"ID3 ab", media_type="audio/mpeg", transcript="Hello"
    )
    assert [*complete.extra] == ["created_at"]


def test_partial_images_are_replaced_by_the_complete_one() -> None:
    half = base64.b64encode(PNG + b"half").decode()
    item = {"type": "image_generation_call", "id": "ig_1", "result": base64.b64encode(PNG).decode()}
    frames = [
        created(),
        event("output_item.added", output_index=0, item={**item, "result": None}),
        event("image_generation_call.partial_image", item_id="ig_1", output_index=0, partial_image_b64=half, partial_image_index=0, size="s"),
    ]  # fmt: skip
    live, error = read(*frames)
    metadata = ProviderMetadata(
        "openai_responses", '{"item_id":"ig_1","output_index":0,"partial_image_index":0,"size":"s"}'
    )
    assert live[-1] == PartReceived(
        Image(data=PNG + b"half", media_type="image/png", provider_metadata=metadata)
    )
    assert error is not None
    assert error.partial is not None
    assert len(error.partial.message.parts) == 1
    (part,) = completion(*frames, ended(item)).message.parts
    assert isinstance(part, Image)
    assert part.data == PNG
    (kept,) = completion(*frames, ended()).message.parts
    assert isinstance(kept, Image)
    assert kept.data == PNG + b"half"


def test_an_unknown_event_is_an_extra_field_under_its_type() -> None:
    odd = event("steer.accepted", steer={"id": "x"}, sequence_number=7, obfuscation="zzz")
    failed = event("steer.failed", error={"code": "invalid_input", "message": "m"})
    complete = completion(created(), odd, odd, failed, ended(message(text("Hi"))))
    assert complete.extra["response.steer.accepted"] == [{"steer": {"id": "x"}}] * 2
    assert complete.extra["response.steer.failed"] == [{"error": {"code": "invalid_input", "message": "m"}}]  # fmt: skip


def test_the_agent_that_speaks_is_an_event_of_its_own() -> None:
    agents = [{"agent_name": name} for name in "abb"]
    events, error = read(
        created(),
        *[delta("output_text", "x", item_id="m", agent=agent) for agent in agents],
        ended(message(text("xxx"))),
    )
    assert error is None
    shown = [one.value for one in events if isinstance(one, ExtraReceived) and one.name == "agent"]
    assert shown == [agents[0], agents[1], None]
    assert "agent" not in collect(events).unwrap().extra


@pytest.mark.parametrize(
    ("frames", "number"),
    [
        ((), 0),
        ((event("output_text.delta", item_id="m", delta="Hi", sequence_number=4),), 4),
        ((event("output_text.delta", item_id="m", delta="Hi", sequence_number=4),
          event("output_text.delta", item_id="m", delta="Hi", sequence_number=5)), 5),
        ((event("output_text.delta", item_id="m", delta="Hi", sequence_number=4), b"data: null\n\n", b"event: response.outp"), 4),
        ((event("web_search_call.searching", item_id="m", sequence_number=6), frame("error", message="m", code="server_error", sequence_number=7)), 6),
    ],
    ids=["the first event", "a delta", "more", "a heartbeat and a cut", "an error"],
)  # fmt: skip
def test_a_broken_stream_shows_where_it_can_be_resumed(frames: tuple[bytes, ...], number: int) -> None:  # fmt: skip
    _, error = read(created(), *frames)
    assert error is not None
    assert error.partial is not None
    assert error.partial.extra.get("sequence_number") == number


def seconds(count: int, item: Any) -> Iterator[float]:
    """The times of readings of a response with so many items, streamed by events, deltas and items."""
    frames = [created()]
    output = []
    for index in range(count):
        output.append(item(index))
        frames.append(event("output_item.added", output_index=index, item={**output[-1], "content": []}))  # fmt: skip
        frames.append(delta("output_text", "x", index, item_id=output[-1]["id"]))
        frames.append(event("output_item.done", output_index=index, item=output[-1]))
    body = b"".join([*frames, ended(*output)])
    while True:
        begin = time.process_time()
        decoder = OPENAI.open_stream(HEAD)
        assert decoder.feed(body).unwrap()
        decoder.close().unwrap()
        yield time.process_time() - begin


def cited(index: int) -> dict[str, Any]:
    note = {"type": "url_citation", "url": str(index)}
    return message(text("x", annotations=[note], logprobs=[{"token": "x"}]), item_id=f"msg_{index}")


def called(index: int) -> dict[str, Any]:
    return call("f", "{}", item_id=f"fc_{index}")


@pytest.mark.parametrize("item", [cited, called], ids=["messages with citations", "calls"])
def test_many_items_cost_no_more_each_than_few(item: Any) -> None:
    few = min(islice(seconds(800, item), 3))
    assert any(many / 10 < 2 * few for many in islice(seconds(8000, item), 3))
