import struct
from collections.abc import Iterator
from time import process_time
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.framing import FrameDecoder, FramingFault
from llm_pure.framing.aws_eventstream import (
    EventStreamDecoder,
    EventStreamMessage,
    HeaderValue,
    encode_message,
)
from tests.support.pieces import one_byte_at_a_time, pieces

EVENT = ((":message-type", "event"),)
GOOD = encode_message(EVENT, b"{}")
DECODED = EventStreamMessage(EVENT, b"{}")

JSON_TYPE = (":content-type", "application/json")
VECTORS = [
    pytest.param(
        "000000100000000005c248eb7d98c8ff",
        EventStreamMessage(),
        id="empty",
    ),
    pytest.param(
        "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936",
        EventStreamMessage(payload=b"{'foo':'bar'}"),
        id="payload only",
    ),
    pytest.param(
        "000000760000005296d5fade0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74"
        "656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d7479706507000565"
        "76656e747b22726f6c65223a22617373697374616e74227d6fa8c599",
        EventStreamMessage(
            ((":event-type", "messageStart"), JSON_TYPE, (":message-type", "event")),
            b'{"role":"assistant"}',
        ),
        id="messageStart",
    ),
    pytest.param(
        "0000008800000061de0175f40f3a657863657074696f6e2d747970650700137468726f74746c696e6745786365"
        "7074696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d65737361"
        "67652d74797065070009657863657074696f6e7b226d657373616765223a22736c6f7720646f776e227d832ee0"
        "72",
        EventStreamMessage(
            (
                (":exception-type", "throttlingException"),
                JSON_TYPE,
                (":message-type", "exception"),
            ),
            b'{"message":"slow down"}',
        ),
        id="throttling",
    ),
    pytest.param(
        "0000005800000048154692c10d3a6d6573736167652d747970650700056572726f720b3a6572726f722d636f64"
        "6507000d496e7465726e616c4572726f720e3a6572726f722d6d657373616765070004626f6f6d961cb456",
        EventStreamMessage(
            (
                (":message-type", "error"),
                (":error-code", "InternalError"),
                (":error-message", "boom"),
            )
        ),
        id="error",
    ),
    pytest.param(
        "0000007b0000004b0a2e96af0b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d747970"
        "650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2262"
        "79746573223a2265794a306558426c496a6f6963476c755a794a39227da01f56c4",
        EventStreamMessage(
            ((":event-type", "chunk"), JSON_TYPE, (":message-type", "event")),
            b'{"bytes":"eyJ0eXBlIjoicGluZyJ9"}',
        ),
        id="chunk",
    ),
]


def frame(block: bytes = b"", payload: bytes = b"", *, headers: int | None = None) -> bytes:
    """A message whose checksums are right, whatever its header block says."""
    lengths = struct.pack(
        ">II", 16 + len(block) + len(payload), len(block) if headers is None else headers
    )
    message = lengths + struct.pack(">I", crc32(lengths)) + block + payload
    return message + struct.pack(">I", crc32(message))


def prelude(total: int, headers: int) -> bytes:
    lengths = struct.pack(">II", total, headers)
    return lengths + struct.pack(">I", crc32(lengths))


def raw_header(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + value


@st.composite
def typed_headers(draw: st.DrawFn) -> tuple[bytes, tuple[tuple[str, HeaderValue], ...]]:
    """A header block with values of every type, and what they mean."""
    names = draw(st.lists(st.text(max_size=8), max_size=6, unique=True))
    block = b""
    told: list[tuple[str, HeaderValue]] = []
    value: HeaderValue
    for name in names:
        kind = draw(st.integers(0, 9))
        if kind in (0, 1):
            raw, value = b"", kind == 0
        elif kind in (6, 7):
            text = draw(st.text(max_size=20))
            raw = struct.pack(">H", len(text.encode())) + text.encode()
            value = text if kind == 7 else text.encode()
        elif kind == 9:
            raw = value = draw(st.binary(min_size=16, max_size=16))
        else:
            size = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8}[kind]
            value = draw(st.integers(-(2 ** (size * 8 - 1)), 2 ** (size * 8 - 1) - 1))
            raw = value.to_bytes(size, "big", signed=True)
        block += raw_header(name, kind, raw)
        told.append((name, value))
    return block, tuple(told)


MESSAGES = st.lists(st.tuples(typed_headers(), st.binary(max_size=40)), max_size=4)


