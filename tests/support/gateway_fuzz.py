"""Odd requests to a gateway: `python -m tests.support.gateway_fuzz [--seed N] [--cases N]`.

Bodies that have every field of their dialect, with odd values at one or two places, cut, repeated or changed bytes; buffered
and streamed, with and without a budget, to two providers. For each case: the answer is complete, no fault of the client is a
status of 500 or more, and nothing stays open or reserved.

Then hostile connections, as to the replay server (`server_fuzz`), to a gateway in uvicorn with each of its parsers: complete
responses or a close, in time, no exception in a log, good requests served meanwhile.
"""

import argparse
import asyncio
import copy
import json
import logging
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

from llm_pure.gateway.key_access import KeyAccess
from llm_pure.gateway.key_budgets import InMemoryAccounts
from llm_pure.gateway.serving import serve_on_loopback
from llm_pure.types.http import HttpRequest
from tests.support import server_fuzz
from tests.support.asgi import Request
from tests.support.gateways import BODIES, JSON, TWO, Reply, Running, Upstream, configuration, hello

IMAGE = "data:image/png;base64,AAAA"
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F = {"name": "f", "description": "d", "parameters": SCHEMA}
FIELDS: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": IMAGE}}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "x"},
        ],
        "tools": [{"type": "function", "function": F}], "tool_choice": "auto", "max_tokens": 5, "max_completion_tokens": 5, "temperature": 1,
        "top_p": 1, "n": 1, "stop": ["a"], "stream_options": {"include_usage": True}, "seed": 1, "logprobs": True, "top_logprobs": 2,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}, "logit_bias": {"1": 1}, "user": "u",
        "metadata": {"a": "b"}, "reasoning_effort": "low", "parallel_tool_calls": True, "service_tier": "auto", "store": True,
        "modalities": ["text"], "audio": {"voice": "a", "format": "mp3"}, "prediction": {"type": "content", "content": "a"},
        "presence_penalty": 0, "frequency_penalty": 0, "verbosity": "low", "functions": [F], "function_call": "auto",
    },
    "openai_responses": {
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": IMAGE}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x"},
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": "e"},
        ],
        "instructions": "i", "tools": [{"type": "function", **F}, {"type": "web_search"}], "tool_choice": "auto", "max_output_tokens": 20,
        "temperature": 1, "top_p": 1, "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"}, "store": True, "metadata": {"a": "b"}, "include": ["reasoning.encrypted_content"],
        "parallel_tool_calls": True, "truncation": "auto", "user": "u", "service_tier": "auto", "top_logprobs": 1, "prompt_cache_key": "k",
        "background": False, "max_tool_calls": 3, "conversation": None, "previous_response_id": None, "prompt": None,
    },
    "anthropic_messages": {
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "a"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "x"}], "is_error": False}]},
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": SCHEMA}], "tool_choice": {"type": "auto"}, "max_tokens": 50,
        "temperature": 1, "top_p": 1, "top_k": 3, "stop_sequences": ["a"], "metadata": {"user_id": "u"},
        "thinking": {"type": "enabled", "budget_tokens": 1024}, "service_tier": "auto", "output_config": {"effort": "low"},
        "mcp_servers": [], "container": "c", "context_management": {},
    },
    "gemini_content": {
        "contents": [
            {"role": "user", "parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "s"}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"a": 1}}}]},
        ],
        "systemInstruction": {"parts": [{"text": "s"}]}, "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}},
        "generationConfig": {
            "temperature": 1, "topP": 1, "topK": 3, "maxOutputTokens": 9, "candidateCount": 1, "stopSequences": ["a"], "seed": 1,
            "responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}, "presencePenalty": 0, "frequencyPenalty": 0,
            "thinkingConfig": {"thinkingBudget": 5, "includeThoughts": True}, "responseLogprobs": True, "logprobs": 1,
            "responseModalities": ["TEXT"], "speechConfig": {},
        },
        "safetySettings": [{"category": "a", "threshold": "b"}], "cachedContent": None, "labels": {"a": "b"},
    },
    "ollama_native": {
        "messages": [
            {"role": "system", "content": "s"}, {"role": "user", "content": "a", "images": ["AAAA"]},
            {"role": "assistant", "content": "", "thinking": "t", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
            {"role": "tool", "content": "x", "tool_name": "f"},
        ],
        "tools": [{"type": "function", "function": F}], "format": SCHEMA, "think": True, "keep_alive": "5m",
        "options": {"num_predict": 5, "temperature": 1, "top_p": 1, "top_k": 3, "seed": 1, "stop": ["a"], "num_ctx": 100},
        "logprobs": True, "top_logprobs": 2,
    },
}  # fmt: skip
"""Dialect -> the fields of its requests."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, -(10**9), 1, 10**18, 2**64, 10**30, 1.5, -0.0, 1e308, "", "a", "5", "\0", "\ud800", "x" * 300, [], [None], [[]],
    {}, {"a": None}, {"": 1}, [1], {"type": 5}, {"type": "x"}, {"type": "text"}, {"role": "user"}, {"url": "http://169.254.169.254/"},
)  # fmt: skip

CLAUDE = json.dumps({
    "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}).encode()  # fmt: skip


def script(request: HttpRequest) -> Reply:
    """The answer of the provider, whichever it is."""
    return Reply((CLAUDE,), JSON) if "claude" in request.url else hello(request)


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield (*above, key)
        yield from paths(inner, (*above, key))


def with_value(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """A copy with this value at a place."""
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = odd
    return changed


def case(seed: int, number: int) -> tuple[str, bytes]:
    """Path and body of a case, the same for a seed and a number."""
    random = Random(f"{seed}:{number}")
    dialect = random.choice(sorted(BODIES))
    path, plain = BODIES[dialect]
    model = random.choice(("fast", "smart"))
    body = {**plain, **FIELDS[dialect], "stream": random.random() < 0.3}
    if dialect == "gemini_content":
        path = path.replace("fast", model)
        del body["stream"]
    else:
        body["model"] = model
    for _ in range(random.choice((1, 1, 2))):
        body = with_value(body, random.choice(list(paths(body))), random.choice(ODD))
    data = json.dumps(body).encode()
    if random.random() < 0.15:
        at = random.randrange(len(data))
        piece = random.choice((b"", b'"', b"}", b"[" * 500, b"\xff", b"\0", data[:at]))
        data = data[:at] + piece + data[at + random.choice((0, 1, 20)) :]
    return path, data


def problem_of(running: Running, path: str, data: bytes) -> str:
    """What is wrong with the answer, "" if nothing is."""
    answer = asyncio.run(Request(running.application, "POST", path, data).run())
    running.records.clear()
    running.upstream.requests.clear()
    if not answer.complete:
        return "an answer without an end"
    if answer.status >= 500:
        return f"{answer.status}: {answer.body[:200]!r}"
    if running.upstream.open or running.application.active:
        return "something stays open"
    access = running.application.service.access
    assert isinstance(access, KeyAccess)
    ledger = access.budgets._ledger
    assert isinstance(ledger, InMemoryAccounts)
    return "something stays reserved" if any(ledger._reserved.values()) else ""


def run(seed: int, cases: int, *, first: int = 0) -> dict[int, str]:
    """Try these cases. Number -> what was wrong."""
    budget = f"{TWO}\ncost_control: {{max_budget: 1000000}}\n"
    gateways = [Running(text, script) for text in (TWO, budget)]
    problems: dict[int, str] = {}
    for number in range(first, first + cases):
        path, data = case(seed, number)
        for running in gateways:
            try:
                problem = problem_of(running, path, data)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - what is looked for
                problem = f"raised {error!r}"
            if problem:
                problems[number] = f"{problem} for {path} {data[:300]!r}"
    return problems


class _Faults(logging.Handler):
    """The exceptions that were logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.texts.append(f"{record.name}: {record.exc_info[1]!r}")


_TARGETS = tuple([BODIES[dialect][0].encode() for dialect in sorted(BODIES)])
_HI = json.dumps({**BODIES["openai_chat"][1], "stream": True}).encode()
_GOOD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(_HI), _HI)  # fmt: skip


