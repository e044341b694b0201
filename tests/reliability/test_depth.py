"""No depth of JSON, YAML, paths, schemas or nested errors makes anything raise, wherever in the stack the caller is.

Every recursive function of the package is in RECURSIVE, with a call that gives it its deepest input, or the reason why
its depth is small. `from_deep_stacks` makes a call from many depths of the stack.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, Completion, LLMConfig, Tool, collect, user
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.common.json_objects import merge_objects
from llm_pure.adapters.dialects.gemini_content.partial_args import join_fragments
from llm_pure.adapters.dialects.gemini_content.wire import PartialArg
from llm_pure.chat.message_export import from_json, to_json
from llm_pure.core.provider import Provider
from llm_pure.framing.json_codec import fault_path, json_object
from llm_pure.output.code import repair_code
from llm_pure.output.json_repair import repair
from llm_pure.output.structured import parse_structured
from llm_pure.replay import Interaction, Redaction, redact_interaction
from llm_pure.replay.cassette import Cassette, parse_cassette
from llm_pure.replay.checks.diff import diff_cassettes
from llm_pure.replay.matching import canonical, find_differences
from llm_pure.replay.secrets.scan import scan_interaction
from llm_pure.schema.profiles import OPENAI_STRICT, OPENAPI
from llm_pure.schema.translate import translate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.settings.config_parser import read_yaml
from llm_pure.types.errors import InvalidConfiguration, StreamInterrupted
from llm_pure.types.events import ExtraReceived
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import SafeRepr
from llm_pure.types.result import Failure, Success

ROOT = Path(__file__).parents[2]
DEPTHS = (100, 128, 129, 450, 900, 960, 100_000)
PROVIDERS = sorted(
    {registry.get(name).unwrap().dialect: name for name in sorted(registry.names())}.values()
)
"""One provider of each dialect; tests/reliability/test_fuzz.py has all of them."""


def nested(depth: int, *, key: str | None = None) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value] if key is None else {key: value}
    return value


def nested_json(depth: int, key: str | None = None) -> bytes:
    begin, end = ("[", "]") if key is None else (f'{{"{key}":', "}")
    return (begin * depth + "1" + end * depth).encode()


def from_deep_stacks(call: Callable[[], object]) -> None:
    """Make the call from many depths of the stack, as deep as the same call of a harmless function needs."""
    here = len(inspect.stack(0))
    for free in (700, 400, 250, 160, 120):
        _descend(sys.getrecursionlimit() - here - free, call)


def _descend(levels: int, call: Callable[[], object]) -> object:
    return _descend(levels - 1, call) if levels > 0 else call()


SHAPES = (
    b"%s",
    b'{"error":%s}',
    b'{"error":{"message":%s,"code":%s}}',
    b'{"detail":%s}',
    b'{"message":%s,"code":1}',
    b'{"choices":[{"message":{"role":"assistant","content":"a","x":%s}}]}',
    b'{"choices":[{"delta":{"content":%s}}]}',
    b'{"type":"error","error":%s}',
    b'{"candidates":[{"content":{"parts":[{"text":"a","x":%s}]}}],"usageMetadata":%s}',
    b'{"message":{"role":"assistant","content":[{"text":"a"},{"x":%s}]},"done":true}',
    b'{"output":[{"type":"message","content":[{"type":"output_text","text":"a","x":%s}]}],"status":"completed"}',
    b'{"data":[{"id":"a","x":%s}],"models":%s,"embeddings":%s}',
)
FRAMES = (
    ("text/event-stream", b"data: %s\n\n"),
    ("application/x-ndjson", b"%s\n"),
    ("application/json", b"%s"),
)


def responses(depth: int) -> Iterator[HttpResponse]:
    for shape in SHAPES:
        for inner in (
            nested_json(depth),
            nested_json(depth, "detail"),
        ):
            body = shape.replace(b"%s", inner)
            for status in (200, 400):
                yield HttpResponse(status, (("content-type", "application/json"),), body)


def parse_everything(provider: Provider, response: HttpResponse) -> None:
    results: list[object] = [provider.parse_chat(response)]
    for field in ("count_tokens", "embed", "images", "speech", "transcribe", "moderate", "models"):
        operation = getattr(provider, field)
        if operation is not None:
            results.append(operation.parse(response))
    for content_type, frame in FRAMES:
        decoder = provider.open_stream(
            ResponseHead(response.status, (("content-type", content_type),))
        )
        results += [decoder.feed(frame.replace(b"%s", response.body)), decoder.close()]
        repr(decoder.partial())
    repr(results)
    assert all(isinstance(result, Success | Failure) for result in results)


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_depth_of_a_response_makes_a_parser_raise(name: str) -> None:
    provider = registry.get(name).unwrap()
    for depth in (100, 129, 960):
        for response in responses(depth):
            parse_everything(provider, response)


@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "bedrock", "cohere", "ollama"])
def test_no_stack_of_the_caller_makes_a_parser_raise(name: str) -> None:
    provider = registry.get(name).unwrap()
    for response in list(responses(110))[::5]:
        from_deep_stacks(lambda response=response: parse_everything(provider, response))  # type: ignore[misc]


def test_a_nested_error_body_is_an_error_by_its_status() -> None:
    provider = registry.get("openai").unwrap()
    for depth in range(900, 1000, 3):
        body = b'{"error": ' + nested_json(depth) + b"}"
        error = provider.parse_chat(HttpResponse(400, (), body)).failure()
        assert (error.kind, error.status) == ("invalid_request", 400)


def test_details_of_an_error_are_shown_as_json() -> None:
    body = b'{"detail": [[["a"]], {"loc": ["body", 1, ["x"]], "msg": {"k": 1}}, 2]}'
    error = registry.get("openai").unwrap().parse_chat(HttpResponse(422, (), body)).failure()
    assert error.message == '[["a"]]; body/1/["x"]: {"k":1}; 2'


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_depth_of_a_request_makes_a_builder_raise(name: str) -> None:
    provider = registry.get(name).unwrap()
    config = LLMConfig(
        api_type=name, model="m", api_key="k" * 40, base_url="https://example.test/v1"
    )
    for depth in DEPTHS:
        deep = nested(depth, key="a")
        schema = {"type": "object", "properties": nested(depth, key="properties")}
        requests = [
            ChatRequest(messages=user("a"), extra={"x": deep}),
            ChatRequest(messages=user("a"), tools=(Tool(name="t", parameters=schema),)),
            ChatRequest(messages=user("a"), tools=(Tool(name="t", parameters={"default": deep}),)),
            ChatRequest(messages=user("a"), metadata={"x": "y"}, extra={"messages": deep}),
        ]
        for request in requests:
            assert isinstance(provider.build_chat(config, request), Success | Failure)
            repr(request)


def _structs(base: type) -> Iterator[type]:
    subclasses: list[type] = base.__subclasses__()
    for kind in subclasses:
        yield kind
        yield from _structs(kind)


def _holds_json(kind: type) -> bool:
    texts = [str(field.type) for field in msgspec.structs.fields(kind)]
    return any("typing.Any" in text for text in texts)


def test_values_with_json_show_any_depth() -> None:
    kinds = [
        kind
        for kind in _structs(msgspec.Struct)
        if kind.__module__.startswith("llm_pure.types.")
        and kind.__module__ != "llm_pure.types.errors"  # what an error holds is bounded
        and _holds_json(kind)
    ]
    assert {kind.__name__ for kind in kinds} >= {
        "Completion",
        "Usage",
        "ExtraReceived",
        "ChatRequest",
        "Tool",
    }
    assert [
        kind
        for kind in kinds
        if not issubclass(kind, SafeRepr) and "_Media" not in str(kind.__mro__)
    ] == []
    deep = nested(100_000)
    completion = Completion(extra={"a": deep})
    text = repr(StreamInterrupted(message="cut", partial=completion))
    assert "extra=<dict, nested too deeply>" in text
    assert (
        repr(ExtraReceived("a", deep))
        == "ExtraReceived(name='a', value=<list, nested too deeply>, append=False, choice=None)"
    )


def test_recursive_yaml_is_an_invalid_configuration() -> None:
    for text in (
        "llm: &a\n  extra: *a\n",
        "llm:\n  headers: " + "[" * 300 + "]" * 300,
        "a: " + "{b: " * 70 + "1" + "}" * 70,
        (
            "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]"
        ),
    ):
        assert isinstance(read_yaml(text).failure(), InvalidConfiguration)


def _interaction(depth: int) -> Interaction:
    return Interaction(
        request=HttpRequest(
            "POST", "https://api.example.test/v1/chat", (), nested_json(depth, "a")
        ),
        response=HttpResponse(200, (), nested_json(depth)),
    )


def _compare(depth: int) -> None:
    bodies = (nested_json(depth), nested_json(depth - 1), nested_json(depth, "a"))
    requests = [canonical(HttpRequest("POST", "https://a.test/", (), body)) for body in bodies]
    for other in requests[1:]:
        assert find_differences(requests[0], other) != ()


def _diff(depth: int) -> None:
    first, second = _interaction(depth), _interaction(depth + 1)
    second = msgspec.structs.replace(second, request=first.request)
    list(diff_cassettes(Cassette(interactions=(first,)), Cassette(interactions=(second,))))


def _chain_of_references(depth: int) -> dict[str, Any]:
    names = [f"d{number}" for number in range(min(depth, 5_000))]
    targets = {name: {"$ref": f"#/$defs/{after}"} for name, after in pairwise(names)}
    return {"$ref": "#/$defs/d0", "$defs": {**targets, names[-1]: {"type": "object"}}}


def _translate(depth: int) -> None:
    for schema in (
        {"type": "object", "properties": nested(depth, key="properties")},
        {"anyOf": [nested(depth, key="items")]},
        {"enum": [nested(depth)], "default": nested(depth)},
        _chain_of_references(depth),
    ):
        for profile in (OPENAI_STRICT, OPENAPI):
            translate_schema(schema, profile)


def _validate(depth: int) -> None:
    value = nested(depth)
    recursive = {"items": {"$ref": "#"}}
    for schema in (
        recursive,
        {"enum": [nested(depth)]},
        {"const": nested(depth)},
        _chain_of_references(depth),
    ):
        validation_errors(schema, value)


def _structured(depth: int) -> None:
    for text in (
        nested_json(depth, "a").decode(),
        nested_json(depth).decode(),
        "x " + nested_json(depth, "a").decode(),
    ):
        completion = Completion(message=msgspec.structs.replace(user(text), role="assistant"))
        kinds: tuple[Any, ...] = (
            {"type": "object", "properties": {"a": {"$ref": "#"}}},
            dict[str, Any],
        )
        for wanted in kinds:
            parse_structured(completion, wanted)


def _fragments(depth: int) -> None:
    json = join_fragments([PartialArg(jsonPath="$" + ".a" * depth, stringValue="x")])
    assert len(json) == 1
    msgspec.json.encode(json)


CALLS: Mapping[str, Callable[[int], object]] = {
    "json repair": lambda depth: [
        repair(text)
        for text in (
            '{"a":' * depth,
            nested_json(depth, "a").decode() + "x",
            "[" * depth,
            "```json\n" + '{"a":[' * depth,
        )
    ],
    "code repair": lambda depth: repair_code('{"code":' + "[" * depth),
    "structured output": _structured,
    "redaction": lambda depth: redact_interaction(
        _interaction(depth), Redaction(paths=("/a/*/b",))
    ),
    "scan": lambda depth: list(scan_interaction(_interaction(min(depth, 20_000)))),
    "matching": _compare,
    "differences of cassettes": _diff,
    "cassettes": lambda depth: parse_cassette(
        "interactions:\n- request: {method: POST, uri: http://a.test/}\n  response:\n    status: "
        + "[" * depth
        + "]" * depth
    ),
    "headers of cassettes": lambda depth: parse_cassette(
        "interactions:\n- request: {method: POST, uri: http://a.test/}\n  provider: "
        + "[" * depth
        + "]" * depth
        + "\n  response: {status: 200}"
    ),
    "schemas": _translate,
    "validation": _validate,
    "messages from JSON": lambda depth: from_json(
        b'[{"role":"user","parts":' + nested_json(depth) + b"}]"
    ),
    "messages to JSON": lambda depth: to_json(
        {"role": "user", "content": [{"type": "x", "y": nested(depth)}]}
    ),
    "fragments with JSON paths": _fragments,
    "arguments of a call": lambda depth: json_object(nested_json(depth, "a").decode()),
    "settings": lambda depth: read_yaml("a: " + "[" * min(depth, 2_000) + "]" * min(depth, 2_000)),
    "path of an error": lambda depth: fault_path(dict[str, list[int]], {"a": nested(depth)}),
    "collect": lambda depth: collect([ExtraReceived("a", nested(depth))]),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_depth_makes_a_call_raise(name: str) -> None:
    for depth in DEPTHS:
        CALLS[name](depth)


@pytest.mark.parametrize("name", CALLS)
def test_no_stack_of_the_caller_makes_a_call_raise(name: str) -> None:
    for depth in (60, 110):
        from_deep_stacks(lambda depth=depth: CALLS[name](depth))  # type: ignore[misc]


RECURSIVE: Mapping[str, str] = {
    "llm_pure/framing/json_codec.py:_parts": "call: path of an error",
    "llm_pure/output/json_parser.py:_Reader.container": "call: json repair",
    "llm_pure/output/json_parser.py:_Reader.value": "call: json repair",
    "llm_pure/output/json_repair.py:repair": "call: json repair",
    "llm_pure/schema/optional_nulls.py:_without_nulls": "call: structured output",
    "llm_pure/output/tool_results.py:_content": "value_result catches it",
    "llm_pure/client/tool_calls.py:is_async": "functools joins partials of partials",
    "llm_pure/chat/parameter_types.py:_describe_fields": "types that a program declares",
    "llm_pure/chat/parameter_types.py:_metas": "types that a program declares",
    "llm_pure/chat/parameter_types.py:_needs_pydantic": "types that a program declares",
    "llm_pure/chat/parameter_types.py:_with_meta": "types that a program declares",
    "adapters/dialects/common/received.py:_part": "JSON of at most DEPTH_LIMIT",
    "adapters/dialects/common/served_json.py:_encodable": "_MAX_DEPTH",
    "llm_pure/output/structured.py:_unrelated_object": "call: structured output",
    "llm_pure/pricing/table.py:matches": "decoded by msgspec: its depth is that of a price table",
    "llm_pure/replay/matching.py:_normalize": "call: matching",
    "llm_pure/replay/matching.py:_body_differences": "call: matching",
    "llm_pure/replay/secrets/redaction.py:_bytes_of": "vcrpy's bodies: an iterable of bytes",
    "llm_pure/replay/secrets/scan.py:_string_fields": "call: scan",
    "llm_pure/replay/yaml.py:_has_astral": "values of a cassette that this package makes",
    "llm_pure/schema/translate.py:_Writer.write": "call: schemas",
    "llm_pure/schema/translate.py:_Writer._resolve": "call: schemas",
    "llm_pure/schema/validate.py:_Check.errors": "call: validation",
    "llm_pure/schema/validate.py:_errors": "call: validation",
    "llm_pure/schema/validate.py:_object_errors": "call: validation",
    "llm_pure/settings/config_parser.py:_expand": "call: settings",
    "llm_pure/tokens/count.py:_properties": "SCHEMA_DEPTH_LIMIT",
    "llm_pure/tokens/count.py:_part": "results of calls hold no results of calls",
    "adapters/dialects/bedrock_converse/reasoning.py:with_value": "a path of the model table",
    "adapters/dialects/common/dual_api.py:_FirstFrameDecoder.close": "once: the decoder is chosen then",
    "adapters/dialects/gemini_content/frames.py:ItemDecoder.feed": "once: the framing is chosen then",
    "adapters/dialects/common/json_objects.py:merge_objects": "in builders, whose seam catches it",
    "llm_pure/core/extra_overlay.py:overlay": "in builders, whose seam catches it",
    "llm_pure/client/media.py:_loaded": "the seam of load_files catches it",
    "llm_pure/schema/object_root.py:_merge_branches": "at most 16 combinators in one another",
    "llm_pure/schema/value_types.py:_with_type": "in translate_schema, which catches it",
    "llm_pure/schema/value_types.py:fit_union": "in translate_schema, which catches it",
    "adapters/dialects/common/part_filter.py:PartFilter._part": "results of calls hold no results of calls",
    "adapters/dialects/common/part_filter.py:PartFilter._result": "results of calls hold no results of calls",
    "adapters/dialects/anthropic_messages/blocks.py:begin": "once: with the type that was missing",
    "llm_pure/core/lenient_json.py:_object_or_list": "JSON of at most DEPTH_LIMIT",
    "llm_pure/core/call_arguments.py:join_arguments": "once: with the text in the text",
    "llm_pure/tokens/estimates.py:_is_uncountable": "results of calls hold no results of calls",
    "llm_pure/schema/translate.py:_Writer._complete": "once: with a node that has no items",
    "adapters/dialects/gemini_content/frames.py:_in_camel_case": "_DEPTH",
    "adapters/dialects/openai_common/errors.py:_any_text": "its argument",
    "adapters/dialects/openai_common/embed.py:_vector": "its argument",
    "llm_pure/core/lenient_json.py:_field": "JSON of at most DEPTH_LIMIT",
    "llm_pure/bulk/row_states.py:RowStates.number": "once: with the kind that stands for others",
    "llm_pure/tokens/sent_limits.py:_numbers": "_DEPTH",
    "llm_pure/types/errors.py:_bounded": "BODY_LIMITS",
    "llm_pure/types/errors.py:_redacted_value": "_PARTIAL_DEPTH",
    "llm_pure/types/wrong_types.py:_find": "_MAX_DEPTH",
    "llm_pure/types/wrong_types.py:_compare": "_MAX_DEPTH",
    "llm_pure/types/secret_spellings.py:_mask_base64": "base64 of base64: once",
    "llm_pure/types/secret_spellings.py:_mask_run": "base64 of base64: once",
    "llm_pure/replay/secrets/patterns.py:_mask_inside": "base64 of base64: once",
    "llm_pure/replay/checks/disorder_check.py:first_difference": "JSON of at most DEPTH_LIMIT",
    "llm_pure/replay/checks/disorder_check.py:_is_added": "JSON of at most DEPTH_LIMIT",
    "llm_pure/replay/checks/disorder_check.py:_provider_data": "JSON of at most DEPTH_LIMIT",
    "llm_pure/replay/checks/disorder_check.py:_plain": "JSON of at most DEPTH_LIMIT",
    "llm_pure/bulk/identity.py:_without_defaults": "the seam of input_files catches it",
    "llm_pure/bulk/log_files.py:LogWriter._append": "once: the disk is full then",
    "llm_pure/bulk/parquet_output.py:arrow_type": "_MAX_DEPTH",
    "llm_pure/bulk/parquet_output.py:fitted": "_MAX_DEPTH",
    "llm_pure/gateway/litellm_config.py:_with_variables": "its YAML has at most 64 levels",
    "llm_pure/replay/doubles/recorded.py:_comparable": "results of calls hold no results of calls",
    "llm_pure/server/outgoing.py:_of_provider": "results of calls hold no results of calls",
}
"""Functions that call themselves, alone or in turns, and the call above that gives them depth, or why it is small."""


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    def walk(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                inner = (*names, child.name)
                if not isinstance(child, ast.ClassDef):
                    yield ".".join(inner), child
                yield from walk(child, inner)
            else:
                yield from walk(child, names)

    yield from walk(tree, ())


def _called(
    function: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, known: Mapping[str, str]
) -> set[str]:
    """Names of functions of the same module that a function calls or passes on."""
    arguments = function.args
    local = {arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    nodes = list(ast.walk(function))
    local |= {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    names: set[str] = set()
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        for part in (node.func, *node.args):
            if isinstance(part, ast.Name) and part.id not in local:
                names.add(known.get(part.id, ""))
        match node.func:
            case ast.Attribute(value=ast.Name(id="self" | "check" as holder)):
                owner_class = owner.rpartition(".")[0] if holder == "self" else "_Check"
                names.add(f"{owner_class}.{node.func.attr}")
    return names - {""}


def recursive_functions(source: str) -> set[str]:
    functions = dict(_functions(ast.parse(source)))
    plain = {name.rpartition(".")[2]: name for name in functions if "." not in name}
    calls = {
        name: _called(node, name, plain) & functions.keys() for name, node in functions.items()
    }
    return {name for name in functions if _reaches(name, calls)}


def _reaches(name: str, calls: Mapping[str, set[str]]) -> bool:
    waiting, seen = list(calls[name]), set[str]()
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            waiting += calls[other]
    return name in seen


def test_every_recursive_function_is_in_the_table() -> None:
    known = {
        f"{path.relative_to(ROOT).as_posix()}:{name}"
        for folder in ("llm_pure", "adapters")
        for path in sorted((ROOT / folder).glob("**/*.py"))
        for name in recursive_functions(path.read_text("utf-8"))
    }
    assert known == RECURSIVE.keys()
    named = {
        reason.removeprefix("call: ")
        for reason in RECURSIVE.values()
        if reason.startswith("call: ")
    }
    assert named <= CALLS.keys()


def test_recursive_functions_are_recognized() -> None:
    source = "def a(x): return b(x)\ndef b(x): return [a(y) for y in x]\ndef c(x): return a(x)\nclass D:\n def e(self): self.e()\n"
    assert recursive_functions(source) == {"a", "b", "D.e"}


def test_merging_deep_objects_is_refused_by_the_builder() -> None:
    deep = nested(100_000, key="a")  # beyond what the JSON encoder nests on any Python
    with pytest.raises(RecursionError):
        merge_objects(deep, deep)
    config = LLMConfig(api_type="openai", model="m")
    request = ChatRequest(messages=user("a"), extra={"x": deep})
    assert (
        registry.get("openai").unwrap().build_chat(config, request).failure().kind
        == "invalid_request"
    )
