"""Other libraries read the benches' streams to the same text, those that are installed here."""

import pytest

from bench import samples
from llm_pure.bench.peers import EXPECTED, NAMES, peer, readers, versions

DELTAS = 20


@pytest.mark.parametrize("dialect", samples.STREAMS)
def test_a_peer_reads_the_text_of_a_stream(dialect: str) -> None:
    sample = samples.STREAMS[dialect](DELTAS)
    for table in ("READERS", "COLLECTING"):
        texts = {
            name: reader(sample, sample.pieces())()()
            for name, reader in readers(dialect, table).items()
        }
        assert texts == dict.fromkeys(texts, sample.text)


def test_the_official_packages_are_peers_here() -> None:
    official = {
        "openai_chat": "openai",
        "openai_responses": "openai",
        "anthropic_messages": "anthropic",
        "gemini_content": "google-genai",
        "bedrock_converse": "botocore",
    }
    assert [name for dialect, name in official.items() if name not in readers(dialect)] == []
    assert set(EXPECTED) == set(samples.STREAMS)


def test_a_package_that_is_not_installed_is_no_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_pure.bench.peers.NAMES", {**NAMES, "openai": "no-such-package"})
    assert peer("openai", "READERS") == {}
    assert "openai" not in readers("openai_chat")
    assert versions()["no-such-package"] == "-"
