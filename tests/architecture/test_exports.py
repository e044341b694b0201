"""What is public: names that resolve, and values that do not change."""

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import msgspec
import pytest

import llm_pure
from tests.support.rows import check_each

ABOVE_THE_CORE = (
    "adapters",
    "bulk",
    "cli",
    "__main__",
    "replay",
    "client",
    "transports",
    "settings",
)

POSITIONAL_BY_DESIGN = {
    # parts and messages: what a person writes by hand, text first
    "llm_pure.types.messages.Text",
    "llm_pure.types.messages.Reasoning",
    "llm_pure.types.messages.ToolCall",
    "llm_pure.types.messages.Opaque",
    "llm_pure.types.messages.Message",
    # counts, in the order in which every provider says them
    "llm_pure.types.completion.Usage",
    # one for each piece of a stream: made by the thousand, text first, then where it belongs
    "llm_pure.types.events.TextDelta",
    "llm_pure.types.events.ReasoningDelta",
    "llm_pure.types.events.RefusalDelta",
    "llm_pure.types.events.ToolCallDelta",
    "llm_pure.types.events.PartReceived",
    "llm_pure.types.events.ProviderMetadataReceived",
    "llm_pure.types.events.ExtraReceived",
    "llm_pure.types.events.Finished",
    # where, what stood there, what stands there now
    "llm_pure.output.json_parser.Edit",
    # one for each frame of a stream
    "llm_pure.framing.sse.SseEvent",
    # the line of an HTTP message: method, URL, headers, body
    "llm_pure.types.http.HttpRequest",
    "llm_pure.types.http.HttpResponse",
    "llm_pure.signing.stand_in.StandInRequest",
}


def core_modules() -> list[ModuleType]:
    """Every module of the values and the core."""
    found = [llm_pure]
    for one in pkgutil.iter_modules(llm_pure.__path__, "llm_pure."):
        if one.name.split(".")[1] in ABOVE_THE_CORE:
            continue
        module = import_module(one.name)
        found.append(module)
        if one.ispkg:
            inner = pkgutil.iter_modules(module.__path__, f"{one.name}.")
            found += [import_module(two.name) for two in inner]
    return found


MODULES = core_modules()
STRUCTS = {
    f"{module.__name__}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, type)
    and issubclass(value, msgspec.Struct)
    and value.__module__ == module.__name__
    and not name.startswith("_")
}


def test_the_public_names_are_sorted_as_ruff_sorts_them() -> None:
    names = llm_pure.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name.islower(), name))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "module", [module for module in MODULES if hasattr(module, "__all__")], ids=lambda m: m.__name__
)
def test_every_public_name_leads_somewhere(module: ModuleType) -> None:
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_nothing_else_leads_somewhere() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = llm_pure.Nothing  # type: ignore[attr-defined]


def test_the_names_of_the_design_stand() -> None:
    """docs/design.md, "Names that stand": other programs are written against them."""
    standing = (
        "LLMConfig ChatRequest Completion Usage HttpRequest HttpResponse ResponseHead LLMError collect "
        "system user assistant tool_result LLM"
    )
    assert set(standing.split()) <= set(llm_pure.__all__)


def test_a_public_value_does_not_change() -> None:
    assert [name for name, kind in STRUCTS.items() if not kind.__struct_config__.frozen] == []


def test_fields_go_by_name_from_three_up() -> None:
    check_each(_go_by_name, STRUCTS)


def _go_by_name(name: str) -> None:
    parameters = list(inspect.signature(STRUCTS[name]).parameters.values())
    positional = [one for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert (len(positional) > 2) == (name in POSITIONAL_BY_DESIGN)


def test_every_exception_to_that_exists() -> None:
    assert set(STRUCTS) >= POSITIONAL_BY_DESIGN


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_thing_says_what_it_is(module: ModuleType) -> None:
    assert module.__doc__
    silent = [
        name
        for name, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and not value.__doc__
    ]
    assert silent == []
