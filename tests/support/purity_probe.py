"""A program of its own: everything below the effect layer, done in a world without files, network, clock, environment or chance.

Standard input: JSON [{provider, status, headers, body (base64)}], answers to read beside the made ones.
Standard output: JSON {touched, built, signed, read}: what of the world was touched, where; how much was done.
An argument plants one impure function, which must be noticed: `python -B purity_probe.py clock`.
"""

import base64
import builtins
import datetime
import email.utils  # noqa: F401  # what the core imports of others is there before the world goes
import hashlib  # noqa: F401
import hmac  # noqa: F401
import json
import os
import random
import secrets
import socket
import sys
import time
import urllib.parse  # noqa: F401
import uuid
from collections.abc import Callable, Iterator
from itertools import product
from types import FrameType
from typing import Any

import msgspec
import returns.result  # noqa: F401

touched: list[str] = []


def touch(what: str) -> None:
    """Note what was touched and by whom."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    where = "" if frame is None else f" by {frame.f_code.co_filename}:{frame.f_lineno}"
    touched.append(f"{what}{where}")


def poisoned(what: str) -> Callable[..., Any]:
    """A function that only notes that it was called."""

    def call(*args: object, **kwargs: object) -> Any:
        touch(what)
        raise PermissionError(what)

    return call


class NoClock(datetime.datetime):
    """Times that are given, never taken."""


class NoEnvironment(dict[str, str]):
    """os.environ, as nobody may see it."""


for _taken in ("now", "utcnow", "today"):
    setattr(NoClock, _taken, poisoned(f"datetime.{_taken}"))
for _seen in ("__getitem__", "get", "__contains__", "__iter__", "items", "keys", "values", "copy"):
    setattr(NoEnvironment, _seen, poisoned("os.environ"))


def audit(event: str, args: tuple[Any, ...]) -> None:
    """Python's own notes of what touches the world; those of the import system itself pass."""
    if event == "open" or event.startswith(("os.", "socket.", "subprocess.", "shutil.", "glob.")):
        caller = sys._getframe(1).f_code.co_filename
        if not caller.startswith("<frozen importlib"):
            touch(f"{event} {args[0] if args else ''}")


def poison_the_world() -> None:
    """From here on every touch is noted."""
    datetime.datetime = NoClock  # type: ignore[misc]
    os.__dict__["environ"] = NoEnvironment()
    for module in (time, random, secrets, uuid):
        for name, value in vars(module).copy().items():
            if callable(value) and not name.startswith("_") and not isinstance(value, type):
                setattr(module, name, poisoned(f"{module.__name__}.{name}"))
    random.Random = poisoned("random.Random")  # type: ignore[assignment,misc]
    os.urandom = poisoned("os.urandom")
    os.getenv = poisoned("os.getenv")
    socket.socket = poisoned("socket.socket")  # type: ignore[assignment,misc]
    builtins.open = poisoned("open")
    sys.addaudithook(audit)


PLANTS: dict[str, Callable[[], object]] = {
    "clock": lambda: time.time(),
    "monotonic clock": lambda: time.monotonic(),
    "date": lambda: datetime.datetime.now(datetime.UTC),
    "environment": lambda: os.environ.get("HOME"),
    "chance": lambda: random.random(),
    "system's chance": lambda: os.urandom(4),
    "id": lambda: uuid.uuid4(),
    "file": lambda: open(__file__),  # noqa: SIM115
    "file by number": lambda: os.open(__file__, os.O_RDONLY),
    "folder": lambda: os.listdir("."),
    "socket": lambda: socket.socket(),
    "name of a host": lambda: socket.getaddrinfo("localhost", 80),
    "program": lambda: os.system("true"),
}


MODELS: dict[str, tuple[str, ...]] = {
    "bedrock_invoke": (
        "anthropic.claude-3-haiku-20240307-v1:0",
        "meta.llama3-8b-instruct-v1:0",
        "mistral.mistral-large-2402-v1:0",
        "cohere.command-r-v1:0",
        "ai21.jamba-1-5-mini-v1:0",
        "amazon.titan-text-lite-v1",
        "amazon.nova-lite-v1:0",
        "deepseek.r1-v1:0",
    )
}
"""Models of the providers whose bodies depend on the model; the others take any."""


