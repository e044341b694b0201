"""`llm-pure bench`: its output on shipped cassettes, with a clock that advances by fixed steps."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import msgspec
import pytest

from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Instruments
from llm_pure.cli import bench
from llm_pure.cli.main import main

ROOT = Path(__file__).parents[2]
Captured = pytest.CaptureFixture[str]
OPENAI, COHERE = str(ROOT / "cassettes/openai"), str(ROOT / "cassettes/cohere")
MACHINE = ["CPython, a machine", "msgspec 1"]
STEPS_S = (0.001, 0.004, 0.0015, 0.0005)
"""Duration of each job in turn: floor, ours, the first event, opening and closing."""


def clock() -> Callable[[], float]:
    """Every second reading is later by a step."""
    steps = cycle(STEPS_S)
    now, running = 0.0, False

    def read() -> float:
        nonlocal now, running
        now += next(steps) if running else 0.0
        running = not running
        return now

    return read


@pytest.fixture(autouse=True)
def _fixed_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    instruments = Instruments(
        clock=clock(), peak=lambda prepare: 2500, slice_s=0.0001, collect=lambda: None
    )
    monkeypatch.setattr(bench, "INSTRUMENTS", instruments)
    monkeypatch.setattr(bench, "machine_lines", lambda: MACHINE)


def test_streams_are_measured_beside_the_floor_and_short_ones_are_marked(capsys: Captured) -> None:
    assert main(["bench", "streams", "--rounds", "2", OPENAI]) == 0
    printed = capsys.readouterr()
    assert printed.out == STREAMS
    assert printed.err == LEFT_OUT
    assert max(map(len, printed.out.splitlines())) <= 80


def test_json_has_the_machine_and_a_line_for_each_row(capsys: Captured) -> None:
    assert main(["bench", "streams", "--rounds", "2", "--json", OPENAI]) == 0
    lines = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    group = {
        "kind": "streams",
        "dialect": "openai_chat",
        "length": "short",
        "calls": 9,
        "of_calls": 9,
        "events": 71,
        "size": 15399,
        "peak_kb": 2.5,
    }
    assert lines == [
        {"kind": "machine", "machine": MACHINE[0], "packages": MACHINE[1]},
        {**group, "who": "bare msgspec", "us_per_call": 111.1, "us_per_event": 14.08, "mb_per_s": 15.4},
        {
            **group,
            "who": "llm-pure",
            "us_per_call": 444.4,
            "us_per_event": 56.34,
            "mb_per_s": 3.85,
            "ratio": 4.0,
            "ratio_low": 4.0,
            "ratio_high": 4.0,
            "first_event_us": 166.7,
            "fixed_us": 55.56,
        },
    ]  # fmt: skip


def test_answers_are_measured(capsys: Captured) -> None:
    assert main(["bench", "answers", "--rounds", "1", OPENAI]) == 0
    assert capsys.readouterr().out == ANSWERS


def test_requests_are_read_as_values_and_built_anew(capsys: Captured) -> None:
    assert main(["bench", "build", "--rounds", "1", OPENAI]) == 0
    assert capsys.readouterr().out == BUILD


def test_tokens_of_texts_and_of_cassettes_are_counted(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello " * 150)
    cassette = next(Path(OPENAI).glob("chat.unary.200.0996781d*"))
    assert main(["bench", "tokens", "--rounds", "1", str(tmp_path), str(cassette)]) == 0
    assert capsys.readouterr().out == TOKENS


def test_a_peer_that_reads_some_streams_only_is_measured_on_these(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(sample: Sample, pieces: tuple[bytes, ...]) -> Callable[[], Callable[[], str]]:
        return lambda: lambda: sample.text if len(sample.body) > 1500 else "another text"

    monkeypatch.setattr("llm_pure.bench.contests.readers", lambda dialect: {"peer": read})
    assert main(["bench", "streams", "--rounds", "1", "--peers", OPENAI]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == PEER


def test_a_plot_is_written_and_never_over_another_file(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "speed.svg"
    command = ["bench", "streams", "--rounds", "1", "--plot", str(file), COHERE]
    assert main(command) == 0
    assert file.read_text("utf-8") == PLOT
    assert main(command) == 73
    assert main([*command, "--force"]) == 0
    assert capsys.readouterr().err.count("already exists") == 1


@pytest.mark.parametrize("command", ["streams", "answers", "build", "tokens"])
def test_a_missing_path_is_66_and_nothing_to_measure_is_65(
    command: str, capsys: Captured, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert main(["bench", command, str(tmp_path / "none.yaml")]) == 66
    assert main(["bench", command, str(empty)]) == 65
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("nothing to measure in these files\n")


@pytest.mark.parametrize("rounds", ["0", "-1", "x"])
def test_rounds_are_a_positive_number(rounds: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "streams", f"--rounds={rounds}", OPENAI])
    assert ended.value.code == 64


STREAMS = """\
CPython, a machine
msgspec 1

openai_chat: 9 short streams, 71 events, 15.4 kB

who           us/event  us/stream  MB/s  of bare  +-  first  fixed    kB
------------  --------  ---------  ----  -------  --  -----  -----  ----
bare msgspec      14.1        111  15.4    1.00x                    2.50
llm-pure          56.3        444  3.85    4.00x  0%    167   55.6  2.50
"""
LEFT_OUT = """\
left out: 12 x answer with an error status
left out: 25 x no chat of a known service
"""
ANSWERS = """\
CPython, a machine
msgspec 1

openai_chat: 9 answers, 3.3 kB

who           us/answer  MB/s  of bare  +-    kB
------------  ---------  ----  -------  --  ----
bare msgspec        111  3.34    1.00x      2.50
llm-pure            444  0.83    4.00x  0%  2.50
"""
BUILD = """\
CPython, a machine
msgspec 1

openai_chat: 30 requests, 10.3 kB

who           us/request  MB/s  of bare  +-    kB
------------  ----------  ----  -------  --  ----
bare msgspec        33.3  10.3    1.00x      2.50
llm-pure             133  2.58    4.00x  0%  2.50
"""
TOKENS = """\
CPython, a machine
msgspec 1

o200k_base: 1 long text, 151 tokens, 0.9 kB

who           us/token  us/text  MB/s  of raw  +-    kB
------------  --------  -------  ----  ------  --  ----
raw tiktoken      6.62    1,000  0.90   1.00x      2.50
llm-pure          26.5    4,000  0.23   4.00x  0%  2.50

o200k_base: 2 short texts, 24 tokens, 0.1 kB

who           us/token  us/text  MB/s  of raw  +-    kB
------------  --------  -------  ----  ------  --  ----
raw tiktoken      62.5      750  0.05   1.00x      2.50
llm-pure          20.8      250  0.14   0.33x  0%  2.50
"""
PEER = [
    "peer              27.0        333  8.27    0.67x  0%                2.50",
    "peer reads 3 of 9 streams; its ratio is of these",
]
PLOT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 750 88" font-family="sans-serif" font-size="12" fill="#6a737d">
<text x="0" y="16" font-size="14">CPU time, times the lower bound (logarithmic)</text>
<g transform="translate(0 34)"><text x="0" y="18" font-weight="bold">streams: cohere_chat, short</text></g>
<g transform="translate(0 60)"><text x="12" y="13">llm-pure</text><rect x="250" y="3" width="252.9" height="12" fill="#2f6f9f"/><text x="508.9" y="13">4x</text></g>
</svg>
"""
