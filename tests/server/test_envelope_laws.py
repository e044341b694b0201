"""Signatures and opaque parts go through another dialect and come back unchanged, or are reported: never invented, never foreign."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_pure import (
    Completion,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
    assistant,
)
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.common.envelope import PREFIX, SealedPart, seal, unseal
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.messages import Message, Part
from tests.support.raw_clients import history, next_request
from tests.support.server_answers import DONE, READERS, received

EXAMPLES = settings(max_examples=4, deadline=None)
FOREIGN = ("anthropic", "gemini", "openai_responses", "azure_responses", "vertex", "bedrock")
"""Providers that sign; vertex and azure_responses speak a dialect of another vendor whose signatures are not theirs."""

LOSSES = {
    "reasoning": {"message/signature", "message/reasoning/signature"},
    "text": {"message/provider_metadata", "message/text/signature"},
    "call": {"message/provider_metadata"},
    "opaque": {"message/Opaque", "message/Opaque/signature"},
}
"""Kind of a signed part -> the fields of the adaptations that report its loss."""

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=9)  # fmt: skip
secrets = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40)
signatures = secrets.map(lambda text: f"sig-{text}")


def signed(provider: str, text: str) -> ProviderMetadata:
    return ProviderMetadata(provider, json.dumps({"thoughtSignature": text}, separators=(",", ":")))


@st.composite
def turns(draw: st.DrawFn, provider: str, dialect: str) -> Message:
    """A turn of a provider that signs: reasoning first, then texts, opaque parts and calls in any order.

    Opaque parts of a provider of the same dialect are sent as they are, for clients that show them.
    """
    is_native = registry.get(provider).unwrap().dialect == dialect
    shown = ["text", "call"] if is_native else ["text", "opaque", "call"]
    signs_all = not is_native or dialect == "gemini_content"
    proof = signatures.map(lambda text: signed(provider, text)) if signs_all else st.none()
    parts: list[Part] = []
    for _ in range(draw(st.integers(0, 2))):
        text = draw(texts | st.just(""))
        parts.append(Reasoning(text, draw(signatures), ProviderMetadata(provider)))
    kinds = draw(st.lists(st.sampled_from(shown), max_size=4))
    for number, kind in enumerate(kinds):
        match kind:
            case "text" if parts and isinstance(parts[-1], Text):
                pass
            case "text":
                metadata = draw(st.none() | proof)
                parts.append(Text(draw(texts), metadata))
            case "opaque":
                body = {"type": "their_own", "data": draw(signatures)}
                parts.append(Opaque(provider, "their_own", json.dumps(body)))
            case _:
                metadata = draw(st.none() | proof)
                parts.append(ToolCall(f"call_{number}", "f", '{"a":1}', metadata))
    return assistant(*parts)


def answered(
    dialect: str, provider: str, message: Message, *, streamed: bool
) -> tuple[bytes, tuple[Adaptation, ...]]:
    """The bytes that a client gets of this answer, and what of it its dialect cannot say."""
    upstream = registry.get(provider).unwrap()
    request = received(dialect, upstream_dialect=upstream.dialect, upstream_provider=provider)
    completion = Completion(id="id-1", model="m", message=message, finish_reason="stop")
    server = server_dialects[dialect]
    if not streamed:
        body = server.build_response(completion, request).body
        return body, server.response_adaptations(completion, request)
    encoder = server.open_encoder(request)
    data = b"".join([encoder.encode((event,)) for event in completion_to_events(completion)])
    data += encoder.close(DONE)
    return data, encoder.adaptations


def read_again(dialect: str, data: bytes, *, streamed: bool) -> ReceivedRequest:
    """The next request of a client that sends the answer back as it came."""
    request = next_request(dialect, history(dialect, data, streamed=streamed))
    return server_dialects[dialect].parse_request(request).unwrap()


def proofs(message: Message) -> list[Any]:
    """What of a message its provider has to get back: (type, text, signature) of all that is signed, in order."""
    found: list[Any] = []
    for part in message.parts:
        metadata: Any = getattr(part, "provider_metadata", None)
        fields = {} if metadata is None else json.loads(metadata.json)
        provider = "" if metadata is None else metadata.provider
        match part:
            case Reasoning(text=text, signature=str() as signature) if metadata is not None:
                found.append(("reasoning", text, signature, provider))
            case Text(text=text) if "thoughtSignature" in fields:
                found.append(("text", text, fields["thoughtSignature"], provider))
            case ToolCall(id=call_id) if "thoughtSignature" in fields:
                found.append(("call", call_id, fields["thoughtSignature"], provider))
            case Opaque():
                found.append(("opaque", part.kind, json.loads(part.json), part.provider))
    return found


def others(message: Message) -> list[Any]:
    """Texts and calls, which every dialect sends."""
    texts_of = [part.text for part in message.parts if isinstance(part, Text) and part.text]
    calls = [(part.id, part.name) for part in message.tool_calls]
    return [message.reasoning, "".join(texts_of), calls]


PAIRS = [
    (dialect, provider)
    for dialect in READERS
    for provider in FOREIGN
    if READERS[dialect] != provider
]


@pytest.mark.parametrize("streamed", [False, True], ids=["body", "stream"])
@pytest.mark.parametrize(("dialect", "provider"), PAIRS)
@EXAMPLES
@given(data=st.data())
def test_signed_parts_come_back_unchanged_or_are_reported(
    dialect: str, provider: str, streamed: bool, data: st.DataObject
) -> None:
    message = data.draw(turns(provider, dialect))
    if not message.parts:
        return
    sent, adaptations = answered(dialect, provider, message, streamed=streamed)
    again = read_again(dialect, sent, streamed=streamed)
    turn = next(turn for turn in again.messages if turn.role == "assistant")
    expected, kept = proofs(message), proofs(turn)
    if dialect in ("anthropic_messages", "openai_responses", "gemini_content"):
        assert kept == expected
        assert [change.field for change in adaptations if "ignature" in change.field] == []
    else:
        assert all(proof in expected for proof in kept)
        reported = {change.field for change in adaptations if not change.lossless}
        came_joined = any(change.field.endswith("/signature") for change in again.adaptations)
        for proof in expected:
            assert proof in kept or reported & LOSSES[proof[0]] or came_joined
    if dialect == "openai_chat":
        calls = [proof for proof in expected if proof[0] == "call"]
        assert [proof for proof in kept if proof[0] == "call"] == calls
    if dialect != "ollama_native":
        assert others(turn) == others(message)
    for _, _, proof, _ in expected:
        text = proof if isinstance(proof, str) else proof["data"]
        assert text.encode() not in sent


@given(st.text(max_size=8), st.binary(max_size=8).map(lambda data: data.hex()))
def test_anything_that_only_begins_like_an_envelope_is_damaged(text: str, code: str) -> None:
    assert unseal(PREFIX + text) == ()
    assert unseal(PREFIX + code) == ()
    if not text.startswith(PREFIX):
        assert unseal(text) is None


records = st.builds(
    SealedPart,
    provider=texts,
    kind=st.sampled_from(["text", "reasoning", "tool_call", "opaque"]),
    checksum=st.integers(0, 2**32 - 1),
    length=st.integers(0, 99),
    signature=st.none() | texts,
    metadata=texts | st.just(""),
    name=texts | st.just(""),
)


@given(st.lists(records, min_size=1, max_size=3), st.integers(0, 10_000), st.sampled_from("+Az09"))
def test_one_changed_letter_damages_an_envelope(
    parts: list[SealedPart], at: int, letter: str
) -> None:
    envelope = seal(parts)
    assert envelope is not None
    assert unseal(envelope) == tuple(parts)
    assert unseal(envelope.replace("+", "-").replace("/", "_")) == tuple(parts)
    plain = envelope.rstrip("=")
    index = len(PREFIX) + at % (len(plain) - len(PREFIX) - 1)
    changed = plain[:index] + letter + plain[index + 1 :]
    assert unseal(changed) == (tuple(parts) if changed == plain else ())
