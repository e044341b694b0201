"""Media and cache marks in the form that each service takes, or an error; the reported inputs, and a table over all providers."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from llm_pure import (
    CacheMark,
    ChatRequest,
    Document,
    Image,
    Message,
    Text,
    Tool,
    ToolResult,
    Video,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.chat.message_input import parse_messages
from llm_pure.client import LLM, load_part
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import Audio, ToolCall
from llm_pure.types.result import Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.chat_requests import PDF, PNG
from tests.support.rows import check_each

MP4 = b"\0\0\0\x18ftypmp42"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-2-lite-v1:0"


def build(name: str, model: str, *messages: Any, **fields: Any) -> Any:
    config = replace(config_for(name), model=model or config_for(name).model, base_url=None)
    if name in ("azure", "azure_responses", "open_llm", "metagpt", "open_llm_raw"):
        config = config_for(name)
    return registry.get(name).unwrap().build_chat(config, ChatRequest(messages=messages, **fields))


def content(name: str, model: str, *parts: Any) -> Any:
    built: Built = build(name, model, user(*parts)).unwrap()
    sent = json.loads(built.request.body)
    found = sent.get("messages") or sent.get("contents") or sent.get("input")
    (turn,) = found["messages"] if isinstance(found, dict) else found
    return turn.get("content", turn.get("parts"))


CSV = Document(data=b"a,b", media_type="text/csv", name="a.csv")


@pytest.mark.parametrize(
    ("name", "model"),
    [("openai", "gpt-4o"), ("azure", "gpt-4o"), ("openrouter", "some/model"), ("deepseek", "deepseek-v5"), ("groq", "some-model"),
     ("dashscope_compatible", "qwen3-vl-plus"), ("cohere", "some-model")],
)  # fmt: skip
def test_a_text_document_is_sent_as_text_where_files_are_pdf_only(name: str, model: str) -> None:
    assert content(name, model, CSV) == [{"type": "text", "text": "a,b"}]
    changes = [
        (one.field, one.action) for one in build(name, model, user(CSV)).unwrap().adaptations
    ]
    assert ("messages/0/parts/0", "changed") in changes


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("openai", Document(data=b"PK\x03\x04", name="a.docx")), ("openrouter", Document(data=b"PK\x03\x04")),
        ("deepseek", Document(data=PDF)), ("groq", Document(data=PDF)), ("together", Document(data=PDF)),
        ("groq", Audio(data=b"ID3")), ("llama_api", Audio(data=b"ID3")), ("openai", Video(url="https://x/y.mp4")), ("anthropic", Video(data=MP4)), ("deepseek", Video(data=MP4)),
        ("openai_responses", Video(data=MP4)), ("mistral", Video(data=MP4)), ("cohere", Video(data=MP4)), ("ollama", Video(data=MP4)),
        ("moonshot", Video(url="https://x/y.mp4")),
    ],
)  # fmt: skip
def test_what_the_service_does_not_take_is_unsupported_before_it_is_sent(
    name: str, part: Any
) -> None:
    assert isinstance(build(name, "", user(part)).failure(), UnsupportedFeature)


def test_a_document_without_a_name_has_the_ending_of_its_type() -> None:
    assert content("openai", "gpt-4o", Document(data=PDF))[0]["file"]["filename"] == "document.pdf"
    assert (
        content("openai_responses", "gpt-4o", Document(data=PDF))[0]["filename"] == "document.pdf"
    )
    assert (
        content("openai_responses", "gpt-4o", replace(CSV, name=None))[0]["filename"]
        == "document.csv"
    )


VIDEO_URL = {"type": "video_url", "video_url": {"url": "https://x/y.mp4"}}


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        *[(name, VIDEO_URL) for name in ("openrouter", "dashscope_compatible", "zai", "zhipuai", "ark", "together")],
        ("gemini", {"fileData": {"mimeType": "video/mp4", "fileUri": "https://x/y.mp4"}}),
        ("dashscope", {"video": "https://x/y.mp4"}),
    ],
)  # fmt: skip
def test_a_video_by_its_url(name: str, sent: dict[str, Any]) -> None:
    for part in (
        Video(url="https://x/y.mp4"),
        Document(url="https://x/y.mp4", media_type="video/mp4"),
        VIDEO_URL,
    ):
        message = {"role": "user", "content": [part]}
        built = build(name, "some-model", message).unwrap()
        body = json.loads(built.request.body)
        found = body.get("messages") or body.get("contents") or body["input"]["messages"]
        assert found[0].get("content", found[0].get("parts")) == [sent]
        assert built.adaptations == ()


def test_a_video_by_its_bytes() -> None:
    text = "AAAAGGZ0eXBtcDQy"
    assert content("openrouter", "m", Video(data=MP4)) == [
        {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{text}"}}
    ]
    assert content("moonshot", "kimi-k2.6", Video(file_id="f")) == [
        {"type": "video_url", "video_url": {"url": "ms://f"}}
    ]
    assert content("bedrock", NOVA, Video(data=MP4), "What?") == [
        {"video": {"format": "mp4", "source": {"bytes": text}}},
        {"text": "What?"},
    ]
    assert content("gemini", "gemini-3-flash", Video(data=MP4)) == [
        {"inlineData": {"mimeType": "video/mp4", "data": text}}
    ]


def test_a_model_without_videos_is_known() -> None:
    error = build("openrouter", "deepseek/deepseek-chat", user(Video(data=MP4))).failure()
    assert isinstance(error, UnsupportedFeature)
    assert "does not support videos" in error.message


MARKED = (
    system(Text("s", cache=CacheMark())),
    user(Text("a", cache=CacheMark("1h"))),
    Message("assistant", (Text("b"), ToolCall("c", "f"))),
    Message("tool", (ToolResult(tool_call_id="c", content=(Text("r"),), cache=CacheMark()),)),
)
TOOL = Tool(name="f", cache=CacheMark())
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}


def marked(name: str, model: str) -> Any:
    built = build(name, model, *MARKED, tools=(TOOL,)).unwrap()
    sent = [(one.field, one.action) for one in built.adaptations if "cache" in one.field]
    return json.loads(built.request.body), sent


@pytest.mark.parametrize("name", ["anthropic", "vertex_anthropic", "bedrock_invoke"])
def test_cache_marks_of_claudes_own_api(name: str) -> None:
    body, reported = marked(name, CLAUDE if name == "bedrock_invoke" else "claude-sonnet-4-5")
    assert reported == [("cache_control/ttl", "changed")]  # an hour after five minutes
    assert body["system"] == [{"type": "text", "text": "s", **EPHEMERAL}]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "a", **EPHEMERAL}]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c", "content": "r", **EPHEMERAL}
    ]
    assert body["tools"][0]["cache_control"] == {"type": "ephemeral"}


def test_cache_marks_of_openrouter_and_qwen() -> None:
    body, reported = marked("openrouter", "anthropic/claude-sonnet-4.5")
    assert reported == [("cache_control/ttl", "changed")]  # as at Claude's own API
    assert body["messages"][0]["content"] == [{"type": "text", "text": "s", **EPHEMERAL}]
    assert body["messages"][1]["content"] == [{"type": "text", "text": "a", **EPHEMERAL}]
    assert body["messages"][3]["content"] == [{"type": "text", "text": "r", **EPHEMERAL}]
    assert body["tools"][0]["cache_control"] == {"type": "ephemeral"}
    body, reported = marked("dashscope_compatible", "qwen3-coder-plus")
    assert body["messages"][0]["content"] == [{"type": "text", "text": "s", **EPHEMERAL}]
    assert reported == [("messages/1/parts/0/cache/ttl", "dropped"), ("tools/0/cache", "dropped")]


def test_cache_marks_of_converse_are_blocks_after_what_is_cached() -> None:
    body, reported = marked("bedrock", CLAUDE)
    assert reported == [("cachePoint/ttl", "changed")]  # an hour after five minutes
    point = {"cachePoint": {"type": "default"}}
    assert body["system"] == [{"text": "s"}, point]
    assert body["messages"][0]["content"] == [{"text": "a"}, point]
    assert body["messages"][2]["content"][1:] == [point]
    assert body["toolConfig"]["tools"][1:] == [point]
    body, reported = marked("bedrock", NOVA)
    assert reported == [("messages/1/parts/0/cache/ttl", "dropped"), ("tools/0/cache", "dropped")]
    assert body["system"] == [{"text": "s"}, point]


@pytest.mark.parametrize("name", ["openai", "openai_responses"])
def test_cache_marks_of_openais_newer_models(name: str) -> None:
    part = Text("a", cache=CacheMark("12h"))
    built = build(name, "gpt-5.6", user(part)).unwrap()
    assert built.adaptations == ()
    (sent,) = content(name, "gpt-5.6", part)
    assert sent["prompt_cache_breakpoint"] == {"mode": "explicit", "ttl": "12h"}
    older = build(name, "gpt-5", user(part)).unwrap()
    assert [one.field for one in older.adaptations] == ["messages/0/parts/0/cache"]


def test_a_mark_of_a_message_is_at_its_last_part() -> None:
    for message in (
        Message("user", (Text("a"), Image(data=PNG)), cache=CacheMark()),
        {"role": "user", "content": ["a", Image(data=PNG)], "cache_control": {"type": "ephemeral"}},
    ):
        sent = json.loads(build("anthropic", "claude-sonnet-4-5", message).unwrap().request.body)
        first, last = sent["messages"][0]["content"]
        assert "cache_control" not in first
        assert last["cache_control"] == {"type": "ephemeral"}


def test_of_more_marks_than_four_the_earliest_in_the_conversation_are_dropped() -> None:
    messages = [
        system(Text("s", cache=CacheMark())),
        *[user(Text(f"{i}", cache=CacheMark())) for i in range(5)],
    ]
    built = build("anthropic", "claude-sonnet-4-5", *messages).unwrap()
    assert built.request.body.count(b"cache_control") == 4
    assert [one.field for one in built.adaptations] == [
        "messages/1/parts/0/cache",
        "messages/2/parts/0/cache",
    ]


@pytest.mark.parametrize(
    ("name", "model"), [("anthropic", "claude-sonnet-4-5"), ("bedrock", CLAUDE)]
)
def test_the_media_of_an_error_follow_it_at_claude(name: str, model: str) -> None:
    failed = tool_result("c", "no", Image(data=PNG), is_error=True)
    built = build(
        name, model, user("x"), assistant(ToolCall("c", "f")), failed, tools=(TOOL,)
    ).unwrap()
    turn = json.loads(built.request.body)["messages"][2]
    kinds = [block.get("type") or next(iter(block)) for block in turn["content"]]
    assert kinds == (["tool_result", "image"] if name == "anthropic" else ["toolResult", "image"])
    assert ("messages/2/parts/0", "changed") in [
        (one.field, one.action) for one in built.adaptations
    ]


def test_the_reported_mark_is_sent_or_reported_and_strict_fails_for_its_loss() -> None:
    part = {"type": "text", "text": "...", "cache_control": {"type": "ephemeral"}}
    message = {"role": "system", "content": [part]}
    sent = json.loads(
        build("openrouter", "anthropic/claude-sonnet-4.5", message, "hi").unwrap().request.body
    )
    assert sent["messages"][0] == {"role": "system", "content": [part]}
    request = ChatRequest(messages=[message, "hi"])
    lost = registry.get("groq").unwrap().build_chat(config_for("groq"), request, strict=True)
    assert isinstance(lost.failure(), UnsupportedFeature)


PARTS = {
    "image": Image(data=PNG),
    "audio": Audio(data=b"ID3"),
    "pdf": Document(data=PDF, name="a.pdf"),
    "csv": CSV,
    "docx": Document(data=b"PK\x03\x04", name="a.docx"),
    "video": Video(data=MP4),
}


@pytest.mark.parametrize("name", chat_providers())
def test_media_are_in_the_body_or_an_error_at_every_provider(name: str) -> None:
    """Law of kind h: alone, and in the result of a tool, no media vanishes."""
    check_each(partial(_is_in_the_body_or_an_error, name), PARTS.values())


def _is_in_the_body_or_an_error(name: str, part: Any) -> None:
    config = replace(config_for(name), input_modalities=("image", "audio", "document", "video"))
    provider = registry.get(name).unwrap()
    result = tool_result("c", "r", part, name="f")
    for messages in ((user("x", part),), (user("x"), assistant(ToolCall("c", "f")), result)):
        built = provider.build_chat(config, ChatRequest(messages=messages, tools=(Tool(name="f"),)))
        if not isinstance(built, Success):
            assert isinstance(built.failure(), UnsupportedFeature | InvalidRequest)
            continue
        encoded = {b"a,b", b"YSxi", b"iVBOR", b"SUQz", b"JVBER", b"UEsDB", b"AAAAGGZ0"}
        assert any(text in built.unwrap().request.body for text in encoded)


def test_files_are_read_into_parts(tmp_path: Path) -> None:
    files = {"a.png": PNG, "b.mp3": b"ID3", "c.pdf": PDF, "d.csv": b"a,b", "e.mp4": MP4}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    parts = [load_part(tmp_path / name).unwrap() for name in files]
    assert parts == [
        Image(data=PNG, media_type="image/png"),
        Audio(data=b"ID3", media_type="audio/mpeg"),
        Document(data=PDF, media_type="application/pdf", name="c.pdf"),
        Document(data=b"a,b", media_type="text/csv", name="d.csv"),
        Video(data=MP4, media_type="video/mp4"),
    ]
    error = load_part(tmp_path / "none.png").failure()
    assert isinstance(error, InvalidRequest)
    assert "none.png" in error.message


def test_a_client_reads_paths_and_pure_functions_name_the_way(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    with LLM(config_for("openai")) as llm:
        request = llm._prompt([{"role": "user", "content": ["What?", path]}], [], (), [path], None)
    (message,) = parse_messages(request.unwrap().messages).unwrap()
    assert message.parts == (
        Text("What?"),
        Image(data=PNG, media_type="image/png"),
        Image(data=PNG, media_type="image/png"),
    )
    error = build("openai", "gpt-4o", {"role": "user", "content": [path]}).failure()
    assert isinstance(error, InvalidRequest)
    assert "load_part" in error.message