def decode(parts: list[bytes]) -> tuple[list[EventStreamMessage], FramingFault | None]:
    decoder: FrameDecoder[EventStreamMessage] = EventStreamDecoder()
    messages = [message for part in parts for message in decoder.feed(part)]
    return messages + decoder.close(), decoder.fault


def as_botocore_decodes(parts: list[bytes]) -> Iterator[EventStreamMessage]:
    buffer = EventStreamBuffer()
    for part in parts:
        buffer.add_data(part)
        for event in buffer:
            yield EventStreamMessage(tuple(event.headers.items()), event.payload)


@pytest.mark.parametrize(("hexadecimal", "message"), VECTORS)
def test_the_vectors_decode_and_encode(hexadecimal: str, message: EventStreamMessage) -> None:
    body = bytes.fromhex(hexadecimal)
    assert decode([body]) == ([message], None)
    assert decode(one_byte_at_a_time(body)) == ([message], None)
    assert encode_message(message.headers, message.payload) == body


@given(st.data(), MESSAGES)
def test_any_split_gives_the_messages_that_botocore_gives(
    data: st.DataObject,
    messages: list[tuple[tuple[bytes, tuple[tuple[str, HeaderValue], ...]], bytes]],
) -> None:
    body = b"".join([frame(block, payload) for (block, _), payload in messages])
    told = [EventStreamMessage(headers, payload) for (_, headers), payload in messages]
    parts = data.draw(pieces(body))
    assert decode(parts) == (told, None)
    assert decode(one_byte_at_a_time(body)) == (told, None)
    assert list(as_botocore_decodes(parts)) == told


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.binary(max_size=300)
        | st.text(max_size=100),
    ),
    st.binary(max_size=300),
)
def test_an_encoded_message_is_what_decoding_gives_back(
    headers: dict[str, HeaderValue], payload: bytes
) -> None:
    message = EventStreamMessage(tuple(headers.items()), payload)
    body = encode_message(message.headers, message.payload)
    assert decode([body]) == ([message], None)
    assert list(as_botocore_decodes([body])) == [message]


def test_a_header_is_found_by_its_name() -> None:
    message = EventStreamMessage((("a", 1), (":message-type", "event"), ("b", False)))
    assert message.header(":message-type") == "event"
    assert message.header("b") is False
    assert message.header("c") is None


def test_a_message_is_given_when_its_last_byte_comes_and_not_later() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(GOOD[:-1]) == []
    assert decoder.feed(GOOD[-1:] + GOOD + GOOD[:20]) == [DECODED, DECODED]
    assert decoder.close() == []
    assert decoder.fault is None


def damaged(at: int, by: int = 1) -> bytes:
    return GOOD[:at] + bytes([GOOD[at] ^ by]) + GOOD[at + 1 :]


HEADERS_END = 12 + len(":message-type") + 1 + 1 + 2 + len("event")
LENGTHS = "the checksum of a message's lengths is wrong"
MESSAGE = "the checksum of a message is wrong"
CUT = "a header goes beyond the end of the headers"
FIRST, PRELUDE, ALL, BLOCK = slice(4), slice(12), slice(100), slice(12, -4)


