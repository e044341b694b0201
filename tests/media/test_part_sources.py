"""Media comes from exactly one place that services can reach, and a `data:` URL is what its bytes are: at every provider."""

import pytest

from llm_pure import ChatRequest, Image, LLMConfig, Message, assistant, tool_result, user
from llm_pure.adapters import registry
from llm_pure.core.resolved_request import resolve_request
from llm_pure.media.part_sources import read_sources
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.media import data_url
from llm_pure.types.messages import Audio, Document, Media, Video
from llm_pure.types.result import Failure, Success
from tests.support.pdf import tiny_pdf
from tests.support.png import tiny_png
from tests.support.wav import tiny_wav

KINDS: list[type[Media]] = [Image, Audio, Document, Video]
PNG = tiny_png()


def refused(message: Message, base_url: str | None = None) -> InvalidRequest:
    config = LLMConfig(api_type="openai", api_key="k" * 24, model="gpt-4o", base_url=base_url)
    match built(config, message):
        case Failure(InvalidRequest() as error):
            return error
        case other:
            raise AssertionError(other)


def built(config: LLMConfig, message: Message) -> object:
    return (
        registry.get(config.api_type).unwrap().build_chat(config, ChatRequest(messages=[message]))
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({}, "is exactly one of data, url and file_id; this is none of them"),
        ({"data": b"x", "url": "https://e.test/x"}, "is exactly one of data, url and file_id; this is data and url"),
        ({"data": b""}, "is empty"),
        ({"url": " "}, "url is empty"),
        ({"file_id": ""}, "file_id is empty"),
        ({"url": "cat.png"}, "is a path, which services cannot read; pass the file's bytes"),
        ({"url": "C:\\cat.png"}, "is a path, which services cannot read; pass the file's bytes"),
        ({"url": "file:///cat.png"}, "is a path, which services cannot read; pass the file's bytes"),
        ({"url": "data:image/png;base64,@"}, "the data: URL is not valid base64"),
        ({"url": "data:image/png;base64,"}, "the data: URL is empty"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("in_result", [False, True])
def test_a_part_from_nowhere_is_told(
    kind: type[Media], source: dict[str, object], why: str, in_result: bool
) -> None:
    part = kind(**source)  # type: ignore[arg-type]  # the rows are of any field
    error = refused(tool_result("c1", part) if in_result else user("See:", part))
    assert error.message.endswith(why)
    assert error.provider == "openai"
    assert (error.param or "").startswith("messages/0/parts/" + ("0" if in_result else "1"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_of_ones_own_may_read_paths(kind: type[Media]) -> None:
    message = user(kind(url="file:///cat"))
    assert read_sources((message,), "openai", paths=True) == (message,)


def test_a_models_own_part_may_have_any_source() -> None:
    turns = (assistant("Here:", Audio(file_id="audio_1", data=tiny_wav()), Image()),)
    assert read_sources(turns, "openai") == turns


@pytest.mark.parametrize(
    "url", ["https://e.test/x", "gs://b/x", "s3://b/x", "ms://f1", "oss://b/x"]
)
def test_what_services_can_reach_passes(url: str) -> None:
    turns = (user(Image(url=url)),)
    assert read_sources(turns, "openai") == turns


PARTS: dict[str, tuple[Media, Media]] = {
    "image": (Image(data=PNG, media_type="image/jpeg"), Image(url=data_url(PNG, "image/jpeg"))),
    "svg": (Image(data=b"<svg/>", media_type="image/svg+xml"), Image(url=data_url(b"<svg/>", "image/svg+xml"))),
    "audio": (Audio(data=tiny_wav(), media_type="audio/wav"), Audio(url=data_url(tiny_wav(), "audio/wav"))),
    "pdf": (Document(data=tiny_pdf(), media_type="application/pdf"), Document(url=data_url(tiny_pdf(), "application/pdf"))),
    "text": (Document(data=b"Hi", media_type="text/plain"), Document(url=data_url(b"Hi", "text/plain"))),
    "video": (Video(data=b"\0\0\0\x18ftypmp42", media_type="video/mp4"), Video(url=data_url(b"\0\0\0\x18ftypmp42", "video/mp4"))),
}  # fmt: skip


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize("what", PARTS)
@pytest.mark.parametrize("in_result", [False, True])
def test_a_data_url_is_sent_as_its_bytes_are(name: str, what: str, in_result: bool) -> None:
    config = LLMConfig(
        api_type=name, api_key="k" * 24, model="m1", base_url="https://e.test", project="p", location="us-east1",
        input_modalities=("image", "audio", "document", "video"),
    )  # fmt: skip
    provider = registry.get(name).unwrap()
    outcomes = []
    for part in PARTS[what]:
        turn = tool_result("c1", part, name="see") if in_result else user("See:", part)
        messages = [user("Hi"), turn] if not in_result else [turn]
        match provider.build_chat(config, ChatRequest(messages=messages)):
            case Success(built):
                outcomes.append(built.request.body)
            case Failure(error):
                outcomes.append(error.message)
    assert outcomes[0] == outcomes[1]


def test_the_declared_type_of_a_data_url_stays() -> None:
    request = ChatRequest(messages=[user(Image(url="data:image/heic;base64,AAAA"))])
    resolved = resolve_request(LLMConfig(api_type="gemini", model="m"), request).unwrap()
    assert resolved.messages[0].parts == (Image(data=b"\0\0\0", media_type="image/heic"),)
