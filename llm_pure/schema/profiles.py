"""The subsets of JSON Schema that services accept, as data: one `SchemaProfile` each."""

from collections.abc import Mapping

import msgspec


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


class SchemaProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The subset of JSON Schema that a service accepts."""

    name: str
    allowed_keys: frozenset[str] | None = None
    """Supported keywords; None for all but `dropped_keys`."""
    dropped_keys: frozenset[str] = frozenset()
    """Unsupported keywords."""
    root_keys: frozenset[str] | None = None
    """Keywords supported at the root; None for all."""
    formats: frozenset[str] | None = None
    """Supported values of `format`; None for any."""
    unsupported_patterns: tuple[str, ...] = ()
    """Parts of regular expressions that `pattern` may not have."""
    size_limits: Mapping[str, int] = {}
    """Keyword -> its largest supported number."""
    closed_objects: bool = False
    """Every object has `additionalProperties: false`."""
    all_required: bool = False
    """Every property is required; an optional one is sent as nullable."""
    inline: bool = False
    """No `$ref`: targets are inserted in its place."""
    bare_references: bool = False
    """No keyword stands beside a `$ref`."""
    recursive: bool = True
    """A schema may refer to itself."""
    source: str = ""

    def supports(self, keyword: str) -> bool:
        """True if the keyword may be sent."""
        if self.allowed_keys is not None and keyword not in self.allowed_keys:
            return False
        return keyword not in self.dropped_keys


_LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")
_CONDITIONS = _keys("not if then else dependentRequired dependentSchemas oneOf allOf")
_OF_OBJECTS = _keys(
    "patternProperties unevaluatedProperties propertyNames minProperties maxProperties"
)
_OF_ARRAYS = _keys("unevaluatedItems contains minContains maxContains uniqueItems")
_FORMATS = _keys("date-time time date duration email hostname ipv4 ipv6 uuid")

OPENAI_STRICT = SchemaProfile(
    name="openai strict",
    dropped_keys=_keys("default minLength maxLength") | _CONDITIONS | _OF_OBJECTS | _OF_ARRAYS,
    formats=_FORMATS,
    unsupported_patterns=_LOOK_AROUND,
    closed_objects=True,
    all_required=True,
    bare_references=True,
    source="pydantic-ai profiles/openai.py and developers.openai.com, Structured Outputs; read 2026-11-20",
)
ANTHROPIC_NATIVE = SchemaProfile(
    name="anthropic native",
    allowed_keys=_keys(
        "$defs definitions $ref type enum const anyOf allOf properties required "
        "additionalProperties items minItems format title description default pattern"
    ),
    formats=_FORMATS | {"uri"},
    unsupported_patterns=(*_LOOK_AROUND, "\\b", "\\B"),
    size_limits={"minItems": 1},
    closed_objects=True,
    bare_references=True,
    recursive=False,
    source="anthropic 2.11.0 lib/_parse/_transform.py; docs.claude.com, Structured outputs; read 2026-11-20",
)
"""`output_config.format` and strict tools, at Anthropic and in Bedrock's Converse."""

GEMINI = SchemaProfile(
    name="gemini",
    allowed_keys=_keys(
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
    dropped_keys=_keys("$schema $id $comment additionalProperties const patternProperties"),
    inline=True,
    source="Gemini's `parameters` and `responseSchema`, by the wire notes of this project; read 2026-11-20",
)
NOVA_TOOLS = SchemaProfile(
    name="amazon nova",
    root_keys=_keys("type properties required"),
    inline=True,
    source="docs.aws.amazon.com/nova, Defining a tool; pydantic/pydantic-ai issue 1623; read 2026-11-20",
)
COHERE_RESPONSES = SchemaProfile(
    name="cohere",
    dropped_keys=_keys(
        "allOf oneOf not minimum maximum minItems maxItems uniqueItems minLength maxLength"
    ),
    formats=_keys("date-time uuid date time"),
    unsupported_patterns=_LOOK_AROUND,
    source="docs.cohere.com, Structured Outputs, as generally known; unconfirmed; 2026-11-20",
)
OLLAMA_TOOLS = SchemaProfile(
    name="ollama",
    allowed_keys=_keys("type items required properties description enum anyOf"),
    inline=True,
    source="ollama/ollama v0.33.0-rc2 api/types.go (ToolFunctionParameters, ToolProperty), read 2026-11-20",
)
