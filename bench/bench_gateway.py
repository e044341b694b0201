"""The gateway beside a floor and LiteLLM's proxy: calls a second, CPU a call, latency, memory, start. One worker each.

The upstream is on loopback and answers at once. All servers run during all of the bench; they are loaded in turns, in several
rounds, and ratios are taken within a round. CPU and memory are those of a server's process, as the kernel counts them.

LiteLLM runs in an environment of its own, which $BENCH_LITELLM names: `python -m venv X && X/bin/pip install 'litellm[proxy]'`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import Request, urlopen

import msgspec

from bench.gateway_server import configuration
from bench.load_server import EVENTS
from llm_pure.bench.report import Report, met, times

LITELLM_ENV = "BENCH_LITELLM"
KEY = "sk-bench-1234"
START_S = 90.0
TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    name: str
    port: int
    pid: int
    start_s: float
    """Until it answered for the first time."""
    rss_mb: float
    """Then."""
    start_cpu_s: float = 0.0
    """Until then; on a machine that others use, what it says more than `start_s`."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One server under one load, in one round."""

    calls_s: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    rss_mb: float


def run(quick: bool) -> list[Report]:
    """unary: an answer in one piece; stream: 200 events, each in a write of its own."""
    rounds, seconds = (1, 1.0) if quick else (3, 1.5)
    loads = [("unary", 1), ("unary", 32), ("stream", 1), ("stream", 32)]
    results: dict[tuple[str, str, int], list[Measured]] = {}
    with ExitStack() as stack:
        servers = list(_servers(stack))
        for _ in range(rounds):
            for mode, connections in loads:
                for server in servers:
                    row = measure(server, mode, connections, seconds)
                    results.setdefault((server.name, mode, connections), []).append(row)
    names = [server.name for server in servers]
    return [
        _table(names, loads, results, rounds),
        _starts(servers, results),
        _goals(servers, results),
    ]


def _servers(stack: ExitStack) -> Iterator[Server]:
    upstream = stack.enter_context(upstream_service())
    url = f"http://127.0.0.1:{upstream.port}/v1"
    yield upstream
    for name in ("through", "floor"):
        yield stack.enter_context(python_server(name, url))
    yield stack.enter_context(gateway_command(url))
    if os.environ.get(LITELLM_ENV):
        yield stack.enter_context(litellm_proxy(url))


@contextmanager
def upstream_service() -> Iterator[Server]:
    """The provider: it answers at once, a stream in one write for each event."""
    command = [sys.executable, "-m", "bench.load_server", "0", str(EVENTS + 1)]
    with _process(command, reads_port=True) as (process, port):
        assert port is not None
        yield Server("upstream", port, process.pid, 0.0, rss_mb(process.pid))


@contextmanager
def python_server(name: str, url: str) -> Iterator[Server]:
    """One of `bench.gateway_server`."""
    began = monotonic()
    command = [sys.executable, "-m", "bench.gateway_server", name, url]
    with _process(command, reads_port=True) as (process, port):
        assert port is not None
        yield _started(name, process, port, began)


@contextmanager
def gateway_command(url: str) -> Iterator[Server]:
    """`llm-pure serve`, as users start it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "llm-pure.yaml")
        file.write_text(configuration(url))
        port, began = free_port(), monotonic()
        arguments = ["serve", "--config", str(file), "--port", str(port)]
        with _process([sys.executable, "-m", "llm_pure", *arguments]) as (process, _):
            yield _started("llm-pure", process, port, began)


@contextmanager
def litellm_proxy(url: str) -> Iterator[Server]:
    """LiteLLM's proxy with a master key and without a database."""
    with tempfile.TemporaryDirectory() as folder:
        params = {"model": "openai/bench", "api_base": url, "api_key": "k"}
        config = {
            "model_list": [{"model_name": "bench", "litellm_params": params}],
            "general_settings": {"master_key": KEY},
        }
        file = Path(folder, "config.yaml")
        file.write_text(json.dumps(config))  # JSON is YAML
        port, began = free_port(), monotonic()
        program = str(Path(os.environ[LITELLM_ENV], "bin", "litellm"))
        command = [program, "--config", str(file), "--port", str(port), "--num_workers", "1"]
        with _process([*command, "--host", "127.0.0.1"]) as (process, _):
            yield _started("litellm", process, port, began)


@contextmanager
def _process(
    command: list[str], *, reads_port: bool = False
) -> Iterator[tuple["subprocess.Popen[str]", int | None]]:
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if reads_port else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            port = None
            if reads_port:
                assert process.stdout is not None
                port = int(process.stdout.readline())
            yield process, port
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _started(name: str, process: "subprocess.Popen[str]", port: int, began: float) -> Server:
    """Wait until the server answers, whatever it answers."""
    headers = {"authorization": f"Bearer {KEY}"}
    while True:
        try:
            urlopen(
                Request(f"http://127.0.0.1:{port}/v1/models", headers=headers), timeout=5
            ).read()
        except URLError as error:
            if not isinstance(error.reason, OSError) or monotonic() - began > START_S:
                raise
            if process.poll() is not None:
                raise RuntimeError(f"{name} has ended with {process.returncode}") from None
            sleep(0.005)
        else:
            break
    pid = process.pid
    return Server(name, port, pid, monotonic() - began, rss_mb(pid), cpu_s(pid))


