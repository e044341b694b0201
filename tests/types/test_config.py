"""The configuration: its defaults, and that its secrets never show."""

import copy
import pickle
from typing import Any

import msgspec
import pytest

from llm_pure import LLMConfig, Secret
from llm_pure.types.config import SECRET_FIELDS, is_overridden, reveal

SECRET = "swordfish"
LOADED = LLMConfig(
    api_key=SECRET,
    access_key=SECRET,
    secret_key=SECRET,
    session_token=SECRET,
    api_secret=SECRET,
    base_url=f"https://me:{SECRET}@h/?key={SECRET}",
    endpoint=f"https://{SECRET}@h",
    proxy=f"http://me:{SECRET}@proxy:3128",
    headers=(("Authorization", f"Bearer {SECRET}"), ("X-Team", "blue")),
    app_id="42",
)


@pytest.mark.parametrize("show", [repr, str, format, "{}".format, "{!r}".format, "{!s:>9}".format])
def test_no_way_of_showing_shows_a_secret(show: Any) -> None:
    assert SECRET not in show(LOADED)
    assert SECRET not in show(Secret(SECRET))
    assert SECRET not in show([LOADED, {"key": Secret(SECRET)}])


def test_rich_shows_no_secret_either() -> None:
    assert SECRET not in repr(LOADED.__rich_repr__())


@pytest.mark.parametrize("write", [msgspec.json.encode, msgspec.to_builtins, msgspec.yaml.encode])
def test_a_secret_is_not_written_by_accident(write: Any) -> None:
    with pytest.raises(TypeError) as caught:
        write(LOADED)
    assert SECRET not in str(caught.value)


def test_what_is_no_secret_shows() -> None:
    assert repr(LOADED) == (
        "LLMConfig(api_key=Secret('***'), base_url='https://***@h/?key=***', "
        "access_key=Secret('***'), secret_key=Secret('***'), session_token=Secret('***'), "
        "endpoint='https://***@h', app_id='42', api_secret=Secret('***'), "
        "proxy='http://***@proxy:3128', headers=(('authorization', '***'), ('x-team', 'blue')))"
    )
    assert repr(LLMConfig()) == "LLMConfig()"


@pytest.mark.parametrize(
    "again", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy]
)
def test_it_travels_whole(again: Any) -> None:
    got = again(LOADED)
    assert got == LOADED
    assert reveal(got.api_key) == SECRET


@pytest.mark.parametrize("name", SECRET_FIELDS)
def test_a_secret_field_holds_a_secret_however_it_was_given(name: str) -> None:
    for given in (SECRET, Secret(SECRET)):
        fields: dict[str, Any] = {name: given}
        assert getattr(LLMConfig(**fields), name) == Secret(SECRET)
        assert getattr(msgspec.structs.replace(LLMConfig(), **fields), name) == Secret(SECRET)


def test_a_secret_is_a_value_that_does_not_change() -> None:
    secret = Secret(SECRET)
    assert secret.reveal() == reveal(secret) == reveal(SECRET) == SECRET
    assert secret == Secret(SECRET)
    assert secret != Secret("other")
    assert secret != SECRET
    assert hash(secret) == hash(Secret(SECRET))
    assert bool(secret)
    assert not Secret("")
    assert reveal(None) == ""
    assert f"{secret:>5}" == "  ***"
    with pytest.raises(AttributeError, match="immutable"):
        secret._value = "x"
    with pytest.raises(AttributeError):
        secret.other = "x"


def test_the_defaults_set_nothing_that_is_sent() -> None:
    told = {name: getattr(LLMConfig(), name) for name in LLMConfig.__struct_fields__}
    assert {name: value for name, value in told.items() if value is not None} == {
        "api_type": "openai",
        "model": "",
        "stream": True,
        "timeout": 600,
        "calc_usage": True,
        "compress_type": "no_compress",
        "use_system_prompt": True,
        "reasoning": False,
        "reasoning_max_token": 4000,
        "headers": (),
        "tls_verify": True,  # ours, like headers
        "default_fields": (),
    }


@pytest.mark.parametrize(("given", "timeout_s"), [(0, 600), (0.0, 600), (5, 5), (0.5, 0.5)])
def test_no_timeout_is_the_default_one(given: float, timeout_s: float) -> None:
    assert LLMConfig(timeout=given).timeout == timeout_s


def test_what_the_user_set_is_known() -> None:
    config = LLMConfig(temperature=0.0, max_token=4096, default_fields=("max_token",))
    names = ("temperature", "max_token", "top_p")
    assert [name for name in names if is_overridden(config, name)] == ["temperature"]


def test_headers_may_be_a_dict_as_other_packages_take_them() -> None:
    headers: Any = {"X-Team": "blue"}
    assert LLMConfig(headers=headers) == LLMConfig(headers=(("X-Team", "blue"),))
