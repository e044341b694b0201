"""Functions of dialects/common."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.adapters.dialects.common.adaptations import (
    changed,
    clamped,
    dropped,
    keep_temperature_or_top_p,
    renamed,
)
from llm_pure.adapters.dialects.common.embed import (
    check_embed_request,
    decode_vectors,
    drop_base64,
    in_index_order,
)
from llm_pure.adapters.dialects.common.extra_fields import emit_extra_fields
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.adapters.dialects.common.part_identity import (
    Calls,
    Chain,
    Entries,
    Parts,
    chain_items,
)
from llm_pure.adapters.dialects.common.reasoning_effort import nearest_effort
from llm_pure.adapters.dialects.common.token_counts import read_token_count, token_count
from llm_pure.adapters.dialects.common.turn_rules import Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import Service
from llm_pure.core.urls import under_base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import (
    InvalidConfiguration,
    InvalidRequest,
    ProtocolError,
    UnsupportedFeature,
)
from llm_pure.types.events import ExtraReceived, StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import (
    Image,
    Opaque,
    ProviderMetadata,
    Text,
    assistant,
    system,
    user,
)
from llm_pure.types.operations import EmbedRequest, TokenCount
from llm_pure.types.rejection import Rejected, UnsupportedPart

SERVICE = Service(name="example", base_url="", url_for=under_base_url("example", ""), quirks=None)


def test_adaptations_have_short_forms() -> None:
    assert [
        dropped("a", "b", 1),
        changed("a", "b", 1, 2),
        clamped("a", "b", 1, 2),
        renamed("a", "b", 1, 2),
    ] == [
        Adaptation(field="a", action="dropped", reason="b", before=1),
        Adaptation(field="a", action="changed", reason="b", before=1, after=2),
        Adaptation(field="a", action="clamped", reason="b", before=1, after=2),
        Adaptation(field="a", action="renamed", reason="b", before=1, after=2),
    ]


@pytest.mark.parametrize(
    ("user_set", "settings", "adaptations"),
    [
        pytest.param({"top_p"}, {"top_p": 0.5}, [], id="a default temperature goes unreported"),
        pytest.param(set(), {"top_p": 0.5}, [], id="both are defaults"),
        pytest.param(
            {"temperature", "top_p"},
            {"temperature": 1},
            [dropped("top_p", "m takes temperature or top_p, not both", 0.5)],
            id="both were set by the user",
        ),
    ],
)
def test_temperature_or_top_p_is_kept(
    user_set: set[str], settings: dict[str, Any], adaptations: list[Adaptation]
) -> None:
    sent: dict[str, Any] = {"temperature": 1, "top_p": 0.5}
    reported: list[Adaptation] = []
    keep_temperature_or_top_p(sent, user_set, reported, model="m")
    assert (sent, reported) == (settings, adaptations)


@pytest.mark.parametrize(
    ("effort", "supported", "nearest"),
    [
        ("low", ("none", "high"), "high"),
        ("none", ("none", "high"), "none"),
        ("none", ("low", "high"), "low"),
        ("medium", ("low", "high"), "low"),
        ("high", ("none",), "none"),
    ],
)
def test_the_nearest_effort(effort: str, supported: tuple[str, ...], nearest: str) -> None:
    assert nearest_effort(effort, supported) == nearest


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (EmbedRequest(input="a"), InvalidConfiguration),
        (EmbedRequest(input=(), model="m"), InvalidRequest),
        (EmbedRequest(input=("a", ""), model="m"), InvalidRequest),
    ],
)
def test_an_embed_request_is_checked(request_: EmbedRequest, error: type) -> None:
    with pytest.raises(Rejected) as caught:
        check_embed_request(SERVICE, LLMConfig(), request_)
    assert (type(caught.value.error), caught.value.error.provider) == (error, "example")
    assert check_embed_request(SERVICE, LLMConfig(), EmbedRequest(input="a", model="m")) == "m"


def test_base64_is_reported_as_dropped() -> None:
    adaptations: list[Adaptation] = []
    drop_base64(SERVICE, EmbedRequest(input="a"), adaptations)
    drop_base64(SERVICE, EmbedRequest(input="a", encoding="base64"), adaptations)
    reason = "example sends vectors as numbers only"
    assert adaptations == [dropped("encoding", reason, "base64")]


def test_vectors_are_numbers_or_base64_floats() -> None:
    response = HttpResponse(200, (), b"{}")
    assert decode_vectors(SERVICE, response, [[1, 2], "AACAPw=="]) == ((1, 2), (1.0,))
    with pytest.raises(Rejected) as caught:
        decode_vectors(SERVICE, response, ["AAA"])
    assert isinstance(caught.value.error, ProtocolError)


def test_rows_without_an_index_keep_their_position() -> None:
    assert in_index_order([(2, "c"), (None, "b"), (0, "a")]) == ["a", "b", "c"]


def test_extra_fields_are_emitted_once_and_when_they_change() -> None:
    events: list[StreamEvent] = []
    seen = emit_extra_fields(events, Entries(), {"a": 1, "b": None, "id": "x"}, {"id"})
    assert emit_extra_fields(events, seen, {"a": 1}, {"id"}) is seen
    seen = emit_extra_fields(events, seen, {"a": 2}, {"id"}, 1)
    assert events == [ExtraReceived("a", 1), ExtraReceived("a", 2, choice=1)]
    assert dict(seen.items()) == {"a": 1, "1/a": 2}


def test_extra_lists_in_pieces_are_appended() -> None:
    events: list[StreamEvent] = []
    seen = emit_extra_fields(events, Entries(), {"l": [1]}, set(), lists={"l"})
    assert (events, seen) == ([ExtraReceived("l", [1], append=True)], Entries())


def test_extra_lists_that_come_again_are_joined() -> None:
    events: list[StreamEvent] = []
    seen = Entries()
    for value in ([1], [1], [1, 2], [3], [3, 2]):
        seen = emit_extra_fields(events, seen, {"l": value}, set())
    assert events == [
        ExtraReceived("l", [1]),
        ExtraReceived("l", [2], append=True),
        ExtraReceived("l", [3], append=True),
        ExtraReceived("l", [2], append=True),
    ]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers())))
def test_entries_are_a_mapping_that_keeps_its_past(puts: list[tuple[int, int]]) -> None:
    expected: dict[int, int] = {}
    versions = [(Entries(), dict(expected))]
    for key, value in puts:
        expected[key] = value
        versions.append((versions[-1][0].put(key, value), dict(expected)))
    for entries, mapping in versions:
        assert dict(entries.items()) == mapping
        assert [entries.get(key) for key in range(31)] == [mapping.get(key) for key in range(31)]
        assert len(entries.layers) <= 6


def test_parts_are_known_by_id_then_by_index_then_as_the_last() -> None:
    parts, first = Parts().begin(0, "a", 0)
    parts, second = parts.begin(0, "b", None)
    assert (first, second, parts.count) == (0, 1, 2)
    assert parts.find(0, "a", 7) == first
    assert parts.find(0, "c", 0) == first
    assert parts.find(0, "", None) is parts.find(1, "a", 0) is None
    assert (parts.last(0), parts.last(1)) == (second, None)
    linked = parts.link(0, second, "a2", 0)
    assert linked.find(0, "a2", None) == linked.find(0, "", 0) == second
    assert linked.link(0, second, "a2", 0) is linked


def test_a_call_that_begins_with_its_index_alone_is_named_by_its_second_piece() -> None:
    calls, deltas = Calls(), []
    for index, name, arguments in [
        (0, None, ""), (0, "f", ""), (0, None, "{}"), (1, None, ""), (1, "g", '{"a":'), (2, None, ""), (1, None, "1}"),
        (7, None, " "),
    ]:  # fmt: skip
        calls, delta = calls.read(0, index, None, name, arguments)
        deltas.append((delta.index, delta.name, delta.arguments))
    assert deltas == [
        (0, "", ""), (0, "f", ""), (0, "", "{}"), (0, "", ""), (1, "g", '{"a":'), (1, "", ""), (1, "", "1}"),
        (1, "", " "),
    ]  # fmt: skip


def test_objects_are_merged_key_by_key() -> None:
    base = {"a": {"b": 1}, "c": {}, "d": 1}
    assert merge_objects(base, {"a": {"e": 2}, "c": {"f": 1}, "d": {"g": 1}}) == {
        "a": {"b": 1, "e": 2},
        "c": {"f": 1},
        "d": {"g": 1},
    }
    assert base == {"a": {"b": 1}, "c": {}, "d": 1}


def test_a_long_chain_is_read_and_freed() -> None:
    chain: Chain = None
    for number in range(200_000):
        chain = (chain, number)
    assert chain_items(chain)[-1] == 199_999
    assert chain_items(None) == []


@pytest.mark.parametrize(
    ("value", "count"),
    [(3, 3), (3.9, 3), (True, None), (-1, None), (2**63, None), ("3", 3), ("x", None)],
)
def test_a_token_count_is_a_number_from_zero(value: object, count: int | None) -> None:
    assert token_count(value) == count


def test_a_count_is_read_by_its_field() -> None:
    response = HttpResponse(200, (), b"{}")
    assert read_token_count(SERVICE, response, {"n": 3, "more": 1}, "n") == TokenCount(
        input_tokens=3, provider="example", extra={"more": 1}
    )
    with pytest.raises(Rejected) as caught:
        read_token_count(SERVICE, response, [], "n")
    assert caught.value.error.message == "the response has no n"


class Encoder(MessageEncoder[None]):
    def add(self, turn: Turn) -> None:
        blocks: list[dict[str, Any]] = []
        for part_path, part in turn.parts:
            if not isinstance(part, Text):
                raise UnsupportedPart(f"{part_path}: no {type(part).__name__}")
            blocks.append({"text": part.text, **self.own_fields(part.provider_metadata)})
        if turn.role == "system":
            self.system += blocks
        else:
            self.add_turn(turn.role, blocks)


def test_an_encoder_merges_turns_of_one_role() -> None:
    adaptations: list[Adaptation] = []
    encoder = Encoder(SERVICE, adaptations, TurnRules())
    own = Text("c", ProviderMetadata("example", '{"x":1}'))
    foreign = Text("d", ProviderMetadata("elsewhere", '{"x":1}'))
    encoder.add_all((system("s"), user("a"), user(Opaque("elsewhere", "k", "{}"), "b"),
                     user(), assistant(own, foreign)))  # fmt: skip
    assert encoder.system == [{"text": "s"}]
    assert encoder.turns == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c", "x": 1}, {"text": "d"}]},
    ]
    assert adaptations == [
        dropped("messages/2/parts/0", "k is for elsewhere only"),
        dropped("messages/4/parts/1/provider_metadata", "x: for elsewhere only"),
    ]


def test_an_encoder_names_the_provider_of_an_unsupported_part() -> None:
    with pytest.raises(Rejected) as caught:
        Encoder(SERVICE, [], TurnRules()).add_all((user(Image(data=b"x")),))
    assert caught.value.error == UnsupportedFeature(
        message="messages/0/parts/0: no Image", provider="example", feature="messages"
    )
