"""Rows, logs, locks and configurations of any content: nothing raises but the errors that are promised."""

from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure.bulk.entries import decode_head
from llm_pure.bulk.input_files import RowIndex, write_index
from llm_pure.bulk.lease_stores import open_shared_leases
from llm_pure.bulk.log_files import FOLDER, log_cost_usd
from llm_pure.bulk.opening import open_run
from llm_pure.bulk.progress import run_counts
from llm_pure.bulk.row_states import RowStates
from llm_pure.bulk.rows import RowForm, read_row
from llm_pure.bulk.run_lock import is_running, read_owner
from llm_pure.client.price_data import load_prices
from llm_pure.gateway.litellm_config import import_litellm
from llm_pure.settings.config_parser import read_yaml
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest

DEEP = "[" * 500 + "]" * 500


@pytest.mark.parametrize(
    "line",
    [
        f'{{"$request": {{"messages": [], "extra": {{"a": {DEEP}}}}}}}',
        f'{{"body": {{"messages": [], "a": {DEEP}}}}}',
        f'{{"messages": [{{"role": "user", "content": {DEEP}}}]}}',
        f'{{"$error": {DEEP}}}',
        f'{{"prompt": "a", "url": {DEEP}}}',
    ],
)
def test_a_row_that_is_nested_deeply_is_an_error_of_the_row(line: str) -> None:
    row = read_row(2, line.encode(), RowForm())
    message = "row 3: the line is nested deeper than 128"
    assert row.error == InvalidRequest(message=message, param="row")


@pytest.mark.parametrize("reasoning", [{"summary": 5}, {"content": True}, {"summary": 1.5}])
def test_reasoning_that_is_no_list_is_an_error_of_the_row(reasoning: dict[str, Any]) -> None:
    item = {"type": "reasoning", **reasoning}
    line = msgspec.json.encode({"url": "/v1/responses", "body": {"model": "m", "input": [item]}})
    error = read_row(0, line, RowForm()).error
    assert error is not None
    assert (error.kind, error.message.endswith("reasoning is a list of texts")) == ("invalid_request", True)  # fmt: skip


def test_equal_rows_share_their_places(tmp_path: Path) -> None:
    source, index = tmp_path / "rows.jsonl", tmp_path / "index.bin"
    source.write_bytes(b'{"prompt": "a"}\n{"prompt": "b"}\n{"prompt": "a"}\n')
    write_index(source, index, RowForm(), b"", dedupe=True)
    rows = RowIndex(index)
    assert list(rows.rows_of(rows.id(0).hex(), 0)) == [0, 2]
    assert list(rows.rows_of(rows.id(1).hex(), 0)) == [1]


def _end(**fields: Any) -> bytes:
    return msgspec.json.encode({"kind": "done", "id": "0" * 32, "row": 0} | fields)


@pytest.mark.parametrize("cost", ["", "x", "NaN", "sNaN", "Infinity", "1E+999999", "\0"])
def test_a_cost_that_is_no_amount_is_not_counted(cost: str, tmp_path: Path) -> None:
    states = RowStates(1, lambda name, hint: (0,))
    lines = [_end(cost_usd=cost), _end(cost_usd="0.5"), _end(cost_usd=cost)]
    for line in lines:
        head = decode_head(line)
        assert head is not None
        states.add(head, 0)
    assert run_counts(states).cost_usd == Decimal("0.5")
    together = RowStates(1, lambda name, hint: (0,), lambda names, hints: True)
    together.add_all([decode_head(line) for line in lines], (0, 0, 0), 0)
    assert together.snapshot("", ()) == states.snapshot("", ())
    (tmp_path / FOLDER).mkdir()
    log = tmp_path / FOLDER / "w-0001.jsonl"
    log.write_bytes(b"\n".join(lines) + b"\n")
    assert log_cost_usd(log) == Decimal("0.5")