def requests() -> Iterator[Any]:
    """Questions with everything in them, one part of it at a time: no API takes all."""
    from llm_pure import (
        ChatRequest,
        Image,
        JsonFormat,
        SchemaFormat,
        Tool,
        ToolCall,
        assistant,
        system,
        tool_result,
        user,
    )

    picture = Image(data=b"\x89PNG\r\n\x1a\n\x00")
    tool = Tool(name="f", description="does f")
    call = assistant("Let me see.", ToolCall("call_1", "f", '{"a":1}'))
    yield ChatRequest(messages="hi")
    yield ChatRequest(
        messages=[system("Be short."), {"role": "user", "content": "hi"}], stream=True
    )
    yield ChatRequest(messages=[user("What?", picture)], reasoning="low", max_tokens=5000)
    yield ChatRequest(messages=["hi", call, tool_result("call_1", "21")], tools=(tool,))
    yield ChatRequest(messages="hi", tools=(tool,), tool_choice="required", reasoning=2048)
    yield ChatRequest(
        messages="hi",
        response_format=SchemaFormat(schema={"type": "object"}),
        temperature=0.5,
        top_p=0.5,
        top_k=5,
        stop=("x",),
        seed=1,
        presence_penalty=0.5,
        frequency_penalty=0.5,
        repetition_penalty=1.5,
        n=2,
        logprobs=2,
        metadata={"a": "b"},
    )
    yield ChatRequest(messages="hi", response_format=JsonFormat(), extra={"x": 1})


def run(given: list[dict[str, Any]], plant: str | None) -> dict[str, Any]:
    """Every provider: loaded, and everything done that it does."""
    from llm_pure import EmbedRequest, HttpResponse, LLMConfig, ResponseHead, collect, describe
    from llm_pure.adapters import registry
    from llm_pure.types.result import Failure, Success

    now = NoClock(2026, 11, 20, 12, tzinfo=datetime.UTC)
    done: dict[str, dict[str, int]] = {"built": {}, "signed": {}, "read": {}}
    answers = [
        HttpResponse(status, (("content-type", kind), ("retry-after", "2")), body)
        for status in (200, 400, 429, 500)
        for kind in ("application/json", "text/event-stream", "application/x-ndjson")
        for body in (b"", b"{}", b'{"error":{"message":"no"}}', b"data: {}\n\n", b"\xff<html>")
    ]

    def count(what: str, name: str, result: Any) -> Any:
        if isinstance(result, Success):
            done[what][name] = done[what].get(name, 0) + 1
            return result.unwrap()
        describe(result.failure())
        return None

    for name in sorted(registry.entries):  # `names` asks the import system for installed packages
        provider = registry.get(name).unwrap()
        if plant is not None:
            PLANTS[plant]()
        config = LLMConfig(
            api_type=name,
            model="some-model",
            base_url="https://service.test/v1",
            api_key="some-key-1234",
            access_key="some-key-1234",
            secret_key="some-key-1234",
            session_token="some-key-1234",
            api_secret="some-key-1234",
            app_id="app",
            domain="generalv3.5",
            region_name="us-east-1",
            project="project",
            location="us-central1",
            headers=(("x-team", "blue"),),
        )
        models = MODELS.get(name, ("some-model",))
        for request, model, strict in product(requests(), models, (False, True)):
            asked = msgspec.structs.replace(request, model=model)
            built = count("built", name, provider.build_chat(config, asked, strict=strict))
            if built is not None:
                count("signed", name, provider.authorize(config, built.request, now))
            if provider.count_tokens is not None:
                count("built", name, provider.count_tokens.build(config, asked))
        if provider.embed is not None:
            count(
                "built", name, provider.embed.build(config, EmbedRequest(input="a", dimensions=8))
            )
        recorded = [
            HttpResponse(
                one["status"],
                tuple((key, value) for key, value in one["headers"]),
                base64.b64decode(one["body"]),
            )
            for one in given
            if one["provider"] == name
        ]
        for answer in (*answers, *recorded):
            count("read", name, provider.parse_chat(answer))
            for operation in (provider.embed, provider.count_tokens):
                if operation is not None:
                    count("read", name, operation.parse(answer))
            decoder = provider.open_stream(ResponseHead(answer.status, answer.headers))
            events: list[Any] = []
            half = len(answer.body) // 2
            fed = [
                decoder.feed(answer.body[:half]),
                decoder.feed(answer.body[half:]),
                decoder.close(),
            ]
            for result in fed:
                if not isinstance(result, Failure):
                    events += result.unwrap()
            count("read", name, collect(events))
            decoder.partial()
    return done


def main() -> None:
    """Read what was given, leave the world, do everything, say what was touched."""
    given = msgspec.json.decode(sys.stdin.buffer.read() or b"[]")
    plant = sys.argv[1] if len(sys.argv) > 1 else None
    poison_the_world()
    try:
        done = run(given, plant)
    except PermissionError:
        done = {}
    sys.stdout.write(json.dumps({"touched": touched, **done}))


if __name__ == "__main__":
    main()
