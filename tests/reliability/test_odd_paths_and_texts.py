"""Paths that no file can have, and texts that no file can hold, are errors or are replaced; nothing raises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_pure.client.budgets_sqlite import open_ledger
from llm_pure.client.price_data import load_prices
from llm_pure.replay import load_cassette, open_cassette, open_replay, save_cassette
from llm_pure.replay.cassette import Cassette, Interaction, parse_cassette, render_cassette
from llm_pure.settings.loading import load_config_files
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult

OPENERS: dict[str, Callable[[str], LLMResult[object]]] = {
    "open_replay": lambda path: open_replay(path),
    "load_cassette": load_cassette,
    "save_cassette": lambda path: save_cassette(path, Cassette()),
    "open_ledger": open_ledger,
    "load_prices": load_prices,
    "load_config_files": lambda path: load_config_files([Path(path)], {}),
    "record": lambda path: open_cassette(path, "rewrite").bind(lambda recorder: recorder.save()),
}


@pytest.mark.parametrize("name", OPENERS)
@pytest.mark.parametrize("path", ["a\0b", "\0", "a/\0/b.yaml", "x" * 5000])
def test_an_impossible_path_is_an_error(
    name: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = OPENERS[name](path)
    if name == "record":  # nothing was recorded: there may be nothing to write
        assert not isinstance(result, Failure) or isinstance(result.failure(), InvalidConfiguration)
    else:
        assert isinstance(result.failure(), InvalidConfiguration)


def test_lone_surrogates_in_a_cassette_are_replaced(tmp_path: Path) -> None:
    cassette = Cassette(
        interactions=(
            Interaction(
                request=HttpRequest("POST", "https://a.test/\ud83d", (("x-a", "\udc00 é"),), b"{}"),
                response=HttpResponse(200, (("x-b\ud800", "\ud83d\ude00"),), b"{}"),
                reason="\ud800",
                recorded_from="\udfff",
            ),
        )
    )
    file = save_cassette(tmp_path / "a.yaml", cassette).unwrap()
    (saved,) = load_cassette(file).unwrap().interactions
    assert saved.request == HttpRequest(
        "POST", "https://a.test/\ufffd", (("x-a", "\ufffd é"),), b"{}"
    )
    assert saved.response == HttpResponse(200, (("x-b\ufffd", "\U0001f600"),), b"{}")
    assert (saved.reason, saved.recorded_from) == ("\ufffd", "\ufffd")
    assert parse_cassette(render_cassette(cassette)).unwrap().interactions == (saved,)
