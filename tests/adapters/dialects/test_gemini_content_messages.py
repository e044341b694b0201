"""Messages -> contents: turns, instructions, media, and parts replayed byte for byte."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, assistant, system, user
from llm_pure.adapters.vertex import PROVIDER as VERTEX
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
)
from tests.support.builders import actions
from tests.support.gemini import ON_CLOUD, PDF, PNG, WAV, base64_of, built, contents_of
from tests.support.laws import examples


def test_neighbours_of_one_role_are_one_turn() -> None:
    assert contents_of(user("a"), user("b"), assistant("c"), assistant("d"), user("e")) == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}, {"text": "d"}]},
        {"role": "user", "parts": [{"text": "e"}]},
    ]


def test_an_empty_turn_says_nothing() -> None:
    assert contents_of(user("a"), assistant(), user("b")) == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}
    ]


def test_instructions_stand_above_the_conversation_and_those_within_it_are_reported() -> None:
    made = built(ChatRequest(messages=[system("1"), system("2"), user("a"), system("3")]))
    assert json.loads(made.request.body)["systemInstruction"] == {
        "parts": [{"text": "1"}, {"text": "2"}, {"text": "3"}]
    }
    assert actions(made) == [("messages/3", "changed")]


def test_a_model_without_instructions_hears_them_from_the_user() -> None:
    made = built(ChatRequest(messages=[system("Be brief."), user("a")], model="gemma-3-27b-it"))
    assert json.loads(made.request.body)["contents"] == [
        {"role": "user", "parts": [{"text": "Be brief."}, {"text": "a"}]}
    ]
    assert actions(made) == [("messages/0", "renamed")]


MEDIA: dict[str, tuple[Part, dict[str, Any]]] = {
    "picture": (Image(data=PNG), {"inlineData": {"mimeType": "image/png", "data": base64_of(PNG)}}),
    "picture with a wrong label": (
        Image(data=PNG, media_type="image/jpeg"),
        {"inlineData": {"mimeType": "image/png", "data": base64_of(PNG)}},
    ),
    "picture of a data URL": (
        Image(url="data:image/png;base64,AAAA"),
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
    ),
    "picture at a URL": (
        Image(url="https://example.org/a.JPG?w=1"),
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.org/a.JPG?w=1"}},
    ),
    "video at a URL of no known type": (
        Document(url="https://youtu.be/abc"),
        {"fileData": {"fileUri": "https://youtu.be/abc"}},
    ),
    "uploaded file": (
        Document(file_id="files/abc", media_type="application/pdf"),
        {
            "fileData": {
                "mimeType": "application/pdf",
                "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
            }
        },
    ),
    "document": (
        Document(data=PDF),
        {"inlineData": {"mimeType": "application/pdf", "data": base64_of(PDF)}},
    ),
    "text file": (
        Document(data=b"hi", media_type="text/plain"),
        {"inlineData": {"mimeType": "text/plain", "data": "aGk="}},
    ),
    "sound": (Audio(data=WAV), {"inlineData": {"mimeType": "audio/wav", "data": base64_of(WAV)}}),
}


@pytest.mark.parametrize(("part", "wire"), MEDIA.values(), ids=MEDIA)
def test_media(part: Part, wire: dict[str, Any]) -> None:
    assert contents_of(user(part)) == [{"role": "user", "parts": [wire]}]


def test_a_picture_of_the_models_own_keeps_its_label_and_signature() -> None:
    provider_metadata = ProviderMetadata("gemini", '{"thoughtSignature":"czE="}')
    (turn, _) = contents_of(
        assistant(Image(data=PNG, media_type="image/x", provider_metadata=provider_metadata)),
        user("a"),
    )
    assert turn["parts"] == [
        {"inlineData": {"mimeType": "image/x", "data": base64_of(PNG)}, "thoughtSignature": "czE="}
    ]


def test_file_names_and_picture_details_are_reported_where_they_have_no_place() -> None:
    parts = (Document(data=PDF, name="a.pdf"), Image(data=PNG, detail="high"))
    request = ChatRequest(messages=[user(*parts)])
    assert actions(built(request)) == [
        ("messages/0/parts/0/name", "dropped"),
        ("messages/0/parts/1/detail", "dropped"),
    ]
    made = built(request, ON_CLOUD, VERTEX)
    blob = json.loads(made.request.body)["contents"][0]["parts"][0]["inlineData"]
    assert blob["displayName"] == "a.pdf"
    assert actions(made) == [("messages/0/parts/1/detail", "dropped")]


JSON_OBJECTS = st.dictionaries(
    st.text(max_size=5), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), max_size=3
).map(json.dumps)  # fmt: skip


@examples(200)
@given(st.lists(JSON_OBJECTS, min_size=1, max_size=4), st.text(max_size=20))
def test_opaque_parts_and_signatures_go_back_byte_for_byte(
    objects: list[str], signature: str
) -> None:
    provider_metadata = ProviderMetadata("gemini", json.dumps({"thoughtSignature": signature}))
    parts: list[Part] = [
        *[Opaque("gemini", "toolCall", one) for one in objects],
        Text("", provider_metadata),
        ToolCall("c", "f", objects[0], provider_metadata),
    ]
    request = ChatRequest(messages=[user("a"), assistant(*parts), user("b")])
    made = built(request).request.body
    for one in objects:
        assert one.encode() in made
    assert json.loads(made)["contents"][1]["parts"][len(objects) :] == [
        {"text": "", "thoughtSignature": signature},
        {
            "functionCall": {"name": "f", "args": json.loads(objects[0])},
            "thoughtSignature": signature,
        },
    ]


def test_own_thoughts_go_back_with_their_signature() -> None:
    thought = Reasoning("hm", "czE=", ProviderMetadata("gemini", '{"partMetadata":{"a":1}}'))
    assert contents_of(user("a"), assistant(thought))[1]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "czE=", "partMetadata": {"a": 1}}
    ]


def test_sound_that_only_its_maker_has_is_sent_as_its_words() -> None:
    sound = Audio(
        file_id="audio_1", transcript="Hello.", provider_metadata=ProviderMetadata("openai")
    )
    made = built(ChatRequest(messages=[user("a"), assistant(sound), user("b")]))
    assert json.loads(made.request.body)["contents"][1]["parts"] == [{"text": "Hello."}]
    assert actions(made) == [("messages/1/parts/0", "changed")]
