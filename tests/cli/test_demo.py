"""`llm-pure demo`, as people see it."""

import pytest

from llm_pure.cli.main import main


def test_the_demo_shows_the_chain_and_no_key_and_no_colour_when_piped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["demo"])

    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    for line in (
        "1. LLMConfig + ChatRequest -> HttpRequest",
        '    -H "authorization: Bearer $OPENAI_API_KEY" \\',
        "  text_delta      'A pure funct'",
        "  A pure function is its own test bench: the same input gives the same output, so a test",
        "  [openai:gpt-5-mini · tokens 17 in, 48 out · stop]",
    ):
        assert line in out
    assert "sk-never-shown-anywhere" not in out
    assert "\x1b" not in out