def run_connections(seed: int, cases: int, parser: str, *, first: int = 0) -> dict[int, str]:
    """Try these connections. Number -> what was wrong."""
    faults, problems = _Faults(), {}
    loggers = [logging.getLogger(name) for name in ("llm_pure.gateway", "uvicorn.error", "asyncio")]
    options: dict[str, Any] = {"transport": Upstream(script), "env": {}, "parser": parser}
    with serve_on_loopback(configuration(TWO), **options) as running:
        port = int(running.url.rpartition(":")[2])
        for logger in loggers:
            logger.addHandler(faults)
        for number in range(first, first + cases):
            data, random = server_fuzz.case(seed, number)
            for index in range(2):
                target = _TARGETS[(number + index) % len(_TARGETS)]
                data = data.replace(b" /%d" % index, b" " + target)
            try:
                received = server_fuzz.exchange(port, data, random)
                problem = server_fuzz.malformed(received or b"", has_head=b"HEAD" in data)
                good = server_fuzz.exchange(port, _GOOD, Random(1)) if number % 20 == 0 else None
            except TimeoutError:
                problem, good = "no end", None
            if good and b"[DONE]" not in good:
                problem = f"a good request: {good[:100]!r}"
            if faults.texts:
                problem = f"logged {faults.texts.pop()}"
                faults.texts.clear()
            if problem:
                problems[number] = f"{parser}: {problem} for {data[:200]!r}"
        for logger in loggers:
            logger.removeHandler(faults)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261130)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    problems = run(options.seed, options.cases, first=options.first)
    print(f"gateway: {options.cases} odd requests, {len(problems)} problems")
    for parser_name in ("httptools", "h11"):
        found = run_connections(options.seed, options.cases // 10, parser_name, first=options.first)
        print(f"{parser_name}: {options.cases // 10} hostile connections, {len(found)} problems")
        problems |= found
    for number, problem in list(problems.items())[:20]:
        print(f"  --seed {options.seed} --first {number} --cases 1: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
