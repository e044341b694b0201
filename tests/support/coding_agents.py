"""Coding agents as their requests are shaped: a first request, and how each sends back an answer with the results of its calls.

The shapes are those of ../shared/wire/server-side.md 5 to 8 (measured with Claude Code 2.1, Codex 0.171, Gemini CLI 0.61, opencode
1.18); all texts are ours.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from llm_pure import HttpRequest
from tests.support.raw_clients import history

Json = dict[str, Any]

READ = {
    "type": "object",
    "properties": {"path": {"type": "string", "description": "Which file."}},
    "required": ["path"],
}
SYSTEM = "You work in a repository."
REMINDER = "<system-reminder>Be careful.</system-reminder>"
TASK = "Fix the test."
NOTE = "The user is watching."


class Agent(NamedTuple):
    """One agent."""

    name: str
    dialect: str
    path: str
    headers: tuple[tuple[str, str], ...]
    first: Callable[[], Json]
    """The body of the first request."""
    go_on: Callable[[Json, list[Any], dict[str, str]], Json]
    """(body, turns of the answer, id of a call -> text of its result) -> the next body."""
    opening: list[tuple[str, str]]
    """What the first request says."""

    def request(self, body: Json) -> HttpRequest:
        return HttpRequest(
            "POST", f"http://test{self.path}", self.headers, json.dumps(body).encode()
        )

    def next_body(self, body: Json, stream: bytes, results: Callable[[str], str]) -> Json:
        """The body after a streamed answer. `results`: argument of a call -> the text of its result."""
        turns = history(self.dialect, stream, streamed=True)
        return self.go_on(body, turns, {call: results(path) for call, path in calls_in(turns)})


def calls_in(turns: list[Any]) -> list[tuple[str, str]]:
    """(id, path argument) of the calls in the turns of an answer."""
    found: list[tuple[str, str]] = []
    for turn in turns:
        match turn:
            case {"tool_calls": calls}:
                for call in calls:
                    found.append((call["id"], json.loads(call["function"]["arguments"])["path"]))
            case {"type": "function_call", "call_id": call_id, "arguments": arguments}:
                found.append((call_id, json.loads(arguments)["path"]))
            case {"type": "custom_tool_call", "call_id": call_id, "input": text}:
                found.append((call_id, text))
            case {"content": list(blocks)}:
                uses = [block for block in blocks if block.get("type") == "tool_use"]
                found += [(block["id"], block["input"]["path"]) for block in uses]
            case {"parts": parts}:
                made = [part["functionCall"] for part in parts if "functionCall" in part]
                found += [(call["id"], call["args"]["path"]) for call in made]
            case _:
                pass
    return found


# Claude Code


def _claude_code() -> Json:
    return {
        "model": "claude-opus-4-5",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": REMINDER},
                    {"type": "text", "text": TASK, "cache_control": {"type": "ephemeral"}},
                ],
            },
            {"role": "system", "content": NOTE, "output_config": {"effort": "high"}},
        ],
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=0; cc_entrypoint=t;"},
            {"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}},
        ],
        "tools": [
            {"name": "Read", "description": "Read a file.", "input_schema": READ},
            {"name": "ToolSearch", "description": "Find tools.", "input_schema": READ},
            {"name": "Placeholder", "input_schema": {"type": "object"}, "defer_loading": True},
        ],
        "metadata": {"user_id": '{"device_id":"d","account_uuid":"","session_id":"s"}'},
        "max_tokens": 32_000,
        "thinking": {"type": "adaptive", "display": "omitted"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "stream": True,
    }


def _claude_code_goes_on(body: Json, turns: list[Any], results: dict[str, str]) -> Json:
    blocks: list[Any] = [
        {"tool_use_id": call, "type": "tool_result", "content": text, "is_error": False}
        for call, text in results.items()
    ]
    blocks[-1:] = [{**block, "cache_control": {"type": "ephemeral"}} for block in blocks[-1:]]
    return {**body, "messages": [*body["messages"], *turns, {"role": "user", "content": blocks}]}


# Codex


def _codex() -> Json:
    return {
        "model": "gpt-5.2-codex",
        "input": [
            {"type": "message", "role": "developer", "id": "msg_a", "content": [{"type": "input_text", "text": SYSTEM}]},
            {"type": "message", "role": "user", "id": "msg_b", "content": [{"type": "input_text", "text": REMINDER}]},
            {"type": "message", "role": "user", "id": "msg_c", "content": [{"type": "input_text", "text": TASK}]},
        ],
        "tools": [
            {"type": "function", "name": "Read", "description": "Read a file.", "strict": False, "parameters": READ},
            {"type": "custom", "name": "apply_patch", "description": "Patch.", "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}},
            {"type": "tool_search", "execution": "client"},
            {"type": "web_search", "external_web_access": False, "search_content_types": ["text"]},
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "high", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "session",
        "text": {"verbosity": "medium"},
        "client_metadata": {"x": "y"},
    }  # fmt: skip


def _codex_goes_on(body: Json, turns: list[Any], results: dict[str, str]) -> Json:
    kinds = {turn["call_id"]: turn["type"] for turn in turns if "call_id" in turn}
    kept = [{**turn, "content": None} if turn["type"] == "reasoning" else turn for turn in turns]
    outputs = [
        {"type": f"{kinds[call]}_output", "id": f"fco_{index}", "call_id": call, "output": text}
        for index, (call, text) in enumerate(results.items())
    ]
    return {**body, "input": [*body["input"], *kept, *outputs]}


# Gemini CLI


def _gemini_cli() -> Json:
    return {
        "systemInstruction": {"role": "user", "parts": [{"text": SYSTEM}]},
        "contents": [
            {"role": "user", "parts": [{"text": REMINDER}]},
            {"role": "user", "parts": [{"text": TASK}]},
        ],
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "Read", "description": "Read a file.", "parametersJsonSchema": READ}
                ]
            }
        ],
        "generationConfig": {
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH"},
        },
    }


def _gemini_cli_goes_on(body: Json, turns: list[Any], results: dict[str, str]) -> Json:
    made = [part for turn in turns for part in turn["parts"] if not part.get("thought")]
    names = {part["functionCall"]["id"]: part["functionCall"]["name"] for part in made if "functionCall" in part}  # fmt: skip
    answers = [
        {"functionResponse": {"id": call, "name": names[call], "response": {"output": text}}}
        for call, text in results.items()
    ]
    turns = [{"role": "model", "parts": made}, {"role": "user", "parts": answers}]
    return {**body, "contents": [*body["contents"], *turns]}


# opencode, by the packages that it uses


def _opencode_chat() -> Json:
    return {
        "model": "some-model",
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": REMINDER},
            {"role": "user", "content": TASK},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "Read", "description": "Read a file.", "parameters": READ},
            }
        ],
        "tool_choice": "auto",
        "max_tokens": 32_000,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _opencode_chat_goes_on(body: Json, turns: list[Any], results: dict[str, str]) -> Json:
    (turn,) = turns
    kept = {"role": "assistant", "content": turn.get("content") or ""}
    kept |= {name: turn[name] for name in ("reasoning_content", "tool_calls") if name in turn}
    answers = [
        {"role": "tool", "tool_call_id": call, "content": text} for call, text in results.items()
    ]
    return {**body, "messages": [*body["messages"], kept, *answers]}


def _opencode_responses() -> Json:
    return {
        "model": "gpt-5.2",
        "input": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": [{"type": "input_text", "text": REMINDER}]},
            {"role": "user", "content": [{"type": "input_text", "text": TASK}]},
        ],
        "tools": [
            {"type": "function", "name": "Read", "description": "Read a file.", "parameters": READ}
        ],
        "max_output_tokens": 32_000,
        "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
        "stream": True,
    }


def _opencode_responses_goes_on(body: Json, turns: list[Any], results: dict[str, str]) -> Json:
    kept = [_without_ids(turn) for turn in turns]
    outputs = [
        {"type": "function_call_output", "call_id": call, "output": text}
        for call, text in results.items()
    ]
    return {**body, "input": [*body["input"], *kept, *outputs]}


def _without_ids(item: Json) -> Json:
    names: tuple[str, ...]
    match item["type"]:
        case "message":
            texts = [{"type": "output_text", "text": part["text"]} for part in item["content"]]
            return {"role": "assistant", "content": texts}
        case "reasoning":
            names = ("type", "encrypted_content", "summary")
        case _:
            names = ("type", "call_id", "name", "arguments")
    return {name: item[name] for name in names if name in item}


def _opencode_google_goes_on(body: Json, turns: list[Any], results: dict[str, str]) -> Json:
    names: dict[str, str] = {}
    parts: list[Any] = []
    for part in turns[0]["parts"]:
        call = part.get("functionCall")
        if call is not None:
            names[call["id"]] = call["name"]
            part = {**part, "functionCall": {"name": call["name"], "args": call["args"]}}
        parts.append(part)
    answers = [
        {
            "functionResponse": {
                "name": names[call],
                "response": {"name": names[call], "content": text},
            }
        }
        for call, text in results.items()
    ]
    turns = [{"role": "model", "parts": parts}, {"role": "user", "parts": answers}]
    return {**body, "contents": [*body["contents"], *turns]}


OPENING = [("system", SYSTEM), ("user", REMINDER), ("user", TASK)]
_STREAM = "/v1beta/models/gemini-3.1-pro-preview:streamGenerateContent?alt=sse"

AGENTS = (
    Agent("Claude Code", "anthropic_messages", "/v1/messages?beta=true",
        (("anthropic-version", "2023-06-01"), ("anthropic-beta", "beta-1,beta-2"), ("x-app", "cli"), ("x-claude-code-session-id", "s"), ("authorization", "Bearer k")),
        _claude_code, _claude_code_goes_on, [*OPENING, ("system", NOTE)]),
    Agent("Codex", "openai_responses", "/v1/responses", (("session-id", "s"), ("originator", "codex"), ("authorization", "Bearer k")), _codex, _codex_goes_on, OPENING),
    Agent("Gemini CLI", "gemini_content", _STREAM, (("x-goog-api-key", "k"),), _gemini_cli, _gemini_cli_goes_on, OPENING),
    Agent("opencode, chat completions", "openai_chat", "/v1/chat/completions", (("x-session-id", "s"),), _opencode_chat, _opencode_chat_goes_on, OPENING),
    Agent("opencode, Responses", "openai_responses", "/v1/responses", (("x-session-id", "s"),), _opencode_responses, _opencode_responses_goes_on, OPENING),
    Agent("opencode, Gemini", "gemini_content", _STREAM, (), _gemini_cli, _opencode_google_goes_on, OPENING),
)  # fmt: skip