@pytest.mark.parametrize(
    ("body", "message", "evidence"),
    [
        pytest.param(damaged(3), LENGTHS, PRELUDE, id="CORRUPTED_LENGTH"),
        pytest.param(damaged(7), LENGTHS, PRELUDE, id="CORRUPTED_HEADER_LENGTH"),
        pytest.param(damaged(11), LENGTHS, PRELUDE, id="first checksum"),
        pytest.param(damaged(14), MESSAGE, ALL, id="CORRUPTED_HEADERS"),
        pytest.param(damaged(HEADERS_END), MESSAGE, ALL, id="CORRUPTED_PAYLOAD"),
        pytest.param(damaged(len(GOOD) - 1), MESSAGE, ALL, id="last checksum"),
        pytest.param(
            frame(raw_header("a", 0, b"") * 2),
            "duplicate header 'a'",
            BLOCK,
            id="DUPLICATE_HEADER",
        ),
        pytest.param(
            prelude(2**18, 2**17 + 1),
            "the headers of a message cannot have 131073 bytes",
            PRELUDE,
            id="INVALID_HEADERS_LENGTH",
        ),
        pytest.param(
            prelude(24 * 2**20 + 17, 0),
            "a payload is longer than 25165824 bytes",
            PRELUDE,
            id="INVALID_PAYLOAD_LENGTH",
        ),
        pytest.param(
            prelude(24 * 2**20 + 2**17 + 17, 2**17),
            "a message cannot have 25296913 bytes",
            FIRST,
            id="over both limits",
        ),
        pytest.param(
            frame(b"abc", headers=4),
            "the headers of a message cannot have 4 bytes",
            PRELUDE,
            id="headers longer than the message",
        ),
        pytest.param(prelude(15, 0), "a message cannot have 15 bytes", FIRST, id="too short"),
        pytest.param(prelude(0, 0), "a message cannot have 0 bytes", FIRST, id="no length"),
        pytest.param(
            b"<html>busy</html>", "a message cannot have 1013478509 bytes", FIRST, id="HTML"
        ),
        pytest.param(
            frame(raw_header("a", 10, b"")), "a header has the unknown type 10", BLOCK, id="type 10"
        ),
        pytest.param(frame(b"\x05ab"), CUT, BLOCK, id="cut name"),
        pytest.param(frame(b"\x01a"), CUT, BLOCK, id="no type"),
        pytest.param(frame(raw_header("a", 7, b"\0")), CUT, BLOCK, id="cut size"),
        pytest.param(frame(raw_header("a", 7, b"\0\2b")), CUT, BLOCK, id="cut string"),
        pytest.param(frame(raw_header("a", 4, b"\0\0\0")), CUT, BLOCK, id="cut number"),
        pytest.param(frame(raw_header("a", 9, b"\0" * 15)), CUT, BLOCK, id="cut UUID"),
        pytest.param(
            frame(raw_header("a", 7, b"\0\1\xff")), "a header is not UTF-8", BLOCK, id="no UTF-8"
        ),
        pytest.param(frame(b"\x01\xff\0"), "a header is not UTF-8", BLOCK, id="name no UTF-8"),
    ],
)
def test_damage_is_a_fault_after_the_messages_before_it(
    body: bytes, message: str, evidence: slice
) -> None:
    told = ([DECODED], FramingFault(message, body[evidence]))
    assert decode([GOOD + body + GOOD]) == told
    assert decode(one_byte_at_a_time(GOOD + body + GOOD)) == told


@given(st.data(), st.integers(0, len(GOOD + GOOD) - 1), st.integers(1, 255), st.binary(max_size=20))
def test_one_changed_byte_anywhere_is_a_fault_and_the_same_for_any_split(
    data: st.DataObject, at: int, by: int, tail: bytes
) -> None:
    body = bytearray(GOOD + GOOD)
    body[at] ^= by
    whole = decode([bytes(body) + tail])
    assert whole[0] == [DECODED] * (at >= len(GOOD))
    assert whole[1] is not None
    assert decode(data.draw(pieces(bytes(body) + tail))) == whole
    assert decode(one_byte_at_a_time(bytes(body) + tail)) == whole


def test_a_length_of_4_gib_is_a_fault_at_once() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(b"\xff\xff\xff\xff") == []
    assert decoder.fault == FramingFault("a message cannot have 4294967295 bytes", b"\xff" * 4)


def test_nothing_comes_after_a_fault() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(GOOD + damaged(14)) == [DECODED]
    assert decoder.feed(GOOD) == []
    assert decoder.stray == b""
    assert decoder.close() == []


def test_a_payload_at_the_limit_passes_and_one_over_it_is_a_fault() -> None:
    small = EventStreamDecoder(limit=2)
    assert small.feed(GOOD) == [DECODED]
    assert small.feed(encode_message(EVENT, b"{ }")) == []
    over = encode_message(EVENT, b"{ }")[:12]
    assert small.fault == FramingFault("a payload is longer than 2 bytes", over)
    largest = bytes(24 * 2**20)
    assert decode([encode_message((), largest)]) == ([EventStreamMessage((), largest)], None)


def test_many_different_headers_are_all_told_apart() -> None:
    told = [EventStreamMessage((("n", number),)) for number in range(200)]
    assert decode([encode_message(message.headers) for message in told]) == (told, None)


def test_every_byte_of_a_long_message_is_looked_at_a_few_times_at_most() -> None:
    payload = b"x" * 500_000
    started = process_time()
    assert decode(one_byte_at_a_time(encode_message(EVENT, payload))) == (
        [EventStreamMessage(EVENT, payload)],
        None,
    )
    assert process_time() - started < 5
