"""AWS event-stream bodies made of (event, payload) pairs, as Bedrock would send them."""

from typing import Any

import msgspec

from llm_pure import ResponseHead
from llm_pure.framing.aws_eventstream import EventStreamMessage, encode_message

STREAM_HEAD = ResponseHead(
    200,
    (
        ("content-type", "application/vnd.amazon.eventstream"),
        ("x-amzn-requestid", "r-1"),
    ),
)


def event(kind: str, payload: Any = None, **fields: Any) -> EventStreamMessage:
    """An event with padding, as every event has it."""
    said = {**fields, "p": "abcdef"} if payload is None else payload
    return _message("event", ":event-type", kind, msgspec.json.encode(said))


def exception(kind: str, **fields: Any) -> EventStreamMessage:
    """An exception of the service's model."""
    return _message("exception", ":exception-type", kind, msgspec.json.encode(fields))


def transport_error(code: str, message: str) -> EventStreamMessage:
    """An error of the transport; it has no payload."""
    headers = ((":error-message", message), (":error-code", code), (":message-type", "error"))
    return EventStreamMessage(headers)


def body_of(*messages: EventStreamMessage) -> bytes:
    """The bytes of these messages."""
    return b"".join([encode_message(one.headers, one.payload) for one in messages])


def _message(message_type: str, name: str, kind: str, payload: bytes) -> EventStreamMessage:
    headers = (
        (name, kind),
        (":content-type", "application/json"),
        (":message-type", message_type),
    )
    return EventStreamMessage(headers, payload)
