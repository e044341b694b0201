"""Every body that is built is one that the service takes, and nothing of a request is lost without a word (laws 9 and 10).

Requests as they are in the wild, to every provider and the models of its tables. What a service takes is said by its
official package's types and by the table of `tests/support/acceptance/rules.py`; an error of the right kind is fine. Rules
that are still broken stand in `KNOWN` there: strict expected failures.
"""

import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from llm_pure import ChatRequest
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.result import Failure
from tests.support.acceptance.asking import config_of, models_of, official_error
from tests.support.acceptance.bodies import Sent
from tests.support.acceptance.documented import DOCUMENTED, KNOWN_INPUTS, Documented
from tests.support.acceptance.rules import (
    KNOWN,
    KNOWN_LOST,
    KNOWN_OFFICIAL,
    RULES,
    KnownFailure,
    Rule,
)
from tests.support.acceptance.wild import Wild, wild_requests
from tests.support.cassettes import chat_providers

EXAMPLES, SHARDS = 60, 4
"""More than 200 requests to each provider."""

PROVIDERS = {name: registry.get(name).unwrap() for name in chat_providers()}
OPEN_RULES = tuple([rule for rule in RULES if rule.name not in KNOWN])


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
    for rule in OPEN_RULES:
        if rule.applies(sent):
            violation = rule.check(sent)
            if violation is not None:
                yield f"{name} {model}: {rule.name}: {violation[:300]}"
    official = official_error(sent)
    if official is not None and not _is_known(KNOWN_OFFICIAL, name, official):
        yield f"{name} {model}: official types: {official[:600]}"
    yield from [f"{name} {model}: lost {path}" for path in lost(name, wild, sent, built)]


def sent_of(name: str, model: str, built: Built) -> Sent:
    body = json.loads(built.request.body)
    return Sent(provider=name, dialect=PROVIDERS[name].dialect, model=model, body=body)


def lost(name: str, wild: Wild, sent: Sent, built: Built) -> Iterator[str]:
    """Paths of what is neither in the body nor in an adaptation."""
    text = sent.text() + sent.text().lower()
    fields = [change.field for change in built.adaptations]
    for path, word in wild.words.items():
        if word in text or any(_covers(field, path) for field in fields):
            continue
        steps = path.split("/")
        kind = steps[0]
        if kind == "messages":
            kind = type(wild.request.messages[int(steps[1])].parts[int(steps[3])]).__name__  # type: ignore[index, union-attr]
        if not _is_known(KNOWN_LOST, name, kind):
            yield path


def _is_known(failures: tuple[KnownFailure, ...], name: str, text: str) -> bool:
    return any(failure.provider == name and failure.sign in text for failure in failures)


def _covers(field: str, path: str) -> bool:
    """True if an adaptation of the field speaks of the path: of it, of what it is in, or of a part of it."""
    if field == "tool_choice" and path.startswith("tools/"):  # no tool is sent, or one
        return True
    if field == "tools" and path == "parallel_tool_calls":
        return True
    return path == field or path.startswith(f"{field}/") or field.startswith(f"{path}/")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_body_is_one_that_the_service_takes(shard: int) -> None:
    @seed(shard)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
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


def known(failure: KnownFailure) -> object:
    marks = pytest.mark.xfail(strict=True, reason=failure.owner)
    return pytest.param(failure, id=f"{failure.provider}: {failure.sign}", marks=marks)


def case_of(rule: Rule) -> object:
    known = KNOWN.get(rule.name)
    marks = [pytest.mark.xfail(strict=True, reason=known)] if known else []
    return pytest.param(rule, DOCUMENTED[rule.name], id=rule.name, marks=marks)


@pytest.mark.parametrize(("rule", "case"), [case_of(rule) for rule in RULES])
def test_the_documented_input_of_a_rule_is_built_well(rule: Rule, case: Documented) -> None:
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


@pytest.mark.parametrize("failure", [known(row) for row in (*KNOWN_OFFICIAL, *KNOWN_LOST)])
def test_a_known_failure_that_is_no_rules_is_still_there(failure: KnownFailure) -> None:
    model = models_of(failure.provider)[-1]
    request = ChatRequest(**KNOWN_INPUTS[failure.provider, failure.sign])
    built = PROVIDERS[failure.provider].build_chat(config_of(failure.provider, model), request)
    if isinstance(built, Failure):
        return
    sent = sent_of(failure.provider, model, built.unwrap())
    if failure in KNOWN_OFFICIAL:
        assert failure.sign not in (official_error(sent) or "")
    else:
        assert "word1x" in sent.text() or built.unwrap().adaptations


def test_every_rule_and_every_known_failure_has_its_case() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(names) == sorted(DOCUMENTED)
    assert len(set(names)) == len(names)
    assert KNOWN.keys() <= set(names)


def test_the_models_of_the_tables_are_asked() -> None:
    assert "gpt-5" in " ".join(models_of("openai"))
    assert "some-model" in models_of("openai")
    assert len(models_of("bedrock")) > 20
    assert all(models_of(name) for name in PROVIDERS)
    assert msgspec.structs.replace(config_of("openai", "m")).model == "m"
