"""A key that nobody knows, at any depth of a client's request, is never an error: vendors and clients add keys all the time."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from llm_pure import HttpRequest
from llm_pure.server import server_dialects
from llm_pure.types.result import Success

Path = tuple[Any, ...]

REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
"openai_chat":("/v1/chat/completions",{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},{"type":"file","file":{"file_id":"f"}}]},{"role":"assistant","content":"x","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"r"}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"tool_choice":{"type":"function","function":{"name":"f"}},"stream_options":{"include_usage":True}}),
"anthropic_messages":("/v1/messages",{"model":"m","max_tokens":5,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"c2ln"},{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"r"}]}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}],"thinking":{"type":"enabled","budget_tokens":1024},"tool_choice":{"type":"auto"}}),
"ollama_native":("/api/chat",{"model":"m","messages":[{"role":"user","content":"a","images":["iVBORw0KGgo="]},{"role":"assistant","content":"","tool_calls":[{"id":"1","function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"r","tool_name":"f"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"options":{"num_predict":3}}),
"openai_responses":("/v1/responses",{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"https://x/y.png"},{"type":"input_file","file_id":"f"}]},{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"c2ln"},{"type":"message","role":"assistant","id":"m","status":"completed","content":[{"type":"output_text","text":"x","annotations":[]}]},{"type":"function_call","call_id":"1","name":"f","arguments":"{}","id":"fc"},{"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"r"}]}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}},"reasoning":{"effort":"low"},"tool_choice":{"type":"function","name":"f"}}),
"gemini_content":("/v1beta/models/m:generateContent",{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"fileData":{"fileUri":"https://x/y.pdf","mimeType":"application/pdf"}}]},{"role":"model","parts":[{"text":"t","thought":True},{"functionCall":{"id":"1","name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"r"}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},"generationConfig":{"topK":3,"thinkingConfig":{"includeThoughts":True}}}),
}  # fmt: skip
"""Dialect -> (path, a request with objects of every kind)."""


def objects(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every object in JSON."""
    if isinstance(value, dict):
        yield path
        for key, item in value.items():
            yield from objects(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from objects(item, (*path, index))


def with_key(body: Any, path: Path) -> Any:
    """The body with an unknown key in the object at a path."""
    changed = copy.deepcopy(body)
    target = changed
    for key in path:
        target = target[key]
    target["x_unknown"] = {"a": 1}
    return changed


def parsed(dialect: str, url: str, body: Any) -> Any:
    request = HttpRequest("POST", f"http://server{url}", (), json.dumps(body).encode())
    return server_dialects[dialect].parse_request(request)


@pytest.mark.parametrize("dialect", REQUESTS)
def test_an_unknown_key_at_any_depth_is_no_error(dialect: str) -> None:
    url, body = REQUESTS[dialect]
    plain = parsed(dialect, url, body).unwrap()
    assert plain.adaptations == ()
    failures = {
        path: result.failure().message
        for path in objects(body)
        if not isinstance(result := parsed(dialect, url, with_key(body, path)), Success)
    }
    assert failures == {}


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        ("openai_chat", ("messages", 1, "content", 1, "image_url")),
        ("openai_chat", ("messages", 1, "content", 2, "input_audio")),
        ("openai_chat", ("messages", 1, "content", 3, "file")),
        ("openai_chat", ("messages", 2, "tool_calls", 0, "function")),
        ("openai_chat", ("response_format",)),
        ("openai_chat", ("response_format", "json_schema")),
        ("openai_chat", ("tool_choice",)),
        ("openai_chat", ("tool_choice", "function")),
        ("openai_responses", ("tool_choice",)),
        ("openai_responses", ("text", "format")),
        ("anthropic_messages", ("tool_choice",)),
        ("anthropic_messages", ("thinking",)),
        ("anthropic_messages", ("messages", 0, "content", 1, "source")),
        ("anthropic_messages", ("messages", 0, "content", 2, "source")),
        ("ollama_native", ("messages", 1, "tool_calls", 0, "function")),
    ],
)
def test_an_unknown_key_of_an_inner_object_is_an_adaptation_with_its_path(
    dialect: str, path: Path
) -> None:
    url, body = REQUESTS[dialect]
    plain, received = (
        parsed(dialect, url, body).unwrap(),
        parsed(dialect, url, with_key(body, path)).unwrap(),
    )
    assert received.messages == plain.messages
    assert [adaptation.field for adaptation in received.adaptations] == [
        "/".join(map(str, (*path, "x_unknown")))
    ]


@pytest.mark.parametrize("dialect", REQUESTS)
def test_an_unknown_key_vanishes_nowhere(dialect: str) -> None:
    url, body = REQUESTS[dialect]
    plain = parsed(dialect, url, body).unwrap()
    vanished = [
        path
        for path in objects(body)
        if (received := parsed(dialect, url, with_key(body, path)).unwrap()) == plain
        and not received.adaptations
    ]
    assert vanished == []


def test_the_number_of_a_call_of_ollamas_is_no_news() -> None:
    url, body = REQUESTS["ollama_native"]
    changed = copy.deepcopy(body)
    changed["messages"][1]["tool_calls"][0]["function"]["index"] = 0
    assert parsed("ollama_native", url, changed) == parsed("ollama_native", url, body)
