"""A provider batch with results of one gigabyte: peak memory of the process that fetches them.

    python -m tests.support.batch_size 200000 5000

The service is on loopback in this process and makes the file of results while it is read; the run is in a process of its
own. Exit 1 if fetching takes more than 64 MB beyond a run with as many rows and short results.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from msgspec.structs import replace

from llm_pure.adapters import registry
from llm_pure.core.batch_api import BatchApi
from llm_pure.core.provider import Provider
from llm_pure.core.registry import Registry
from tests.support.http_service import http_service

MAX_MB = 64

_RUN = """
import resource, time
from llm_pure import LLMConfig
from llm_pure.bulk import open_run
from llm_pure.bulk.provider_batches import run_provider
from tests.support.batch_size import one_job
config = LLMConfig(api_type="openai", model="gpt-4o-mini", api_key="k-0123456789", base_url={url!r})
run = open_run({run!r}, {rows!r}, config=config, registry=one_job()).unwrap()
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
planned, began_s = peak(), time.process_time()
summary = run_provider(run, sleep=lambda seconds: None)
assert (summary.reason, summary.counts.answered) == ("finished", len(run)), summary
print(planned, peak(), time.process_time() - began_s)
"""


class _Service(BaseHTTPRequestHandler):
    """One account of OpenAI with one job, whose results are as long as `text_bytes` makes them."""

    protocol_version = "HTTP/1.1"
    ids: tuple[str, ...] = ()
    text_bytes = 0

    def do_POST(self) -> None:
        """Take the file, or the job."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path.endswith("/files"):
            type(self).ids = tuple(re.findall(r'"custom_id":"([^"]*)"', body.decode()))
            self._answer({"id": "file-1", "object": "file"})
        else:
            self._answer(self._job())

    def do_GET(self) -> None:
        """Answer with the job, or its results."""
        if not self.path.endswith("/content"):
            self._answer(self._job())
            return
        lines = [self._line(name) for name in self.ids[:1]]
        self.send_response(200)
        self.send_header("content-type", "application/octet-stream")
        self.send_header("content-length", str(len(lines[0]) * len(self.ids)))
        self.end_headers()
        for name in self.ids:
            self.wfile.write(self._line(name))

    def _line(self, name: str) -> bytes:
        message = {"role": "assistant", "content": "x" * self.text_bytes}
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
        }
        response = {"status_code": 200, "request_id": "r", "body": body}
        line = {"id": "batch_req_1", "custom_id": name, "response": response, "error": None}
        return json.dumps(line).encode() + b"\n"

    def _job(self) -> dict[str, object]:
        return {
            "id": "batch_1",
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "status": "completed",
            "input_file_id": "file-1",
            "output_file_id": "file-2",
            "created_at": int(time.time()),
        }

    def _answer(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def one_job() -> Registry:
    """The providers, of which OpenAI takes all rows in one job."""
    provider = registry.get("openai").unwrap()

    def make_batch(provider: Provider) -> BatchApi:
        assert base is not None
        api: BatchApi = base(provider)
        return replace(api, limits=replace(api.limits, max_requests=None))

    base = provider.make_batch
    return registry.with_provider("openai", replace(provider, make_batch=make_batch))


def measure(count: int, text_bytes: int) -> tuple[float, float, float]:
    """Return the peak in MB after planning and at the end, and the CPU seconds of the job."""
    _Service.text_bytes = text_bytes
    with tempfile.TemporaryDirectory() as folder, http_service(_Service) as url:
        rows = Path(folder, "rows.jsonl")
        with rows.open("w") as file:
            for row in range(count):
                file.write(json.dumps({"prompt": f"Is {row} prime?"}) + "\n")
        program = _RUN.format(url=f"{url}/v1", run=str(Path(folder, "run")), rows=str(rows))
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    planned, peak, cpu_s = map(float, done.stdout.split())
    return planned, peak, cpu_s


def main(count: int, text_bytes: int) -> int:
    """Print what was measured."""
    peaks = {}
    for size in (1, text_bytes):
        planned, peaks[size], cpu_s = measure(count, size)
        print(f"{count:,} results with {size:,} bytes of text: peak {peaks[size]:.0f} MB ({planned:.0f} MB once planned), {cpu_s:.1f} s CPU")  # fmt: skip
    return 1 if peaks[text_bytes] - peaks[1] > MAX_MB else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))
