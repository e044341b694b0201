"""`llm-pure providers`: the same rows for eyes, for a page and for programs."""

import json
from pathlib import Path

import pytest

from llm_pure.adapters import registry
from llm_pure.cli.main import main
from llm_pure.cli.providers import BATCHES, KEYS, Row, listing, page
from llm_pure.core.capabilities import CAPABILITIES

Captured = pytest.CaptureFixture[str]

ROWS = [
    Row(
        api_type="acme",
        dialect="openai_chat",
        base_url="https://api.acme.test/v1",
        api_key_env=("ACME_KEY", "ACME_TOKEN"),
        supports=("chat", "tools", "batch"),
        source="docs.acme.test",
    ),
    Row(
        api_type="own",
        dialect="own_lines",
        base_url="",
        api_key_env=(),
        supports=("embeddings",),
        source="nowhere",
    ),
]


def test_a_listing_is_three_lines_for_each() -> None:
    assert listing(ROWS) == [
        "acme                 openai_chat          ACME_KEY or ACME_TOKEN",
        "                     https://api.acme.test/v1",
        "                     chat, tools, batch",
        "own                  own_lines            no key",
        "                     base URL of your own server",
        "                     embeddings",
    ]


def test_a_page_has_a_table_with_a_column_for_each_capability() -> None:
    table = page(ROWS).partition(KEYS)[0]
    head, rule, first, second = table.splitlines()[-4:]

    assert head.split(" | ")[1:] == [*CAPABILITIES[:-1], "batch |"]
    assert (rule.count("---"), rule.count(":-:")) == (1, len(CAPABILITIES))
    assert first == "| `acme` | ✓ | | ✓ | | | | | | | | | | ✓ |"
    assert second == "| `own` | | | | | | ✓ | | | | | | | |"


def test_a_page_has_a_table_of_keys_and_addresses() -> None:
    table, _, rest = page(ROWS).partition(KEYS)[2].partition(BATCHES.rstrip("\n"))
    assert rest == ""
    assert table.splitlines()[-2:] == [
        "| `acme` | openai_chat | https://api.acme.test/v1 | `ACME_KEY`<br>`ACME_TOKEN` |",
        "| `own` | own_lines | your own | |",
    ]


def test_each_line_of_json_is_a_provider(capsys: Captured) -> None:
    assert main(["providers", "--json"]) == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["api_type"] for row in rows] == list(registry.names())
    assert {tuple(row) for row in rows} == {
        ("api_type", "dialect", "base_url", "api_key_env", "supports", "source")
    }


def test_the_command_writes_the_page(capsys: Captured) -> None:
    assert main(["providers", "--markdown"]) == 0

    page_file = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"
    assert capsys.readouterr().out == page_file.read_text("utf-8")
