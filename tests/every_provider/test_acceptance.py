"""Every body that is built is one that the service takes, and nothing of a request is lost without a word (laws 9 and 10).

Requests as they are in the wild, to every provider and the models of its tables. What a service takes is said by its
official package's types and by the table of `tests/support/acceptance/rules.py`; an error of the right kind is fine.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given

from llm_pure import ChatRequest
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.result import Failure
from tests.support.acceptance.asking import config_of, models_of, official_error
from tests.support.acceptance.bodies import Sent
from tests.support.acceptance.documented import DOCUMENTED, LOST, REFUSED_BY_TYPES, Documented
from tests.support.acceptance.rules import RULES, Rule
from tests.support.acceptance.wild import Wild, wild_requests
from tests.support.cassettes import chat_providers
from tests.support.laws import examples, shard

EXAMPLES, SHARDS = 60, 4
"""More than 200 requests to each provider."""

PROVIDERS = {name: registry.get(name).unwrap() for name in chat_providers()}


def built_errors(name: str, wild: Wild) -> Iterator[str]:
    """What is wrong with the body for this provider."""
    models = models_of(name)
    model = models[wild.model % len(models)]
    result = PROVIDERS[name].build_chat(config_of(name, model), wild.request)
    if isinstance(result, Failure):
        error = result.failure()
        if not isinstance(error, InvalidRequest | UnsupportedFeature) or not error.message:
            yield f"{name} {model}: {error}"
        return
    built = result.unwrap()
    sent = sent_of(name, model, built)
    for rule in RULES:
        if rule.applies(sent):
            violation = rule.check(sent)
            if violation is not None:
                yield f"{name} {model}: {rule.name}: {violation[:300]}"
    official = official_error(sent)
    if official is not None:
        yield f"{name} {model}: official types: {official[:600]}"
    yield from [f"{name} {model}: lost {path}" for path in lost(wild, sent, built)]


def sent_of(name: str, model: str, built: Built) -> Sent:
    body = json.loads(built.request.body)
    return Sent(provider=name, dialect=PROVIDERS[name].dialect, model=model, body=body)


def lost(wild: Wild, sent: Sent, built: Built) -> Iterator[str]:
    """Paths of what is neither in the body nor in an adaptation."""
    text = sent.text() + sent.text().lower()
    fields = [change.field for change in built.adaptations]
    for path, word in wild.words.items():
        if word in text or any(_covers(field, path) for field in fields):
            continue
        yield path


def _covers(field: str, path: str) -> bool:
    """True if an adaptation of the field speaks of the path: of it, of what it is in, or of a part of it."""
    if field == "tool_choice" and path.startswith("tools/"):  # no tool is sent, or one
        return True
    if field == "tools" and path == "parallel_tool_calls":
        return True
    return path == field or path.startswith(f"{field}/") or field.startswith(f"{path}/")


@pytest.mark.hypothesis
@pytest.mark.parametrize("part", range(SHARDS))
def test_every_body_is_one_that_the_service_takes(part: int) -> None:
    @shard(part)
    @examples(
        EXAMPLES,
        database=None,
        phases=[
            Phase.generate
        ],  # to shrink an example of all providers takes minutes, and says no more
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(wild_requests())
    def law(wild: Wild) -> None:
        assert [error for name in PROVIDERS for error in built_errors(name, wild)] == []

    law()


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_the_documented_input_of_a_rule_is_built_well(rule: Rule) -> None:
    case: Documented = DOCUMENTED[rule.name]
    config = config_of(case.provider, case.model)
    result = PROVIDERS[case.provider].build_chat(config, ChatRequest(**case.asked))
    if isinstance(result, Failure):
        assert isinstance(result.failure(), InvalidRequest | UnsupportedFeature)
        return
    sent = sent_of(case.provider, case.model, result.unwrap())
    assert rule.applies(sent)
    assert rule.check(sent) is None


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_refuses_what_the_service_refuses(rule: Rule) -> None:
    case = DOCUMENTED[rule.name]
    sent = Sent(
        provider=case.provider,
        dialect=PROVIDERS[case.provider].dialect,
        model=case.model,
        body=json.loads(json.dumps(case.refused)),
    )
    assert rule.applies(sent)
    assert rule.check(sent)
    assert rule.source


@pytest.mark.parametrize(("name", "asked"), REFUSED_BY_TYPES)
def test_an_input_that_the_official_types_refused_is_built_well(name: str, asked: Any) -> None:
    for model in models_of(name):
        built = PROVIDERS[name].build_chat(config_of(name, model), ChatRequest(**asked))
        if isinstance(built, Failure):
            assert isinstance(built.failure(), InvalidRequest | UnsupportedFeature)
            continue
        assert official_error(sent_of(name, model, built.unwrap())) is None


@pytest.mark.parametrize(("name", "word", "asked"), LOST)
def test_a_word_that_was_lost_is_sent_or_reported(name: str, word: str, asked: Any) -> None:
    for model in models_of(name):
        request = ChatRequest(**asked)
        built = PROVIDERS[name].build_chat(config_of(name, model), request).unwrap()
        is_reported = "messages/1/parts/0" in [change.field for change in built.adaptations]
        assert word in built.request.body.decode() or is_reported


def test_every_rule_has_its_case() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(names) == sorted(DOCUMENTED)
    assert len(set(names)) == len(names)


def test_the_models_of_the_tables_are_asked() -> None:
    assert "gpt-5" in " ".join(models_of("openai"))
    assert "some-model" in models_of("openai")
    assert len(models_of("bedrock")) > 20
    assert all(models_of(name) for name in PROVIDERS)
    assert msgspec.structs.replace(config_of("openai", "m")).model == "m"
