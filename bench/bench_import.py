"""Imports and first answers in fresh processes, against what llm_pure stands on and against the peers; interleaved, medians."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import median

from llm_pure.bench.report import Record, Report, met, times

FLOOR, OURS = "msgspec and returns.result", "llm_pure"

_MOST = 1.5
"""Goal: at most so many times the floor."""

IMPORTS = {
    FLOOR: "import msgspec, returns.result",
    OURS: "import llm_pure",
    "llm_pure, with openai's adapter": "from llm_pure.adapters import registry; registry.get('openai')",
    "llm_pure, with its client": "from llm_pure import LLM",
    "openai": "import openai",
    "anthropic": "import anthropic",
    "google.genai": "from google import genai",
    "litellm": "import litellm",
    "lm15": "import lm15",
}

BARE, ANSWER = "httpx and json", "llm_pure"

FIRST_ANSWERS = {
    BARE: """
import sys
sys.modules["httpx._main"] = None
import httpx, json
body = {{"model": "bench", "messages": [{{"role": "user", "content": "Hi"}}]}}
with httpx.Client() as client:
    json.loads(client.post("{url}/chat/completions", json=body).content)["choices"][0]["message"]["content"]
""",
    ANSWER: """
from llm_pure import LLM, LLMConfig
LLM(LLMConfig(api_key="none", model="bench", base_url="{url}", stream=False)).ask("Hi").unwrap()
""",
}
"""Programs that ask one question. httpx's command line is kept out: httpx imports it wherever click and rich are installed."""

_MOST_FIRST = 1.3
"""Goal: at most so many times bare httpx."""

_MEASURE = """
from time import process_time
start = process_time()
{}
print(process_time() - start)
"""


def run(quick: bool) -> list[Report]:
    """One row for each import."""
    here = {name: code for name, code in IMPORTS.items() if _is_here(name)}
    taken: dict[str, list[float]] = {name: [] for name in here}
    for round_number in range(4 if quick else 21):
        for name, code in here.items():
            if round_number % 4 and name not in (FLOOR, OURS):
                continue  # the slow ones need fewer rounds
            taken[name].append(_seconds(code))
    ours = median(taken[OURS])
    floor = median(taken[FLOOR])
    of_floor = median([mine / bare for mine, bare in zip(taken[OURS], taken[FLOOR], strict=True)])
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    for name, seconds in taken.items():
        took = median(seconds)
        ratio = of_floor if name == OURS else took / floor
        goal = met(of_floor <= _MOST, f"at most {_MOST:g}x") if name == OURS else ""
        rows.append((name, f"{took * 1e3:.1f}", times(ratio), times(took / ours), goal))
        records.append(
            {
                "bench": "import",
                "who": name,
                "ms": round(took * 1e3, 2),
                "of_floor": round(ratio, 3),
                "of_llm_pure": round(took / ours, 3),
            }
        )
    return [
        Report(
            title="Imports in fresh processes, CPU time, bytecode cached",
            head=("import of", "ms", "of the floor", "of llm_pure", "goal"),
            rows=tuple(rows),
            records=tuple(records),
        ),
        _first_answers(quick),
    ]


def _first_answers(quick: bool) -> Report:
    taken: dict[str, list[float]] = {name: [] for name in FIRST_ANSWERS}
    with _service() as url:
        for _ in range(4 if quick else 21):
            for name, code in FIRST_ANSWERS.items():
                taken[name].append(_seconds(code.format(url=url)))
    ratio = median([ours / bare for ours, bare in zip(taken[ANSWER], taken[BARE], strict=True)])
    goal = met(ratio <= _MOST_FIRST, f"at most {_MOST_FIRST:g}x")
    rows = [
        (BARE, f"{median(taken[BARE]) * 1e3:.1f}", times(1), ""),
        (ANSWER, f"{median(taken[ANSWER]) * 1e3:.1f}", times(ratio), goal),
    ]
    record: Record = {"bench": "first", "who": ANSWER, "of_bare": round(ratio, 3)}
    return Report(
        title="From the import to the first answer, over loopback",
        head=("with", "ms", "of bare", "goal"),
        rows=tuple(rows),
        records=(record,),
    )


@contextmanager
def _service() -> Iterator[str]:
    """The base URL of a service that answers at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.load_server", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        finally:
            server.stdin.close()


def _is_here(name: str) -> bool:
    if name.startswith(("msgspec", "llm_pure")):
        return True
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _seconds(code: str) -> float:
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": ""}
    command = [sys.executable, "-c", _MEASURE.format(code)]
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    return float(done.stdout.split()[-1])
