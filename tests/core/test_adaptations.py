"""What a model does not take: dropped, clamped, reported."""

from typing import Any, Literal

import pytest

from llm_pure import ReasoningRequest
from llm_pure.core.adaptations import (
    DEFAULT_PROFILE,
    Adaptation,
    ModelProfile,
    adapt,
    profile_for,
    reasoning_enabled,
    strict_error,
)
from llm_pure.types.errors import UnsupportedFeature

SMALL, LARGE, ANY = (
    ModelProfile(prefix="m-small"),
    ModelProfile(prefix="m"),
    ModelProfile(prefix=""),
)


@pytest.mark.parametrize(
    ("model", "plan", "rule"),
    [
        ("m-small-2", None, SMALL),
        ("m-large", None, LARGE),
        ("vendor/m-small", None, SMALL),
        ("a/b/m-large", None, LARGE),
        ("am-small", None, DEFAULT_PROFILE),
        ("", None, DEFAULT_PROFILE),
        ("deployed", "m-small", SMALL),
        ("deployed", "vendor/m-large", LARGE),
        ("m-large", "m-small", LARGE),
        ("deployed", "other", DEFAULT_PROFILE),
    ],
)
def test_the_first_prefix_that_fits_counts(
    model: str, plan: str | None, rule: ModelProfile
) -> None:
    assert profile_for((SMALL, LARGE), model, plan) == rule


def test_an_empty_prefix_fits_every_name() -> None:
    assert profile_for((SMALL, ANY), "x") == ANY


@pytest.mark.parametrize(
    ("rule", "asked", "answer"),
    [
        ("always", None, True),
        ("always", ReasoningRequest(enabled=False), True),
        ("on", None, True),
        ("on", ReasoningRequest(enabled=False), False),
        ("on", ReasoningRequest(effort="none"), False),
        ("off", None, False),
        ("off", ReasoningRequest(), True),
        ("unknown", None, False),
        ("unknown", ReasoningRequest(effort="low"), True),
        ("none", ReasoningRequest(effort="low"), False),
    ],
)
def test_who_reasons(
    rule: Literal["none", "off", "on", "always", "unknown"],
    asked: ReasoningRequest | None,
    answer: bool,
) -> None:
    assert reasoning_enabled(ModelProfile(prefix="", reasoning=rule), asked) == answer


RULE = ModelProfile(
    prefix="",
    unsupported={"top_k": "no top_k"},
    unsupported_while_reasoning={"temperature": "not while it thinks"},
    ranges={"temperature": (0.25, 1.0), "n": (1, 4), "seed": (0.5, 9.5)},
)
TOP_K = Adaptation(field="top_k", action="dropped", reason="no top_k", before=5)


def clamped(field: str, reason: str, before: object, after: object) -> Adaptation:
    return Adaptation(field=field, action="clamped", reason=reason, before=before, after=after)


@pytest.mark.parametrize(
    ("settings", "sent", "told"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({"top_p": 7}, {"top_p": 7}, [], id="nobody minds"),
        pytest.param({"top_k": 5, "n": 2}, {"n": 2}, [TOP_K], id="dropped"),
        pytest.param(
            {"temperature": 1.5},
            {"temperature": 1.0},
            [clamped("temperature", "temperature is between 0.25 and 1 here", 1.5, 1.0)],
            id="too high",
        ),
        pytest.param(
            {"temperature": 0},
            {"temperature": 0.25},
            [clamped("temperature", "temperature is between 0.25 and 1 here", 0, 0.25)],
            id="too low, and the bound is no whole number",
        ),
        pytest.param(
            {"n": 9}, {"n": 4}, [clamped("n", "n is between 1 and 4 here", 9, 4)], id="whole"
        ),
        pytest.param({"n": 4, "temperature": 0.25}, {"n": 4, "temperature": 0.25}, [], id="edge"),
        pytest.param({"n": "x"}, {"n": "x"}, [], id="no number has no bounds"),
    ],
)
def test_settings_are_fitted_to_the_model_and_it_is_told(
    settings: dict[str, Any], sent: dict[str, Any], told: list[Adaptation]
) -> None:
    before = dict(settings)
    got = adapt(settings, frozenset(settings), RULE)
    assert got == (sent, tuple(told))
    assert {name: type(value) for name, value in got[0].items()} == {
        name: type(value) for name, value in sent.items()
    }
    assert settings == before


def test_some_is_refused_only_while_the_model_reasons() -> None:
    given = {"temperature": 0.5}
    assert adapt(given, frozenset(given), RULE) == (given, ())
    sent, told = adapt(given, frozenset(given), RULE, reasoning=True)
    assert sent == {}
    assert [one.reason for one in told] == ["not while it thinks"]


def test_a_default_that_is_not_taken_goes_without_a_word() -> None:
    assert adapt({"top_k": 5, "temperature": 9}, frozenset(), RULE) == ({"temperature": 1}, ())


def test_only_what_loses_something_fails_a_strict_build() -> None:
    renamed = Adaptation(field="max_tokens", action="renamed", reason="r")
    assert renamed.lossless
    assert strict_error([], provider="p") is None
    assert strict_error([renamed], provider="p") is None
    changed = Adaptation(field="reasoning", action="changed", reason="no budgets")
    assert strict_error([renamed, TOP_K, changed], provider="p") == UnsupportedFeature(
        message="strict: top_k dropped: no top_k; reasoning changed: no budgets",
        provider="p",
        feature="top_k",
    )
