"""`llm-pure batch`: every command, its exit code and what it writes."""

import gzip
import io
import json
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from llm_pure import LLMConfig, answering
from llm_pure.bulk import run_local
from llm_pure.bulk.opening import open_run
from llm_pure.cli.main import main
from tests.support.bulk_service import BulkService, bulk_service

pyarrow: Any = import_module("pyarrow")  # by name: it has no types
parquet: Any = import_module("pyarrow.parquet")
REVIEWS = 'id,text\n1,good\n2,"bad, very"\n3,[400]\n'


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BulkService]:
    service = BulkService()
    with bulk_service(service) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-4815162342")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("LLM_PURE_MODEL", "openai:gpt-4o-mini")
        monkeypatch.chdir(tmp_path)
        yield service


@pytest.fixture
def reviews(tmp_path: Path) -> list[str]:
    (tmp_path / "reviews.csv").write_text(REVIEWS)
    return ["reviews.csv", "--prompt", "Classify: {text}"]


def batch(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(["batch", *arguments])
    except SystemExit as usage:
        code = int(usage.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_run_answers_every_row_and_writes_the_results(
    reviews: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = batch(capsys, "run", *reviews)
    assert code == 3
    assert "finished: 2 of 3 rows answered, 1 error (invalid_request 1), 0.00009 USD" in err
    run = tmp_path / "runs" / "reviews"
    results = lines((run / "out.jsonl").read_text())
    assert [row["llm_text"] for row in results] == [
        "yes: Classify: good", "yes: Classify: bad, very", None,
    ]  # fmt: skip
    assert results[2]["llm_error_kind"] == "invalid_request"
    assert {key: results[0][key] for key in ("id", "text", "custom_id", "llm_cost_usd")} == {
        "id": "1", "text": "good", "custom_id": "row-1", "llm_cost_usd": "0.000045",
    }  # fmt: skip
    assert [row["id"] for row in lines((run / "errors.jsonl").read_text())] == ["3"]
    assert "canary" not in "".join(
        path.read_text("latin-1") for path in run.rglob("*") if path.is_file()
    )


def test_status_and_resume_of_a_run_that_the_budget_stopped(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, service: BulkService
) -> None:
    (tmp_path / "a.jsonl").write_text(
        "".join(f'{{"prompt": "Is {n} prime?"}}\n' for n in range(20))
    )
    options = ["a.jsonl", "-o", "run", "--max-tokens", "100", "--concurrency", "4"]
    code, _, err = batch(capsys, "run", *options, "--max-cost", "0.0005")
    assert code == 4
    assert "go on with: llm-pure batch resume run" in err
    code, out, _ = batch(capsys, "status", "run", "--json")
    status = json.loads(out)
    assert (code, status["state"], status["reason"]) == (0, "stopped", "budget")
    assert 5 <= status["counts"]["answered"] <= 11
    assert status["open"] == 20 - status["counts"]["answered"]
    code, out, _ = batch(capsys, "resume", "run", "--max-cost", "1", "--json")
    assert (code, json.loads(out)["counts"]["answered"]) == (0, 20)
    assert set(service.prompts.values()) == {1}
    assert "run: finished" in batch(capsys, "status", "run")[1]


def test_a_run_that_was_planned_in_python_is_resumed_here(
    capsys: pytest.CaptureFixture[str], service: BulkService
) -> None:
    config = LLMConfig(api_type="openai", model="gpt-4o-mini", temperature=0.5)
    open_run("run", ["a", "b"], config=config).unwrap()
    assert batch(capsys, "resume", "run")[0] == 0
    assert service.prompts.total() == 2


def test_retry_sends_final_errors_again(
    reviews: list[str], capsys: pytest.CaptureFixture[str], service: BulkService
) -> None:
    batch(capsys, "run", *reviews, "-o", "run")
    assert batch(capsys, "resume", "run")[0] == 3
    assert service.prompts.total() == 3
    code, _, err = batch(capsys, "retry", "run", "--errors", "timeout")
    assert (code, err) == (
        64,
        "no row has the error timeout; the run's errors are: invalid_request\n",
    )
    assert batch(capsys, "retry", "run", "--errors", "invalid_request")[0] == 3
    assert service.prompts.total() == 4


def test_a_changed_prompt_is_refused_unless_it_is_accepted(
    reviews: list[str], capsys: pytest.CaptureFixture[str], service: BulkService
) -> None:
    batch(capsys, "run", *reviews, "-o", "run")
    changed = ["reviews.csv", "--prompt", "Is it {text}?", "-o", "run"]
    code, _, err = batch(capsys, "run", *changed)
    assert code == 78
    assert (
        "prompt was 'Classify: {text}' when the run was planned and is 'Is it {text}?' now" in err
    )
    assert service.prompts.total() == 3
    assert batch(capsys, "run", *changed, "--accept-changes")[0] == 3
    assert service.prompts.total() == 6


def test_openai_lines_go_to_another_provider_and_come_back_as_openai_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
    line = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    rows = [json.dumps({"custom_id": f"c{n}", **line}) for n in range(3)]
    (tmp_path / "in.jsonl").write_text("\n".join([*rows, '{"custom_id": "bad", "body": {}}']))
    config = LLMConfig(api_type="anthropic", model="claude-sonnet-4-5", api_key="k")
    run = open_run("run", "in.jsonl", config=config).unwrap()
    run_local(run, transport=answering("hello"))
    code, out, _ = batch(capsys, "results", "run")
    assert code == 0
    results = lines(out)
    assert [result["custom_id"] for result in results] == ["c0", "c1", "c2", "bad"]
    answer = results[0]["response"]
    assert (answer["status_code"], answer["body"]["object"]) == (200, "chat.completion")
    assert answer["body"]["choices"][0]["message"]["content"] == "hello"
    assert results[0]["error"] is None
    assert (results[3]["response"], results[3]["error"]["code"]) == (None, "invalid_request")
    assert lines(batch(capsys, "results", "run", "--format", "rows")[1])[0]["llm_text"] == "hello"
    assert [row["custom_id"] for row in lines(batch(capsys, "results", "run", "--errors")[1])] == [
        "bad"
    ]


def test_parquet_in_and_out_keeps_the_columns_and_their_types(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = pyarrow.table(
        {
            "price": pyarrow.array(
                [Decimal("1.50"), None, Decimal("3.00")], pyarrow.decimal128(9, 2)
            ),
            "text": ["good", "bad", "[400]"],
            "tags": [["a"], [], None],
            "llm_text": ["old", "old", "old"],
            "at": pyarrow.array([1_700_000_000_123_456_789] * 3, pyarrow.timestamp("ns", "UTC")),
            "picture": [b"\xff", None, b""],
        }
    )
    parquet.write_table(table, tmp_path / "in.parquet")
    code, _, _ = batch(capsys, "run", "in.parquet", "--prompt", "Classify: {text}", "-o", "run")
    assert code == 3
    columns = open_run("run").unwrap().row(0).columns
    assert columns == {"price": "1.50", "text": "good", "tags": ["a"], "llm_text": "old", "at": "2023-11-14T22:13:20.123456Z"}  # fmt: skip
    assert batch(capsys, "results", "run", "--parquet", "out.parquet", "--raw")[0] == 0
    out = parquet.read_table(tmp_path / "out.parquet")
    assert out.column_names[:7] == ["price", "text", "tags", "input_llm_text", "at", "picture", "llm_text"]  # fmt: skip
    assert out.schema.field("at").type == pyarrow.timestamp("ns", "UTC")
    assert out.schema.field("price").type == pyarrow.decimal128(9, 2)
    assert out.schema.field("llm_cost_usd").type == pyarrow.decimal128(18, 12)
    assert out["llm_text"].to_pylist() == ["yes: Classify: good", "yes: Classify: bad", None]
    assert out["llm_error_kind"].to_pylist() == [None, None, "invalid_request"]
    assert json.loads(out["llm_raw"][0].as_py())["finish_reason"] == "stop"
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    late = pyarrow.table({"text": pyarrow.array([2**62], pyarrow.timestamp("us"))})
    parquet.write_table(late, tmp_path / "late.parquet")
    for name in ("bad", "late"):
        code, _, err = batch(capsys, "run", f"{name}.parquet", "--prompt", "{text}", "-o", "other")
        assert (code, f"{name}.parquet cannot be read as Parquet" in err) == (66, True)


def test_parquet_of_json_rows_has_a_type_for_each_column_and_rows_without_an_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"prompt": "a", "n": 1, "x": [1], "id": 2**64 - 1, "no": None},
        {"prompt": "b", "n": 2.5, "x": "y", "id": 1},
        {"prompt": ""},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    batch(capsys, "run", "in.jsonl", "-o", "run")
    with open_run("run").unwrap().lock().unwrap():  # as if the last row had not ended
        log = tmp_path / "run" / "log" / "local-0001.jsonl"
        kept = [line for line in log.read_bytes().splitlines(True) if b'"row":2' not in line]
        log.write_bytes(b"".join(kept))
    batch(capsys, "results", "run", "--parquet", "out.parquet")
    out = parquet.read_table(tmp_path / "out.parquet")
    assert out["n"].to_pylist() == [1.0, 2.5, None]
    assert out["x"].to_pylist() == ["[1]", '"y"', None]
    assert out["id"].to_pylist() == ["18446744073709551615", "1", None]
    assert out["no"].to_pylist() == [None, None, None]
    assert out["llm_text"].to_pylist() == ["yes: a", "yes: b", None]
    assert out["llm_id"].null_count == 1


def test_typed_answers_become_a_struct_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = {
        "title": "Review",
        "type": "object",
        "properties": {
            "stars": {"type": "integer"},
            "score": {"type": "number"},
            "words": {"type": "array", "items": {"type": "string"}},
            "author": {"anyOf": [{"$ref": "#/$defs/Author"}, {"type": "null"}]},
            "any": {},
        },
        "required": ["stars"],
        "$defs": {"Author": {"type": "object", "properties": {"name": {"type": "string"}}}},
    }
    answer = {"stars": 4, "score": 1, "words": ["a"], "author": {"name": "x"}, "any": [1]}
    config = LLMConfig(api_type="openai", model="gpt-4o-mini", api_key="k")
    run = open_run("run", ["a", "b"], config=config, schema=schema).unwrap()
    run_local(run, transport=answering(json.dumps(answer), "{}"), concurrency=1)
    assert batch(capsys, "results", "run", "--parquet", "out.parquet")[0] == 0
    out = parquet.read_table(tmp_path / "out.parquet")
    assert str(out.schema.field("llm_value").type) == (
        "struct<stars: int64, score: double, words: list<element: string>, author: struct<name: string>, any: string>"
    )
    assert out["llm_value"].to_pylist() == [{**answer, "any": "[1]"}, None]
    assert out["llm_error_kind"].to_pylist() == [None, "protocol"]
    assert lines(batch(capsys, "results", "run")[1])[0]["llm_value"] == answer


def test_plan_counts_and_sends_nothing(
    reviews: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, service: BulkService
) -> None:
    code, out, _ = batch(capsys, "plan", *reviews, "--max-tokens", "10")
    assert code == 0
    assert out.splitlines()[0] == "rows: 3"
    assert any(line.startswith("as a provider's batch: at most ") for line in out.splitlines())
    plan = json.loads(batch(capsys, "plan", *reviews, "--max-tokens", "10", "--json")[1])
    assert (plan["rows"], plan["unreadable"], plan["max_output_tokens"]) == (3, 0, 30)
    assert Decimal(plan["batch_max_usd"]) == Decimal(plan["max_usd"]) / 2
    unknown = batch(capsys, "plan", "reviews.csv", "--prompt", "{x}")[1]
    assert "rows: 3, 3 of them cannot be read" in unknown
    assert service.prompts.total() == 0
    assert not (tmp_path / "runs").exists()


def test_standard_input_is_a_run_that_can_be_resumed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, service: BulkService
) -> None:
    data = io.BytesIO(b'{"prompt": "a"}\n{"prompt": "b"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    assert batch(capsys, "run", "-", "-o", "run")[0] == 0
    assert batch(capsys, "resume", "run")[0] == 0
    assert service.prompts.total() == 2
    reader, writer = os.pipe()  # as of <(command) in a shell
    os.write(writer, b'{"prompt": "c"}\n')
    os.close(writer)
    assert batch(capsys, "run", f"/dev/fd/{reader}", "-o", "piped")[0] == 0
    os.close(reader)
    assert (service.prompts.total(), service.prompts["c"]) == (3, 1)


def test_account_errors_end_with_the_code_of_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text("".join(f'{{"prompt": "{n} [401]"}}\n' for n in range(20)))
    code, _, err = batch(capsys, "run", "a.jsonl", "--concurrency", "1")
    assert code == 77
    assert "go on with: llm-pure batch retry runs/a --errors authentication" in err


def test_a_run_whose_rows_all_end_alike_stops_and_says_how_to_go_on(
    tmp_path: Path, service: BulkService, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text("".join(f'{{"prompt": "{n} [400]"}}\n' for n in range(150)))
    code, _, err = batch(capsys, "run", "a.jsonl", "--concurrency", "1")
    assert (code, service.prompts.total()) == (65, 100)
    assert [line.partition(", in 0:")[0] for line in err.splitlines()[-5:]] == [
        "stopped: 0 of 150 rows answered, 100 errors (invalid_request 100), 50 open, 0 USD",
        "error: openai: invalid_request: refused with 400 (status 400); correct the request; sent unchanged, it fails again",
        "100 of 100 rows sent ended in errors (invalid_request 100)",
        "go on with: llm-pure batch retry runs/a --errors invalid_request",
        "or, as it is: llm-pure batch resume runs/a --max-errors 100%",
    ]
    code, out, err = batch(capsys, "status", "runs/a", "--json")
    assert (json.loads(out)["state"], json.loads(out)["reason"]) == ("stopped", "max_errors")
    code, _, err = batch(capsys, "resume", "runs/a", "--max-errors", "100%")
    assert (code, service.prompts.total()) == (3, 150)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["status", "none"], 66, "is no run"),
        (["resume", "none"], 66, "is no run"),
        (["run", "none.jsonl"], 66, "cannot be read"),
        (["run", "reviews.csv", "--prompt", "{"], 78, "write {column}"),
        (["run", "reviews.csv", "-m", "nobody"], 64, "has no provider"),
        (["run", "reviews.csv", "--schema", "reviews.csv"], 65, "is no JSON Schema"),
        (
            ["run", "reviews.csv", "--schema", "latin.json"],
            65,
            "latin.json is no JSON Schema",
        ),
        (["run", "reviews.csv", "-o", "reviews.csv/run"], 73, "there is a file; pass a folder"),
        (["run", "reviews.csv", "--schema", "odd.json"], 78, "the type 'text' at /properties/a"),
        (
            ["run", "reviews.csv", "--schema", "wrapped.json"],
            78,
            "such as type or properties, but name, schema;",
        ),
        (
            ["results", "x", "--jsonl", "a", "--parquet", "a"],
            64,
            "--parquet and --jsonl name one file",
        ),
        (["run", "cut.jsonl.gz"], 66, "cut.jsonl.gz cannot be decompressed: Compressed file ended"),
        (["run", "text.csv.gz"], 66, "text.csv.gz cannot be decompressed: Not a gzipped file"),
        (["run", "reviews.csv", "--concurrency", "0"], 64, "'0' is no whole number of at least 1"),
        (["run", "reviews.csv", "--job-rows", "-1"], 64, "'-1' is no whole number"),
        (["run", "reviews.csv", "--max-tokens", "1.5"], 64, "'1.5' is no whole number"),
        (["run", "reviews.csv", "--timeout", "-1"], 64, "'-1' is not above 0"),
        (["run", "reviews.csv", "--rpm", "nan"], 64, "'nan' is no number"),
        (["run", "reviews.csv", "--temperature", "hot"], 64, "'hot' is no number"),
        (["run", "reviews.csv", "--max-errors", "101%"], 64, "'101%' is neither a number of rows"),
        (["run", "reviews.csv", "--max-errors", "-1"], 64, "'-1' is neither a number of rows"),
        (["run", "reviews.csv", "--transport", "pigeon"], 64, "invalid choice: 'pigeon'"),
    ],
)
def test_wrong_usage_has_its_exit_code(
    arguments: list[str],
    code: int,
    message: str,
    reviews: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("odd.json").write_text('{"properties": {"a": {"type": "text"}}}', "utf-8-sig")
    Path("latin.json").write_bytes(b'{"title": "\xe9"}')
    Path("wrapped.json").write_text('{"name": "review", "schema": {"type": "object"}}')
    Path("cut.jsonl.gz").write_bytes(gzip.compress(b'{"prompt": "a"}')[:-1])
    Path("text.csv.gz").write_text("prompt")
    actual, _, err = batch(capsys, *arguments)
    assert (actual, message in err) == (code, True), err
    assert not Path("runs").exists()


def test_a_run_under_way_is_not_run_twice_and_can_be_cancelled(
    reviews: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(capsys, "run", *reviews, "-o", "run")
    assert batch(capsys, "cancel", "run")[2] == "run: the run is not under way\n"
    assert batch(capsys, "clean", "run")[2] == "run: no provider batch, so nothing to delete\n"
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr("llm_pure.cli.batch.os.kill", lambda *pair: killed.append(pair))
    with open_run("run").unwrap().lock().unwrap():
        assert json.loads(batch(capsys, "status", "run", "--json")[1])["state"] == "running"
        code, _, error = batch(capsys, "resume", "run")
        assert code == 75
        assert error.splitlines()[-1].endswith(
            "watch it: llm-pure batch status run --watch; or stop it: llm-pure batch cancel run"
        )
        assert batch(capsys, "cancel", "run")[0] == 0
        copytree("run", "copy")
        assert json.loads(batch(capsys, "status", "copy", "--json")[1])["state"] == "finished"
        assert batch(capsys, "cancel", "copy")[2] == "copy: the run is not under way\n"
        Path("run/run.lock").write_text('{"process": 1, "host": "elsewhere"}')
        code, _, error = batch(capsys, "cancel", "run")
        assert (code, error) == (73, "process 1 of elsewhere works on run: cancel it there\n")
    assert [signal for _, signal in killed if signal] == [15]


BAD_INPUTS = [
    ("a.csv", b"id,text\n1,a\n2,b\n", "the row has no column 'txt'; its columns are id, text"),
    ("a.txt", b"hello\n", ("row 1: the line is no valid JSON: JSON is malformed: invalid character (byte 0); "
     "a file is read as JSON lines unless its name ends in .csv, .tsv or .parquet")),
    ("b.jsonl", b'\xff\xfe{\x00}\x00', ("row 1: the line is no valid JSON: JSON is malformed: invalid character (byte 0); "
     "the file is UTF-16: convert it to UTF-8")),
    ("c.json", b'[{"txt": "a"}]', ("row 1: the line is no JSON object; of a JSON array make one object a line, for example "
     "with jq -c '.[]'")),
    ("l.json", b'[\n{"prompt": "a"},\n{"prompt": "b"}\n]\n', ("row 1: the line is no valid JSON: Input data was truncated; of a "
     "JSON array make one object a line, for example with jq -c '.[]'")),
    ("d.jsonl", b'{"txt": "a", "score": NaN}', ("row 1: the line is no valid JSON: JSON is malformed: invalid character "
     "(byte 22); NaN is not in JSON: write null")),
    ("f.csv", b'txt\n"a\nb\n', "row 1: a quote of line 2 is not closed: it takes the rest of the file"),
    ("g.csv", b'txt,n\na,"b', "row 1: a quote of line 2 is not closed: it takes the rest of the file"),
    ("h.csv", b'txt\n1,"b\n', "row 1: a quote of line 2 is not closed: it takes the rest of the file"),
    ("i.jsonl", b'{"prompt": "a\\ud83d"}', ("row 1: the line is no valid JSON: Input data was truncated; \\ud83d is half of a "
     "surrogate pair, so a character was cut in two")),
    ("j.json.zst", b"\x28\xb5\x2f\xfd\n", ("row 1: the line is no valid JSON: JSON is malformed: invalid character (byte 0); the file "
     "is compressed: unpack it, as in zstd -dc FILE | llm-pure batch run - (.gz files are read as they are)")),
    ("e.csv", b"txt\ncaf\xe9\n", "row 1: the row has the byte 0xE9, which is no UTF-8: convert the file to UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "message"), BAD_INPUTS, ids=[row[0] for row in BAD_INPUTS]
)
def test_an_input_of_which_no_row_can_be_sent_is_refused_and_nothing_is_kept(
    name: str, data: bytes, message: str, service: BulkService, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(data)
    prompt = () if "json" in name else ("--prompt", "{txt}")
    refused = batch(capsys, "run", name, *prompt, "-o", "run")
    assert refused == (65, "", f"no row of {name} can be sent: {message}\n")
    assert not Path("run").exists()
    assert not service.prompts


def test_two_columns_of_one_name_are_refused(
    service: BulkService, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.csv").write_text("text,text\na,b\n")
    code, _, error = batch(capsys, "run", "a.csv", "--prompt", "{text}", "-o", "run")
    assert code == 78
    assert "several columns with the name 'text'; rename all but one of them" in error
    assert not Path("run").exists()
    assert not service.prompts


@pytest.mark.parametrize(
    ("data", "prompts"),
    [
        (b'text\n5" disk', {'5" disk'}),
        (b'text\n"a\nb"', {"a\nb"}),
        (b'text\n"a ""b"""\n\n', {'a "b"'}),
    ],
)
def test_quotes_of_a_table(
    data: bytes, prompts: set[str], service: BulkService, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.csv").write_bytes(data)
    assert batch(capsys, "run", "a.csv", "--prompt", "{text}", "-o", "run")[0] == 0
    assert set(service.prompts) == prompts


def test_a_folder_of_other_files_loses_none_of_them(
    reviews: list[str], service: BulkService, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    Path("rows.jsonl").write_text("no JSON")
    assert batch(capsys, "run", "rows.jsonl", "-o", ".")[0] == 65
    code, _, error = batch(capsys, "run", *reviews, "-o", ".")
    assert (code, "rows.jsonl is no file of a run, which would replace it" in error) == (73, True)
    assert (Path("rows.jsonl").read_text(), oct(tmp_path.stat().st_mode)) == ("no JSON", "0o40755")
    Path("rows.jsonl").unlink()
    assert batch(capsys, "run", *reviews, "-o", ".")[0] == 3
    assert oct(tmp_path.stat().st_mode) == "0o40755"


def test_columns_that_look_like_fields_of_a_request_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = {"model": "m", "messages": [{"role": "user", "content": "a"}], "temperature": 0}
    Path("a.jsonl").write_text(json.dumps(row))
    _, _, error = batch(capsys, "plan", "a.jsonl")
    assert error == "columns that are not sent: temperature; lines of OpenAI's batches send them in their body\n"  # fmt: skip


def test_an_input_that_was_moved_is_named_once(
    reviews: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    batch(capsys, "run", *reviews, "-o", "a run")
    Path("reviews.csv").rename("moved.csv")
    code, _, error = batch(capsys, "results", "a run", "--parquet", "out.parquet")
    assert code == 0
    Path("in.jsonl").write_text('{"prompt": "a"}\n')
    batch(capsys, "run", "in.jsonl", "-o", "a run/b")
    Path("in.jsonl").rename("moved.jsonl")
    code, _, error = batch(capsys, "resume", "a run/b")
    assert (code, "llm-pure batch run PATH -o 'a run/b'" in error) == (66, True)
    assert batch(capsys, "run", "moved.jsonl", "-o", "a run/b")[0] == 0
    assert batch(capsys, "resume", "a run/b")[0] == 0


def test_results_go_through_a_link_and_into_a_pipe_and_never_over_the_input(
    reviews: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    batch(capsys, "run", *reviews, "-o", "run")
    Path("link.jsonl").symlink_to("target.jsonl")
    assert batch(capsys, "results", "run", "--jsonl", "link.jsonl")[0] == 0
    assert (Path("link.jsonl").is_symlink(), Path("target.jsonl").is_file()) == (True, True)
    assert batch(capsys, "results", "run", "--jsonl", "out.jsonl.gz")[0] == 0
    assert gzip.decompress(Path("out.jsonl.gz").read_bytes()) == Path("target.jsonl").read_bytes()
    for option, path, message in (
        ("--jsonl", "reviews.csv", "is the run's input"),
        ("--parquet", "reviews.csv", "is the run's input"),
        ("--parquet", "-", "Parquet is written to a file"),
        ("--jsonl", "none/out", "in a folder that exists"),
    ):
        code, _, error = batch(capsys, "results", "run", option, path)
        assert (code, message in error) == (73, True), error
    assert Path("reviews.csv").read_text() == REVIEWS
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert batch(capsys, "results", "run", "--jsonl", "pipe")[0] == 0
    assert os.read(reader, 10) == b'{"id":"1",'
    os.close(reader)
    assert not Path("pipe").is_file()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv", "text\tn\r\ncaf\u00e9\t1\r\n".encode("utf-16")),  # as a spreadsheet writes it
        ("a.csv.gz", gzip.compress(b"text\ncaf\xc3\xa9\n")),
        ("a.TSV.GZ", gzip.compress("text\tn\ncaf\u00e9\t1\n".encode("utf-16"))),
        ("a.jsonl.gz", gzip.compress(b'\xef\xbb\xbf{"text": "caf\xc3\xa9"}')),
    ],
    ids=["spreadsheet", "csv.gz", "TSV.GZ", "jsonl.gz"],
)
def test_a_table_of_another_encoding_is_read(
    name: str, data: bytes, service: BulkService, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(data)
    code, _, error = batch(capsys, "run", name, "--prompt", "{text}")
    assert (code, set(service.prompts)) == (0, {"caf\u00e9"})
    assert "results: runs/a/out.jsonl" in error


def test_plan_names_different_errors_once(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("id,text\n1,a\n2,b\n3\n")
    printed = batch(capsys, "plan", "a.csv", "--prompt", 'Return {"a": 1} for {text}')[1]
    assert printed.splitlines()[1].endswith(
        "its columns are id, text; {{ and }} are braces of the text"
    )
    code, printed, _ = batch(capsys, "plan", "a.csv", "--prompt", "{x}")
    assert code == 0
    assert printed.splitlines() == [
        "rows: 3, 3 of them cannot be read",
        "  row 1 and others: the row has no column 'x'; its columns are id, text",
        "shards: 1",
        "costs: none, as no row can be sent",
    ]
