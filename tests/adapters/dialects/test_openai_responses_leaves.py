"""No leaf of the official types of the Responses API is lost: each one changed changes the Completion or an event."""

from typing import Any

from openai.types.beta import BetaResponseOutputItem, BetaResponseStreamEvent
from openai.types.responses import Response, ResponseOutputItem, ResponseStreamEvent
from pydantic import TypeAdapter

from llm_pure import HttpResponse, ResponseHead
from llm_pure.adapters import registry
from llm_pure.framing.json_codec import json_text
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.leaves import (
    Instance,
    PassedOver,
    Samples,
    base64_of,
    instances,
    lost_leaves,
    unexplained,
)
from tests.support.wild_answers import sse

OPENAI = registry.get("openai_responses").unwrap()
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))
SAMPLES: Samples = {
    "arguments": ('{"a":1}', '{"a":2}'),
    "result": (base64_of("image"), base64_of("another")),
    "partial_image_b64": (base64_of("image"), base64_of("another")),
    "ResponseAudioDeltaEvent.delta": (base64_of("audio"), base64_of("another")),
    "BetaResponseAudioDeltaEvent.delta": (base64_of("audio"), base64_of("another")),
    "output_index": (0, 1),
    "content_index": (0, 1),
    "summary_index": (0, 1),
    "command_index": (0, 1),
}
BEGIN = {"type": "response.created", "response": {"id": "r", "model": "m"}}
END = {"type": "response.completed", "response": {"id": "r", "model": "m", "status": "completed"}}


def read_item(item: Any) -> Any:
    """What the item is in a buffered response, and as a completed item of a stream."""
    body = {"id": "r", "model": "m", "status": "completed", "output": [item]}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    buffered = OPENAI.parse_chat(HttpResponse(200, (), json_text(body).encode()))
    return buffered, read_pieces(OPENAI.open_stream(HEAD), [sse(BEGIN, done, END, done=False)])


def read_event(event: Any) -> Any:
    """What a stream with this event alone is, and one that breaks off after it."""
    return [
        read_pieces(OPENAI.open_stream(HEAD), [sse(BEGIN, event, *end, done=False)])
        for end in ((END,), ())
    ]


def read_response(response: Any) -> Any:
    return OPENAI.parse_chat(HttpResponse(200, (), json_text(response).encode()))


ITEMS = [
    *instances(ResponseOutputItem, samples=SAMPLES),
    *instances(BetaResponseOutputItem, samples=SAMPLES),
]
EVENTS = [
    *instances(ResponseStreamEvent, samples=SAMPLES, leave_out=["response"]),
    *instances(BetaResponseStreamEvent, samples=SAMPLES, leave_out=["response"]),
]
OF_RESPONSES = tuple(
    [f"{of}Response{kind}Event" for of in ("", "Beta") for kind in ("Created", "Queued", "InProgress", "Completed", "Incomplete", "Failed")]
)  # fmt: skip
"""Events with the response alone, which `RESPONSES` are."""
EVENTS = [event for event in EVENTS if not event.title.startswith(OF_RESPONSES)]
RESPONSES = instances(
    Response, samples=SAMPLES, leave_out=["output", "tools", "instructions", "prompt"]
)

IDENTITY = "it only joins the events of an item, which shows its id itself"
BEGINS = "the deltas and the end of the part repeat it"
LOST_OF_EVENTS: PassedOver = {
    "*.item_id": IDENTITY,
    "*InProgressEvent.output_index": IDENTITY,
    "*SearchingEvent.output_index": IDENTITY,
    "*InterpretingEvent.output_index": IDENTITY,
    "*GeneratingEvent.output_index": IDENTITY,
    "*CompactingEvent.output_index": IDENTITY,
    "*FailedEvent.output_index": IDENTITY,
    "*CompletedEvent.output_index": IDENTITY,
    "*AddedEvent*.output_index": IDENTITY,
    "*ContentPartAddedEvent*.content_index": IDENTITY,
    "*AnnotationAddedEvent*.content_index": IDENTITY,
    "*AnnotationAddedEvent*.annotation_index": "the citations of a part come in order",
    "*Reasoning*.content_index": "an item of reasoning is one part; the final item shows its pieces",
    "*ContentPartDoneEvent#*.content_index": "the same, of a piece of reasoning",
    "*.summary_index": "the same, of a summary",
    "*PartAddedEvent*.part.*": BEGINS,
    "*OutputItemAddedEvent*.item.status": "the status when the item began is not that of the answer",
    "*.obfuscation": "padding against guessing the text by the length of an event",
}


def all_lost(of: list[Instance], read: Any) -> list[str]:
    return [name for instance in of for name in lost_leaves(instance, read)]


def test_the_instances_are_of_the_official_types() -> None:
    items: TypeAdapter[Any] = TypeAdapter(ResponseOutputItem)
    events: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for item in instances(ResponseOutputItem):
        items.validate_python(item.json)
    for event in instances(ResponseStreamEvent, leave_out=["response"]):
        if not event.title.startswith(OF_RESPONSES):
            events.validate_python(event.json)


def test_no_leaf_of_an_output_item_is_lost() -> None:
    assert unexplained(all_lost(ITEMS, read_item), {}) == []


def test_no_leaf_of_a_stream_event_is_lost() -> None:
    assert unexplained(all_lost(EVENTS, read_event), LOST_OF_EVENTS) == []


def test_no_leaf_of_a_response_is_lost() -> None:
    assert unexplained(all_lost(RESPONSES, read_response), {}) == []
