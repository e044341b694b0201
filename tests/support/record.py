"""`make record`: starts the servers on loopback, asks every question of `scenarios`, keeps the exchanges.

The servers: aimock (npm @copilotkit/aimock, an independent mock of many providers' APIs), and tests/support/services for
the APIs that aimock does not speak, or speaks badly. vcrpy records through
pytest-recording; secrets are gone before a file is written. Afterwards each cassette is told where it came from, and
cassettes/README.md is written. Needs Node where aimock answers. `make record ONLY="acme zeta"`: these providers alone; ONLY=batches: the
batch services of all providers, which needs no Node.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from llm_pure.replay.cassette_files import load_cassette, save_cassette
from llm_pure.replay.secrets.redaction import redact_cassette
from tests.support.batch_scenarios import batch_scenarios
from tests.support.scenarios import AIMOCK_URL, CASSETTES, scenarios
from tests.support.services import LOOPBACK_PORT, NAME, serve

ROOT = Path(__file__).parents[2]
AIMOCK = "@copilotkit/aimock@1.43.0"
VERSION = f"aimock {AIMOCK.rsplit('@', 1)[1]} (npm @copilotkit/aimock)"


def main() -> int:
    """0 when everything was recorded and reads back."""
    only = sys.argv[1:]
    wanted = [one for one in scenarios() if not only or one.speaker.provider in only]
    batches = [
        one for one in batch_scenarios() if not only or {one.provider_name, "batches"} & {*only}
    ]
    servers = {one.speaker.server for one in wanted} | ({"loopback"} if batches else set())
    names = {f"[{one.speaker.provider}-" for one in wanted} | {f"[{one.id}]" for one in batches}
    with ExitStack() as up:
        if "aimock" in servers:
            up.enter_context(aimock())
        if "loopback" in servers:
            up.enter_context(serve(LOOPBACK_PORT))
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             "tests/every_provider/test_recorded.py", "tests/every_provider/test_batch_recorded.py",
             "--record-mode=rewrite", "-k", " or ".join(sorted(names))],
            cwd=ROOT, check=False,
        )  # fmt: skip
    sources = {
        "aimock": f"{VERSION}, an independent mock server on loopback; not the provider's own service",
        "loopback": NAME,
    }
    for one in wanted:
        if one.path.exists():
            finish(one.path, one.speaker.provider, one.operation, sources[one.speaker.server])
    for batch in batches:
        if batch.path.exists():
            finish(batch.path, batch.provider_name, batch.operation, NAME)
    known = {one.path for one in scenarios()} | {batch.path for batch in batch_scenarios()}
    for path in CASSETTES.glob("*/*.yaml"):
        if path not in known:
            path.unlink()
    (CASSETTES / "README.md").write_text(readme(), "utf-8")
    return ran.returncode


def finish(path: Path, provider: str, operation: str, source: str) -> None:
    """Say in the cassette what it was recorded from."""
    cassette = load_cassette(path).unwrap()
    exchanges = tuple(
        [
            msgspec.structs.replace(one, provider=provider, operation=operation)
            for one in cassette.interactions
        ]
    )
    told = redact_cassette(
        msgspec.structs.replace(cassette, interactions=exchanges, recorded_from=source)
    )
    save_cassette(path, told).unwrap()


@contextmanager
def aimock() -> Iterator[None]:
    """The server, up and answering."""
    npx = shutil.which("npx")
    if npx is None:
        raise SystemExit(
            "`make record` needs Node (npx), to run the npm package @copilotkit/aimock"
        )
    fixtures = ROOT / "tests/support/aimock.json"
    port = AIMOCK_URL.rsplit(":", 1)[1]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [npx, "--yes", "-p", AIMOCK, "llmock", "-p", port, "-f", str(fixtures), "-c", "12",
             "--log-level", "warn"],
            cwd=folder, start_new_session=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(f"{AIMOCK_URL}/health")
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # npx and the node that it started
            server.wait(10)


def _wait(url: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the server did not come up at {url}")


def readme() -> str:
    """cassettes/README.md."""
    counts: dict[tuple[str, str], int] = {}
    for one in scenarios():
        key = (one.speaker.provider, one.speaker.server)
        counts[key] = counts.get(key, 0) + 1
    for batch in batch_scenarios():
        key = (batch.provider_name, "loopback")
        counts[key] = counts.get(key, 0) + 1
    rows = [f"| {name} | {server} | {count} |" for (name, server), count in sorted(counts.items())]
    return "\n".join(
        [
            "# Cassettes",
            "",
            "Recorded by this project (`make record`) from servers that ran on loopback. Nothing here is a provider's",
            f"own traffic. aimock is {VERSION}, a mock server that others wrote from the providers' documentation;",
            "its fixtures are in `tests/support/aimock.json`, and the questions in `tests/support/questions.py`.",
            f"loopback is {NAME}:",
            "`tests/support/services/`, with the same fixtures; for batch services `tests/support/batches/`.",
            "",
            "VCR YAML, version 1, one exchange in a file: `<provider>/<operation>.<unary|stream>.<status>.<hash>.yaml`;",
            "results of batches may stand in files of their own, which follow.",
            "The hash is of the request as built, so a request that changed is missed and not replayed by mistake.",
            "Credentials, cookies and account ids were taken out before a file was written",
            "(`llm_pure/replay/secrets/redaction.py`).",
            "",
            "| provider | recorded from | exchanges |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
