"""Coding agents through all five upstream dialects: three rounds with thinking and tools, in order, each proof to its own upstream."""

import json
from typing import Any

import pytest

from llm_pure import (
    Completion,
    Message,
    ProviderMetadata,
    Reasoning,
    ResponseHead,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    assistant,
)
from llm_pure.adapters import registry
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import (
    ReceivedRequest,
    TranslatedRequest,
    open_translation,
    server_dialects,
    translate_request,
    upstream_of,
)
from llm_pure.types.result import Success
from tests.support.coding_agents import AGENTS, Agent
from tests.support.raw_clients import events

MODELS = {
    "anthropic": "claude-opus-4-5",
    "gemini": "gemini-3-pro",
    "ollama": "qwen3",
    "openai": "gpt-4o",
    "openai_responses": "gpt-5.2",
}
THOUGHTS = ("Read both files first.", "One more file.")
SIGNED = ("anthropic", "openai_responses")
RESULTS = {"a.py": "print('é')", "b.py": "pass", "c.py": ""}


def turns(provider: str) -> list[Message]:
    """The three answers of the model, signed as the provider signs."""
    signature = "signed-by-the-upstream+/==" if provider in SIGNED else None
    metadata = (
        ProviderMetadata(provider, '{"id":"rs_1"}') if provider == "openai_responses" else None
    )
    own = ProviderMetadata(provider, '{"thoughtSignature":"c2lnbmVkLWNhbGw="}')
    call_metadata = own if provider == "gemini" else None
    return [
        assistant(
            Reasoning(THOUGHTS[0], signature, metadata),
            Text("I read two files."),
            ToolCall("call_1", "Read", '{"path":"a.py"}', call_metadata),
            ToolCall("call_2", "Read", '{"path":"b.py"}'),
        ),
        assistant(
            Reasoning(THOUGHTS[1], signature, metadata),
            ToolCall("call_3", "Read", '{"path":"c.py"}', call_metadata),
        ),
        assistant(Text("Done.")),
    ]


def answer(provider: str, message: Message) -> bytes:
    """The upstream's stream, in its own dialect."""
    upstream = registry.get(provider).unwrap()
    received = ReceivedRequest(dialect=upstream.dialect, model="m", created_s=7)
    reason: Any = "tool_calls" if message.tool_calls else "stop"
    completion = Completion(id="id-1", model="m", message=message, finish_reason=reason, usage=Usage(9, 5))  # fmt: skip
    encoder = server_dialects[upstream.dialect].open_encoder(received)
    return encoder.encode(completion_to_events(completion)) + encoder.close(Success(completion))


def translated(agent: Agent, body: Any, provider: str) -> TranslatedRequest:
    upstream = upstream_of(provider, model=MODELS[provider]).unwrap()
    return translate_request(agent.request(body), agent.dialect, upstream).unwrap()


def streamed(request: TranslatedRequest, data: bytes) -> bytes:
    """What the agent reads, in small pieces."""
    stream = open_translation(ResponseHead(200, ()), request.exchange)
    pieces = [data[at : at + 37] for at in range(0, len(data), 37)]
    sent = b"".join([stream.feed(piece) for piece in pieces]) + stream.close()
    assert isinstance(stream.outcome, Success)
    return sent


def meaning(messages: tuple[Message, ...]) -> list[Any]:
    """What a conversation says, in order; ids as numbers, since Ollama's clients and some of Gemini's have none."""
    numbers: dict[str, int] = {}
    contents: list[Any] = []
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text) if text:
                    contents.append((message.role, text))
                case ToolCall(id=call_id, name=name, arguments=arguments):
                    numbers[call_id] = len(numbers)
                    contents.append(("call", numbers[call_id], name, json.loads(arguments)))
                case ToolResult(tool_call_id=call_id, content=content, is_error=is_error):
                    text = "".join([item.text for item in content if isinstance(item, Text)])
                    contents.append(("result", numbers.get(call_id), text, is_error))
                case _:
                    pass
    return contents


PASSED = {"Claude Code": ["context_management"], "Codex": ["client_metadata"]}
"""Fields that an upstream of the same dialect gets, though this library has none for them."""

FIRST = [
    ("assistant", "I read two files."),
    ("call", 0, "Read", {"path": "a.py"}),
    ("call", 1, "Read", {"path": "b.py"}),
]


def results(agent: Agent, *pairs: tuple[int, str]) -> list[Any]:
    """opencode's package for Gemini puts a name beside the text, which is then JSON."""
    is_object = agent.name == "opencode, Gemini"
    return [
        ("result", number, json.dumps({"name": "Read", "content": text}, separators=(",", ":"), ensure_ascii=False) if is_object else text, False)
        for number, text in pairs
    ]  # fmt: skip