def measure(server: Server, mode: str, connections: int, seconds: float) -> Measured:
    """Load a server for some seconds, from a process of its own."""
    before = cpu_s(server.pid)
    arguments = [str(server.port), mode, str(connections), str(seconds), KEY]
    done = subprocess.run(
        [sys.executable, "-m", "bench.gateway_client", *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{server.name}, {mode}: {done.stderr[-2000:]}")
    line = json.loads(done.stdout)
    return Measured(
        calls_s=line["timed"] / line["seconds"],
        cpu_us=1e6 * (cpu_s(server.pid) - before) / line["calls"],
        p50_ms=line["p50_ms"],
        p99_ms=line["p99_ms"],
        rss_mb=rss_mb(server.pid),
    )


def free_port() -> int:
    """A port that nobody uses now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


Results = dict[tuple[str, str, int], list[Measured]]


def _table(names: list[str], loads: list[tuple[str, int]], results: Results, rounds: int) -> Report:
    rows: list[tuple[str, ...]] = []
    records: list[dict[str, str | float]] = []
    for mode, connections in loads:
        for name in names:
            lines = results[name, mode, connections]
            values = {
                field: median([getattr(line, field) for line in lines])
                for field in Measured.__struct_fields__
            }
            rows.append(
                (
                    name,
                    mode,
                    str(connections),
                    f"{values['calls_s']:.0f}",
                    f"{values['cpu_us']:.0f}",
                    f"{values['p50_ms']:.2f}",
                    f"{values['p99_ms']:.2f}",
                    f"{values['rss_mb']:.0f}",
                )
            )
            records.append(
                {
                    "bench": "gateway",
                    "name": name,
                    "mode": mode,
                    "connections": connections,
                    **values,
                }
            )
    return Report(
        title=f"Gateways on loopback, the upstream answers at once (median of {rounds})",
        head=(
            "server",
            "answer",
            "connections",
            "calls/s",
            "CPU us",
            "p50 ms",
            "p99 ms",
            "RSS MiB",
        ),
        rows=tuple(rows),
        records=tuple(records),
    )


def _starts(servers: list[Server], results: Results) -> Report:
    rows: list[tuple[str, ...]] = []
    records: list[dict[str, str | float]] = []
    for server in servers[1:]:
        after = max([line.rss_mb for line in results[server.name, "stream", 32]])
        shown = (server.start_s, server.start_cpu_s)
        memory = (server.rss_mb, after)
        rows.append(
            (server.name, *[f"{one:.2f}" for one in shown], *[f"{one:.0f}" for one in memory])
        )
        records.append(
            {
                "bench": "gateway-start",
                "name": server.name,
                "start_s": server.start_s,
                "start_cpu_s": server.start_cpu_s,
                "rss_mb": server.rss_mb,
                "rss_after_mb": after,
            }
        )
    return Report(
        title="Start until the first answer, and memory then and after the load",
        head=("server", "start s", "CPU s", "RSS MiB", "after"),
        rows=tuple(rows),
        records=tuple(records),
    )


def _goals(servers: list[Server], results: Results) -> Report:
    """What was promised; ratios are taken within each round."""

    def ratio(field: str, name: str, other: str, mode: str) -> float | None:
        if (other, mode, 32) not in results:
            return None
        pairs = zip(results[name, mode, 32], results[other, mode, 32], strict=True)
        return median([getattr(one, field) / getattr(two, field) for one, two in pairs])

    ours = next(server for server in servers if server.name == "llm-pure")
    direct = [line.p50_ms for line in results["upstream", "unary", 1]]
    mine = [line.p50_ms for line in results["llm-pure", "unary", 1]]
    added = median([one - two for one, two in zip(mine, direct, strict=True)])
    peak = max(
        [line.rss_mb for key, lines in results.items() if key[0] == "llm-pure" for line in lines]
    )
    goals: list[tuple[str, float | None, str, bool, float]] = [
        ("unary: CPU of the floor's", ratio("cpu_us", "llm-pure", "floor", "unary"), "x", False, 2),
        ("unary: calls/s of LiteLLM's", ratio("calls_s", "llm-pure", "litellm", "unary"), "x", True, 20),
        ("stream: CPU of the floor's", ratio("cpu_us", "llm-pure", "floor", "stream"), "x", False, 3),
        ("stream: calls/s of LiteLLM's", ratio("calls_s", "llm-pure", "litellm", "stream"), "x", True, 30),
        ("added at one connection, p50", added, " ms", False, 0.6),
        ("memory under load", peak, " MiB", False, 90),
        ("start", ours.start_s, " s", False, 0.5),
        ("start, CPU", ours.start_cpu_s, " s", False, 0.5),
    ]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    records: list[dict[str, str | float | bool | None]] = []
    for what, value, unit, at_least, limit in goals:
        sense = "at least" if at_least else "at most"
        is_met = value is not None and (value >= limit if at_least else value <= limit)
        shown = "-" if value is None else times(value) if unit == "x" else f"{value:.2f}{unit}"
        goal = f"{sense} {limit:g}{unit}"
        rows.append((what, shown, goal if value is None else met(is_met, goal)))
        records.append({"bench": "gateway", "goal": what, "value": value, "met": is_met})
    return Report(
        title="Goals of the gateway",
        head=("what", "here", "goal"),
        rows=tuple(rows),
        records=tuple(records),
    )
