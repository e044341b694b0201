"""What services take of JSON Schema, as data: one `SchemaProfile` for each way in which they differ."""

from collections.abc import Mapping

import msgspec


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class SchemaProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a service takes of JSON Schema.

    only: the keywords that it takes, None for all but `without`: those that it refuses. root: keywords that may stand
    at the top, None for all. formats: values of `format` that it takes, None for any. patterns_without: pieces of a
    regular expression that it refuses. at_most: keyword -> the largest number that it takes there.
    closed: every object forbids what it does not name. all_required: every property is required, so that one that may
    be missing may be null. inline: no `$ref`; what it points to stands in its place. bare_references: nothing stands
    beside a `$ref`. recursive: a schema may refer to itself.
    """

    name: str
    allowed_keys: frozenset[str] | None = None
    dropped_keys: frozenset[str] = frozenset()
    root: frozenset[str] | None = None
    formats: frozenset[str] | None = None
    patterns_without: tuple[str, ...] = ()
    size_limits: Mapping[str, int] = {}
    closed_objects: bool = False
    all_required: bool = False
    inline: bool = False
    bare_references: bool = False
    recursive: bool = True
    source: str = ""

    def takes(self, keyword: str) -> bool:
        """May this stand in a schema?"""
        if self.allowed_keys is not None and keyword not in self.allowed_keys:
            return False
        return keyword not in self.dropped_keys


_LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")
_CONDITIONS = _words("not if then else dependentRequired dependentSchemas oneOf allOf")
_OF_OBJECTS = _words(
    "patternProperties unevaluatedProperties propertyNames minProperties maxProperties"
)
_OF_ARRAYS = _words("unevaluatedItems contains minContains maxContains uniqueItems")
_FORMATS = _words("date-time time date duration email hostname ipv4 ipv6 uuid")

OPENAI_STRICT = SchemaProfile(
    name="openai strict",
    dropped_keys=_words("default minLength maxLength") | _CONDITIONS | _OF_OBJECTS | _OF_ARRAYS,
    formats=_FORMATS,
    patterns_without=_LOOK_AROUND,
    closed_objects=True,
    all_required=True,
    bare_references=True,
    source="pydantic-ai profiles/openai.py and developers.openai.com, Structured Outputs; read 2026-11-20",
)
ANTHROPIC_NATIVE = SchemaProfile(
    name="anthropic native",
    allowed_keys=_words(
        "$defs definitions $ref type enum const anyOf allOf properties required "
        "additionalProperties items minItems format title description default pattern"
    ),
    formats=_FORMATS | {"uri"},
    patterns_without=(*_LOOK_AROUND, "\\b", "\\B"),
    size_limits={"minItems": 1},
    closed_objects=True,
    bare_references=True,
    recursive=False,
    source="anthropic 2.11.0 lib/_parse/_transform.py; docs.claude.com, Structured outputs; read 2026-11-20",
)
"""`output_config.format` and strict tools, at Anthropic and in Bedrock's Converse."""

GEMINI = SchemaProfile(
    name="gemini",
    allowed_keys=_words(
        "$id $defs $ref $anchor type format title description enum items prefixItems "
        "minItems maxItems minimum maximum anyOf oneOf properties additionalProperties "
        "required propertyOrdering"
    ),
    bare_references=True,
    source="google-genai 3.4.0 types.py (GenerateContentConfig.response_json_schema); read 2026-11-20",
)
"""`responseJsonSchema` and `parametersJsonSchema`."""

OPENAPI = SchemaProfile(
    name="OpenAPI subset",
    dropped_keys=_words("$schema $id $comment additionalProperties const patternProperties"),
    inline=True,
    source="Gemini's `parameters` and `responseSchema`, by the wire notes of this project; read 2026-11-20",
)
NOVA_TOOLS = SchemaProfile(
    name="amazon nova",
    root=_words("type properties required"),
    inline=True,
    source="docs.aws.amazon.com/nova, Defining a tool; pydantic/pydantic-ai issue 1623; read 2026-11-20",
)
COHERE_ANSWERS = SchemaProfile(
    name="cohere",
    dropped_keys=_words(
        "allOf oneOf not minimum maximum minItems maxItems uniqueItems minLength maxLength"
    ),
    formats=_words("date-time uuid date time"),
    patterns_without=_LOOK_AROUND,
    source="docs.cohere.com, Structured Outputs, as generally known; unconfirmed; 2026-11-20",
)
OLLAMA_TOOLS = SchemaProfile(
    name="ollama",
    allowed_keys=_words("type items required properties description enum anyOf"),
    inline=True,
    source="ollama/ollama v0.33.0-rc2 api/types.go (ToolFunctionParameters, ToolProperty), read 2026-11-20",
)


__all__ = [
    "ANTHROPIC_NATIVE",
    "COHERE_ANSWERS",
    "GEMINI",
    "NOVA_TOOLS",
    "OLLAMA_TOOLS",
    "OPENAI_STRICT",
    "OPENAPI",
    "SchemaProfile",
]
