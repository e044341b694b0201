"""The table of README.md: what llm-pure, litellm, lm15, pydantic-ai and vcrpy do in the same situations. `make compare`

Each cell is what a fresh process prints; a server on loopback answers. A cell that does not apply is "-", a library
that is not installed "not installed".
"""

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, distribution, version

from packaging.requirements import Requirement

LIBRARIES = {
    "llm-pure": "llm-pure",
    "litellm": "litellm",
    "lm15": "lm15",
    "pydantic-ai": "pydantic-ai-slim",
    "vcrpy": "vcrpy",
}
"""Column -> distribution."""

EXTRAS = {"pydantic-ai": ("openai",)}

CUT = b'data: {"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": {"content": "Half a "}}]}\n\n'
"""A stream that ends after its first event, as behind a proxy that restarts."""

HTML = b"<html><body>Bad gateway</body></html>"

ASK = {
    "llm-pure": """
        from llm_pure import LLM, LLMConfig
        from llm_pure.policy.retry import NO_RETRY
        llm = LLM(LLMConfig(api_type="openai", base_url=URL, api_key="k", model="m"), retry=NO_RETRY)
        with llm.stream("Hi") as events:
            list(events)
        result = events.result()
        print(result.map(lambda c: "success: " + c.text).value_or(None) or "error: " + result.failure().kind)
    """,
    "litellm": """
        import litellm
        chunks = list(litellm.completion("openai/m", [{"role": "user", "content": "Hi"}], api_base=URL, api_key="k", stream=True, num_retries=0))
        print("success: " + litellm.stream_chunk_builder(chunks).choices[0].message.content)
    """,
    "lm15": """
        from lm15 import Message, OpenAIChatLM, Request
        lm = OpenAIChatLM(api_key="k", base_url=URL)
        text = ""
        for event in lm.stream(Request(model="m", messages=(Message.user("Hi"),))):
            if event.type == "error":
                raise RuntimeError(event.error)
            if event.type == "delta" and event.delta.type == "text":
                text += event.delta.text
        print("success: " + text)
    """,
    "pydantic-ai": """
        import asyncio
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider
        agent = Agent(OpenAIChatModel("m", provider=OpenAIProvider(base_url=URL, api_key="k")))
        async def main():
            async with agent.run_stream("Hi") as result:
                print("success: " + await result.get_output())
        asyncio.run(main())
    """,
}
"""Column -> a streamed call of a model at URL; prints "success: text" or "error: name"."""

RECORD = {
    "llm-pure": """
        from llm_pure import LLM, LLMConfig
        from llm_pure.replay import RecordingOverride, open_cassette, override_transport
        cassette = open_cassette(FILE, mode="all").unwrap()
        with override_transport(RecordingOverride(cassette)):
            LLM(LLMConfig(api_type="openai", base_url=URL, api_key="sk-secret-of-mine-123456789", model="m")).completion_text("Hi")
        cassette.save().unwrap()
    """,
    "vcrpy": """
        import httpx, vcr
        with vcr.use_cassette(FILE):
            httpx.post(URL + "/chat/completions", json={"model": "m"}, headers={"authorization": "Bearer sk-secret-of-mine-123456789"})
    """,
}
"""Column -> record one call, with the default settings, into FILE."""

WHOLE = b'{"id": "1", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}]}'

IMPORTS = {
    "llm-pure": "from llm_pure import LLM",
    "litellm": "import litellm",
    "lm15": "import lm15",
    "pydantic-ai": "import pydantic_ai",
    "vcrpy": "import vcr",
}


@contextmanager
def server(content_type: str, body: bytes) -> Iterator[str]:
    """A server that answers every POST with this body, and closes the connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/v1"
        listening.shutdown()


def run(code: str, **names: str) -> str:
    """The last line that the code prints, or "error: name" of its exception."""
    head = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if ran.returncode:
        last = ran.stderr.strip().splitlines()[-1]
        return "error: " + last.partition(":")[0].rpartition(".")[2]
    last = (ran.stdout.strip().splitlines() or [""])[-1]
    head, colon, text = last.partition("success:")
    return f'success: "{text.strip()}"' if colon and not head else last


def packages(column: str) -> str:
    """How many distributions an installation has, without extras, this one included."""
    seen: set[str] = set()
    todo: list[tuple[str, tuple[str, ...]]] = [(LIBRARIES[column], EXTRAS.get(column, ()))]
    while todo:
        name, extras = todo.pop()
        key = name.lower().replace("_", "-").replace(".", "-")
        if key in seen:
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        seen.add(key)
        for text in found.requires or ():
            needed = Requirement(text)
            wanted = [{"extra": extra} for extra in extras or ("",)]
            if needed.marker is None or any(needed.marker.evaluate(one) for one in wanted):
                todo.append((needed.name, tuple(needed.extras)))
    return str(len(seen))


def import_ms(column: str) -> str:
    """CPU milliseconds of the import, the median of five fresh processes."""
    code = f"import time\nstart = time.process_time()\n{IMPORTS[column]}\nprint(round((time.process_time() - start) * 1000))"
    return sorted((run(code) for _ in range(5)), key=lambda text: int(text))[2]


def recorded_key(column: str) -> str:
    """Is the key of the call in the cassette?"""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder, server("application/json", WHOLE) as url:
        file = Path(folder) / "cassette.yaml"
        run(RECORD[column], URL=url, FILE=str(file))
        return "yes" if "sk-secret-of-mine" in file.read_text("utf-8") else "no"


def cell(row: str, column: str) -> str:
    try:
        version(LIBRARIES[column])
    except PackageNotFoundError:
        return "not installed"
    match row:
        case "version":
            return version(LIBRARIES[column])
        case "packages that it installs":
            return packages(column)
        case "import, ms of CPU":
            return import_ms(column)
        case "the key is in a recorded cassette, with default settings" if column in RECORD:
            return recorded_key(column)
        case "a stream that is cut off" if column in ASK:
            with server("text/event-stream", CUT) as url:
                return run(ASK[column], URL=url)
        case "an HTML page with status 200, in place of a stream" if column in ASK:
            with server("text/html", HTML) as url:
                return run(ASK[column], URL=url)
        case _:
            return "-"


ROWS = (
    "version",
    "packages that it installs",
    "import, ms of CPU",
    "a stream that is cut off",
    "an HTML page with status 200, in place of a stream",
    "the key is in a recorded cassette, with default settings",
)


def main() -> None:
    """Print the table as Markdown."""
    print("| | " + " | ".join(LIBRARIES) + " |")
    print("| --- |" + " --- |" * len(LIBRARIES))
    for row in ROWS:
        print(
            f"| {row} | " + " | ".join(cell(row, column) for column in LIBRARIES) + " |", flush=True
        )


if __name__ == "__main__":
    main()
