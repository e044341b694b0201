"""Parts of a user turn -> content blocks, or the error that names them."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, assistant, system, user
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Refusal,
    ToolCall,
    ToolResult,
)
from tests.support.anthropic_bodies import PNG, PNG_SOURCE, error, messages

PARTS: dict[str, tuple[Part, dict[str, Any]]] = {
    "picture by its bytes, whatever they are called": (
        Image(data=PNG, media_type="image/jpeg"),
        {"type": "image", "source": PNG_SOURCE},
    ),
    "picture in a data: URL": (
        Image(url="data:image/gif;base64,iVBORw0KGgoA"),
        {"type": "image", "source": PNG_SOURCE},
    ),
    "picture by URL": (
        Image(url="https://example.org/a.png"),
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
    ),
    "picture at the provider": (
        Image(file_id="file_1"),
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "PDF with a name": (
        Document(data=b"%PDF-1.7", name="a.pdf"),
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjc="},
            "title": "a.pdf",
        },
    ),
    "text document": (
        Document(data="é".encode(), media_type="text/markdown"),
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "é"}},
    ),
    "document at the provider, cached": (
        Document(
            file_id="file_2",
            provider_metadata=ProviderMetadata("anthropic", '{"citations":{"enabled":true}}'),
        ),
        {
            "type": "document",
            "source": {"type": "file", "file_id": "file_2"},
            "citations": {"enabled": True},
        },
    ),
    "block of the provider": (
        Opaque("anthropic", "container_upload", '{"type":"container_upload","file_id":"file_3"}'),
        {"type": "container_upload", "file_id": "file_3"},
    ),
    "refusal": (Refusal("No."), {"type": "text", "text": "No."}),
}


@pytest.mark.parametrize(("part", "block"), PARTS.values(), ids=PARTS)
def test_a_part_of_a_user_turn_becomes_its_block(part: Part, block: dict[str, Any]) -> None:
    assert messages(user("see", part))[0]["content"] == [{"type": "text", "text": "see"}, block]


UNSENDABLE: dict[str, tuple[Message, str]] = {
    "sound": (user(Audio(data=b"RIFF")), "messages/0/parts/0: a user turn cannot hold Audio here"),
    "picture of the model": (
        assistant("see", Image(data=PNG)),
        "messages/0/parts/1: an assistant turn cannot hold Image here",
    ),
    "bitmap": (
        user(Image(data=b"BM\x1a\0\0\0\0\0\0\0\x1a\0")),
        "messages/0/parts/0: images are JPEG, PNG, GIF or WebP here, not image/bmp",
    ),
    "bytes that are no picture": (
        user(Image(data=b"????")),
        "messages/0/parts/0: images are JPEG, PNG, GIF or WebP here, not bytes of an unknown format",
    ),
    "archive": (
        user(Document(data=b"PK\x03\x04")),
        "messages/0/parts/0: documents are PDF or text here, not application/zip",
    ),
    "bytes of no known kind": (
        user(Document(data=b"\xff\x00?")),
        "messages/0/parts/0: documents are PDF or text here, not bytes of an unknown format",
    ),
    "picture for the system": (
        system(Image(data=PNG)),
        "messages/0/parts/0: a system turn holds text, not Image",
    ),
    "sound of a tool": (
        Message("tool", (ToolResult(tool_call_id="t", content=(Audio(data=b"RIFF"),)),)),
        "messages/0/parts/0/content/0: a tool result cannot hold Audio here",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("message", "what"), UNSENDABLE.values(), ids=UNSENDABLE)
def test_a_part_without_a_form_here_is_unsupported_and_named(message: Message, what: str) -> None:
    called = [assistant(ToolCall("t", "f"))] if message.role == "tool" else []
    what = what.replace("messages/0", f"messages/{len(called)}")
    assert error(ChatRequest(messages=[*called, message, "hi"])) == UnsupportedFeature(
        message=what, provider="anthropic", feature="messages"
    )


WRONG: dict[str, tuple[Message, str]] = {
    "an opaque part that is no object": (
        assistant(Opaque("anthropic", "x", "null")), "messages/0/parts/0/json",
    ),
    "text that is not UTF-8": (
        user(Document(data=b"\xff", media_type="text/plain")), "messages/0/parts/0/data",
    ),
    "a damaged data: URL": (user(Image(url="data:image/png;base64,!")), "messages/0/parts/0/url"),
    "a picture of nothing": (user(Image()), "messages/0/parts/0"),
    "nothing but instructions": (system("Be brief."), "messages"),
    "no words": (user(""), "messages"),
}  # fmt: skip


@pytest.mark.parametrize(("message", "path"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_a_message_is_named_by_its_path(message: Message, path: str) -> None:
    got = error(ChatRequest(messages=[message]))
    assert isinstance(got, InvalidRequest)
    assert got.param == path


@pytest.mark.parametrize("text", [["Hello"], "Hello"])
def test_a_block_of_another_type_is_no_text_though_it_has_one(text: object) -> None:
    block = {"type": "new_text", "text": text}
    opaque = Opaque("anthropic", "new_text", json.dumps(block))
    assert messages(user("a"), assistant(opaque), user("b"))[1]["content"] == [block]
