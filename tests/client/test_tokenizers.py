"""Tokenizers out of the package: the same tokens as tiktoken's, with no network, no cache and no home."""

import base64
import hashlib
import os
import random
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.client import tokenizers as encodings
from llm_pure.client.tokenizers import BUNDLED, bundled_ranks, load_tokenizer, source_of
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import Failure, Success

ROOT = Path(__file__).parents[2]

OFFLINE = """
import socket
def closed(*args, **kwargs):
    raise OSError("the network is closed")
socket.socket.connect = closed
socket.getaddrinfo = closed
from llm_pure.client.tokenizers import load_tokenizer
for name in ("cl100k_base", "o200k_base", "o200k_harmony"):
    print(load_tokenizer(name).unwrap().count("Hello, wörld! 你好 <|endoftext|>"))
print(load_tokenizer("p50k_base").failure().message)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of tiktoken's own, filled with what the package holds."""
    for encoding in BUNDLED:
        url, _ = source_of(encoding)
        rows = bundled_ranks(encoding).items()
        lines = [base64.b64encode(token) + b" %d\n" % rank for token, rank in rows]
        (tmp_path / hashlib.sha1(url.encode()).hexdigest()).write_bytes(b"".join(lines))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("encoding", BUNDLED)
def test_the_packed_file_is_the_file_that_tiktoken_knows(encoding: str, folder: Path) -> None:
    url, sha256 = source_of(encoding)
    original = (folder / hashlib.sha1(url.encode()).hexdigest()).read_bytes()
    assert hashlib.sha256(original).hexdigest() == sha256


@pytest.mark.parametrize("encoding", BUNDLED)
def test_a_thousand_texts_have_the_tokens_that_tiktoken_gives_them(
    encoding: str, folder: Path
) -> None:
    theirs = tiktoken.get_encoding(encoding)
    ours = load_tokenizer(encoding).unwrap()
    for text in generated(1000):
        tokens = ours.encode(text)
        assert tokens == theirs.encode_ordinary(text)
        assert ours.count(text) == len(tokens)
        assert ours.decode(tokens) == text.encode()


def generated(count: int) -> list[str]:
    """Words, code, numbers, white space, emoji, many scripts, special tokens; the same ones every time."""
    pieces = [
        "the quick brown fox", " Ünïcödé ", "数学と科学", "Привет, мир", "مرحبا", "👩‍👩‍👧‍👦", "🙂", "\n\n", "\t", "   ",
        "def f(x): return x**2", '{"a": [1, 2.5e-3]}', "1234567890", "<|endoftext|>", "<|im_start|>", "e\u0301", "don't",
        "https://example.org/?q=1&r=2", "ﷺ", "\u200b", "AAAA", "x" * 50,
    ]  # fmt: skip
    chance = random.Random(20261120)
    return ["".join(chance.choices(pieces, k=chance.randint(0, 40))) for _ in range(count)]


@given(st.text())
def test_any_text_is_encoded_lone_surrogates_too(text: str) -> None:
    for encoding in BUNDLED:
        tokenizer = load_tokenizer(encoding).unwrap()
        assert (
            tokenizer.decode(tokenizer.encode(text))
            == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
        )


def test_what_looks_like_a_special_token_is_text() -> None:
    assert load_tokenizer("o200k_base").unwrap().count("<|endoftext|><|endofprompt|>") > 2


@pytest.mark.parametrize("blank", [" ", "\t", " \t"])
def test_a_million_blanks_are_counted_where_tiktoken_overflows(blank: str) -> None:
    text = blank * (1_000_000 // len(blank)) + "x"
    assert 0 < load_tokenizer("o200k_base").unwrap().count(text) < len(text)


def test_it_works_with_an_empty_home_no_cache_and_the_network_closed(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    *counts, missing = ran.stdout.splitlines()
    assert counts == ["15", "15", "15"]
    assert "tiktoken.get_encoding('p50k_base')" in missing
    assert list(tmp_path.iterdir()) == []


def test_an_encoding_that_is_not_shipped_comes_out_of_tiktokens_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = source_of("r50k_base")
    fake = b"".join(base64.b64encode(bytes([rank])) + b" %d\n" % rank for rank in range(256))
    (folder / hashlib.sha1(url.encode()).hexdigest()).write_bytes(fake)
    assert isinstance(load_tokenizer("r50k_base"), Failure), "its hash is another"

    monkeypatch.setattr(encodings, "_read_cached", lambda url, sha256: fake)
    ranks = encodings._ranks(url, "")
    assert ranks == {bytes([rank]): rank for rank in range(256)}


def test_an_encoding_that_nobody_knows_is_a_configuration_error() -> None:
    error = load_tokenizer("klingon").failure()
    assert error == InvalidConfiguration(
        message="tiktoken has no encoding 'klingon'", field="encoding"
    )


def test_gpt2_is_told_how_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    error = load_tokenizer("gpt2").failure()
    assert isinstance(error, InvalidConfiguration)
    assert "vocab.bpe" in error.message


def test_a_damaged_package_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encodings.BUNDLED, "cl100k_base", (100256, "0" * 64))
    with pytest.raises(ImportError, match="install llm-pure again"):
        bundled_ranks("cl100k_base")


def test_loading_leaves_tiktoken_as_it_is(folder: Path) -> None:
    from tiktoken import load

    openai_public = import_module("tiktoken_ext.openai_public")

    before = dict(vars(openai_public)), dict(vars(load))
    assert isinstance(load_tokenizer("o200k_harmony"), Success)
    assert (dict(vars(openai_public)), dict(vars(load))) == before
