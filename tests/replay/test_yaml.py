"""YAML text <-> plain values: total on any text, exact on the way back."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from llm_pure.replay.yaml import Block, parse_yaml, render_yaml
from llm_pure.types.errors import ProtocolError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        pytest.param('a: 1\nb: !!python/object/apply:os.system ["x"]', 2, "refused", id="apply"),
        pytest.param("!!python/object/new:_io.BytesIO {state: [x]}", 1, "refused", id="new"),
        pytest.param("!!python/name:os.system ''", 1, "refused", id="name"),
        pytest.param("!mine {a: 1}", 1, "refused", id="unknown tag"),
        pytest.param("x: *nowhere", 1, "*nowhere", id="alias of nothing"),
        pytest.param("&a [*a]", 1, "*a", id="a value inside of itself"),
        pytest.param("? [a]\n: 1", 1, "a key is no scalar", id="list as a key"),
        pytest.param("--- 1\n--- 2\n", 2, "second document", id="two documents"),
        pytest.param("!!binary 'a'", 1, "base64", id="binary that is no base64"),
        pytest.param("[\n" * 600, 501, "nested deeper", id="nested lists"),
        pytest.param("a: ]", 1, "not YAML", id="a bracket that closes nothing"),
        pytest.param("a: 1\n\tb: 1", 2, "not YAML", id="a tab in the indentation"),
    ],
)
def test_a_fault_names_the_file_the_line_and_the_cause(text: str, line: int, why: str) -> None:
    match parse_yaml(text, name="f.yaml"):
        case Failure(ProtocolError(where=where, message=message)):
            assert where == f"f.yaml, line {line}"
            assert why in message
        case other:
            pytest.fail(f"{other}")


@pytest.mark.parametrize("brackets", ["[", "{a: ", "- ", "? "])
def test_a_hundred_thousand_open_collections_are_an_error_in_line_1(brackets: str) -> None:
    # The limit is ours or libyaml's, depending on libyaml's version.
    error = parse_yaml(brackets * 100_000, name="f.yaml").failure()
    assert isinstance(error, ProtocolError)
    assert error.where == "f.yaml, line 1"


@pytest.mark.parametrize("text", ["a: [", "\x00", b"\xff\xfe\x00\xd8", "\ud800", '"\\ud800"'])
def test_what_is_no_yaml_is_a_fault(text: str | bytes) -> None:
    assert isinstance(parse_yaml(text, name="f.yaml").failure(), ProtocolError)


def test_a_document_that_repeats_itself_without_end_is_a_fault() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]")
    assert "values" in parse_yaml("\n".join(lines), name="f.yaml").failure().message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("2024-01-01", "2024-01-01"),
        ("[1, -2, 0, 007, 0x1F, 1.5, 1e3, .inf]", [1, -2, 0, "007", "0x1F", 1.5, "1e3", float("inf")]),
        ("[yes, No, ~, 'yes', \"~\"]", [True, False, None, "yes", "~"]),
        ("!!binary aGk=", b"hi"),
        ("[!!python/str a, !!python/unicode 'b', !!python/tuple [c]]", ["a", "b", ["c"]]),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
    ],
)  # fmt: skip
def test_plain_data_is_read_as_pyyaml_reads_it_but_dates_stay_text(
    text: str, value: object
) -> None:
    assert parse_yaml(text, name="f.yaml") == Success(value)


@given(st.text() | st.binary())
def test_no_text_makes_the_reader_raise(text: str | bytes) -> None:
    parse_yaml(text, name="f.yaml")


@given(PLAIN)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    for dumper in (yaml.SafeDumper, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
        written = yaml.dump(value, Dumper=dumper)
        assert parse_yaml(written, name="f.yaml") == Success(value)


@given(TEXT)
def test_a_block_is_read_back_by_us_and_by_pyyaml(text: str) -> None:
    written = render_yaml({"body": {"string": Block(text)}})
    assert parse_yaml(written, name="f.yaml") == Success({"body": {"string": text}})
    assert yaml.safe_load(written) == {"body": {"string": text}}


@pytest.mark.parametrize(
    "text",
    ["one line", "two\nlines\n", 'data: {"a":"é"}\n\ndata: {"b":"😀"}\n\n', "  indented\n"],
)
def test_text_is_written_as_a_literal_block(text: str) -> None:
    assert render_yaml({"string": Block(text)}).startswith("string: |")