def expected(agent: Agent, provider: str, rounds: int) -> list[Any]:
    """What the upstream is sent in a round."""
    opening: list[Any] = list(agent.opening)
    if provider in ("anthropic", "gemini"):  # instructions are sent apart, before the conversation
        opening.sort(key=lambda entry: entry[0] != "system")
    if provider == "ollama" and agent.name == "Claude Code":  # a message has one text there
        opening[1:3] = [("user", "\n".join([text for _, text in opening[1:3]]))]
    contents = opening
    if rounds > 1:
        contents = [*contents, *FIRST, *results(agent, (0, RESULTS["a.py"]), (1, RESULTS["b.py"]))]
    if rounds > 2:
        contents = [
            *contents,
            ("call", 2, "Read", {"path": "c.py"}),
            *results(agent, (2, RESULTS["c.py"])),
        ]
    return contents


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_three_rounds_arrive_and_come_back_in_order(agent: Agent, provider: str) -> None:
    dialect = registry.get(provider).unwrap().dialect
    body = agent.first()
    for number, message in enumerate(turns(provider), 1):
        request = translated(agent, body, provider)
        read = server_dialects[dialect].parse_request(request.request).unwrap()
        assert meaning(read.messages) == expected(agent, provider, number)
        passed = PASSED.get(agent.name, []) if dialect == agent.dialect else []
        assert [change.field for change in read.adaptations if not change.lossless] == passed
        assert read.stream
        stream = streamed(request, answer(provider, message))
        if message.tool_calls:
            body = agent.next_body(body, stream, RESULTS.__getitem__)
        else:
            assert b"Done." in stream


PROOFS: dict[str, list[Any]] = {
    "anthropic": [{"type": "thinking", "thinking": text, "signature": "signed-by-the-upstream+/=="} for text in THOUGHTS],
    "openai_responses": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": text}], "encrypted_content": "signed-by-the-upstream+/=="} for text in THOUGHTS],
    "gemini": [{"name": "Read", "args": {"path": path}} for path in ("a.py", "c.py")],
}  # fmt: skip


def proofs(provider: str, body: Any) -> list[Any]:
    """What of a body the upstream has signed, in order."""
    found: list[Any] = []
    match provider:
        case "anthropic":
            for turn in body["messages"]:
                blocks = turn["content"] if isinstance(turn["content"], list) else []
                found += [block for block in blocks if block["type"] == "thinking"]
        case "openai_responses":
            items = [item for item in body["input"] if item.get("type") == "reasoning"]
            found += [{name: item[name] for name in item if name != "id"} for item in items]
        case _:
            for turn in body["contents"]:
                for part in turn["parts"]:
                    if part.get("thoughtSignature") == "c2lnbmVkLWNhbGw=":
                        call = part["functionCall"]
                        found.append({"name": call["name"], "args": call["args"]})
    return found


@pytest.mark.parametrize("provider", PROOFS)
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_an_upstream_gets_what_it_signed_and_another_one_does_not(
    agent: Agent, provider: str
) -> None:
    body = agent.first()
    for message in turns(provider)[:2]:
        request = translated(agent, body, provider)
        body = agent.next_body(body, streamed(request, answer(provider, message)), RESULTS.__getitem__)  # fmt: skip
    again = json.loads(translated(agent, body, provider).request.body)
    hides_thoughts = agent.name == "Gemini CLI" and provider != "gemini"
    assert proofs(provider, again) == ([] if hides_thoughts else PROOFS[provider])
    for other in MODELS:
        if other != provider:
            sent = translated(agent, body, other).request.body
            assert b"signed-by-the-upstream" not in sent
            assert b"c2lnbmVkLWNhbGw" not in sent
            assert b"bGxtLXB1cmUx" not in sent


@pytest.mark.parametrize("provider", ["anthropic", "deepseek", "gemini", "ollama", "openai"])
def test_codex_patches_with_any_model(provider: str) -> None:
    (agent,) = (agent for agent in AGENTS if agent.name == "Codex")
    upstream = upstream_of(provider, model="m").unwrap()
    request = translate_request(agent.request(agent.first()), agent.dialect, upstream).unwrap()
    patch = "*** Begin Patch\n*** Update File: a.py\n*** End Patch\n"
    call = ToolCall("call_1", "apply_patch", json.dumps({"input": patch}))
    stream = streamed(request, answer(provider, assistant(call)))
    done = [event["item"] for event in events(stream) if event["type"] == "response.output_item.done"]  # fmt: skip
    assert [(item["type"], item["name"], item["input"]) for item in done] == [
        ("custom_tool_call", "apply_patch", patch)
    ]
    body = agent.next_body(agent.first(), stream, lambda text: "Success.")
    again = translate_request(agent.request(body), agent.dialect, upstream).unwrap()
    dialect = registry.get(provider).unwrap().dialect
    read = server_dialects[dialect].parse_request(again.request).unwrap()
    assert meaning(read.messages)[-2:] == [
        ("call", 0, "apply_patch", {"input": patch}),
        ("result", 0, "Success.", False),
    ]