def test_a_log_with_more_kinds_of_errors_than_there_are_is_counted() -> None:
    states = RowStates(400, lambda name, hint: (hint,))
    for row in range(400):
        head = decode_head(_end(row=row, error_kind=f"kind{row}"))
        assert head is not None
        states.add(head, 0)
    counts = run_counts(states)
    assert (counts.failed, sum(counts.errors.values()), counts.errors["kind0"]) == (400, 400, 1)
    assert counts.errors["other"] > 100
    copy = RowStates(400, lambda name, hint: (hint,))
    assert copy.restore(states.snapshot("r", [("a", 1)]), "r") == (("a", 1),)
    assert run_counts(copy) == counts


@pytest.mark.parametrize("cut", [1, 8, 9, 100])
def test_a_snapshot_that_is_too_short_changes_nothing(cut: int) -> None:
    states = RowStates(100, lambda name, hint: (hint,))
    data = states.snapshot("r", [("a", 1)])[16:-cut]
    signed = blake2b(data, digest_size=16).digest() + data
    assert states.restore(signed, "r") == ()
    assert len(states.lines) == 100


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b'{"process": 1, "host": "\xff"}',
        b'{"process": 0, "host": "a"}',
        b'{"process": -1, "host": "a"}',
        f'{{"process": 1, "host": "a", "x": {"[" * 5000}'.encode(),
    ],
)
def test_a_damaged_lock_names_no_process(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "run.lock").write_bytes(text)
    assert read_owner(tmp_path) is None
    assert not is_running(tmp_path)


ODD_YAML = ["!!bool x", "!!timestamp x", "!!int x", "!!float x", "0x" + "f" * 5000, "{? 0x" + "f" * 5000 + " : 1}", "2026-13-45", "{<<: 1}"]  # fmt: skip


@pytest.mark.parametrize("value", ODD_YAML)
def test_yaml_whose_values_do_not_fit_is_an_invalid_configuration(
    value: str, tmp_path: Path
) -> None:
    error = read_yaml(f"a: {value}", "file.yaml").failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.message.startswith("file.yaml is not YAML: ")
    prices = tmp_path / "prices.yaml"
    prices.write_text(f"a: {value}")
    failed = load_prices(prices).failure()
    assert failed.message.startswith(f"cannot read the prices in {prices}: ")


SECRET = "0123456789abcdefghij0123456789"


def test_credentials_of_litellms_headers_and_urls_become_variables() -> None:
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "X-Team": "red",
        "X-Api-Key": "os.environ/TEAM_KEY",
        "Cookie": "Bearer os.environ/TOKEN",
    }
    params = {
        "model": "openai/gpt-5",
        "api_base": f"https://me:{SECRET}@example.org/v1",
        "extra_headers": headers,
    }
    tree = {"model_list": [{"model_name": "fast", "litellm_params": params}]}
    imported = import_litellm(tree, {"openai"}, LLMConfig.__struct_fields__)
    assert imported.sections["models"]["fast"] == {
        "api_type": "openai",
        "model": "gpt-5",
        "base_url": "${FAST_BASE_URL}",
        "headers": {
            "Authorization": "${FAST_HEADERS_AUTHORIZATION}",
            "X-Team": "red",
            "X-Api-Key": "${TEAM_KEY}",
            "Cookie": "Bearer ${TOKEN}",
        },
    }
    path = "model_list/0/litellm_params"
    assert imported.left_out == (
        f"{path}/api_base: the key itself is not copied: set the variable FAST_BASE_URL",
        f"{path}/extra_headers/Authorization: the key itself is not copied: set the variable FAST_HEADERS_AUTHORIZATION",
    )
    assert SECRET not in str(imported)


def test_a_path_with_a_nul_is_an_invalid_configuration(tmp_path: Path) -> None:
    config = LLMConfig(api_type="openai", model="m", api_key="k")
    failures = (
        open_run("a\0b", ["a"], config=config),
        open_run("a\0b"),
        open_run(tmp_path / "run", "a\0b", config=config),
        open_shared_leases("a\0b", None, None),
    )
    assert [result.failure().kind for result in failures] == ["configuration"] * 4
