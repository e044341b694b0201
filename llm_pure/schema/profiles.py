"""The subsets of JSON Schema that services accept, as data: one `SchemaProfile` each."""

import re
from collections.abc import Mapping

import msgspec


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ROOT_COMBINATORS = _keys("anyOf oneOf allOf")


class SchemaProfile(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The subset of JSON Schema that a service accepts. Compared by identity, so that translations can be cached."""

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
    object_root: bool = False
    """The root of a response schema is an object without combinators, too; that of a tool's schema always is."""
    unsupported_root_keys: frozenset[str] = _ROOT_COMBINATORS
    """Keywords that the root of an object may not have; branches of combinators are merged into it."""
    array_items: bool = False
    """Every array has `items`."""
    typed: bool = False
    """Every schema has a type."""
    any_value: bool = True
    """A schema may allow values of every type."""
    type_beside_union: bool = True
    """`type` may stand beside `anyOf`; else every branch has its own."""
    named_required: bool = False
    """`required` lists only names that `properties` has."""
    boolean_schemas: bool = True
    """`true` and `false` are schemas."""
    enum_types: frozenset[str] | None = None
    """JSON types of values in `enum`; None for all."""
    empty_in_enum: bool = True
    """The empty string may be in `enum`."""
    nullable: bool = False
    """OpenAPI's `nullable` in place of the type null."""
    property_names: re.Pattern[str] | None = None
    """Names of the properties at the root must match."""
    max_subschemas: int | None = None
    """Maximum number of subschemas."""
    max_nesting: int | None = None
    """Maximum number of objects within objects."""
    required_argument: bool = False
    """A tool has at least one required property."""
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

CHAT_COMPLETIONS = SchemaProfile(
    name="chat completions",
    unsupported_root_keys=_ROOT_COMBINATORS | _keys("not enum const"),
    object_root=True,
    array_items=True,
    boolean_schemas=False,
    source="error texts of the service: 'schema must have type object and not have oneOf/anyOf/allOf/enum/not at the top"
    " level' (langchain-ai/langchainjs#9804), 'object schema missing properties' (langchain-mcp-adapters#137), 'array schema"
    " missing items' (AnswerDotAI/fastcore#798); DeepSeek has the first text too (deepseek-ai/DeepSeek-V3#874);"
    " read 2026-11-29",
)
"""Schemas without `strict` at OpenAI, and at services with its API of which no other rule is known."""

RESPONSES = msgspec.structs.replace(
    CHAT_COMPLETIONS,
    name="responses",
    dropped_keys=_keys("oneOf"),
    source="\"'oneOf' is not permitted\" in tools without strict too (can1357/oh-my-pi#920, justrach/codedb#440); read 2026-11-30",
)
"""Schemas without `strict` at OpenAI's Responses, which tries to make them strict."""

GROQ = msgspec.structs.replace(
    CHAT_COMPLETIONS,
    name="groq",
    named_required=True,
    source="'required' present but 'properties' is missing (usestrix/strix#1088, livekit/agents#4610); read 2026-11-29",
)
XAI = msgspec.structs.replace(
    CHAT_COMPLETIONS,
    name="xai",
    enum_types=_keys("string number integer boolean"),
    source="null in an enum is rejected (tailcallhq/forgecode#2809), 'items must be a schema' (hermes-agent#20976), 'tool"
    " parameter root must be an object type' (lidge-jun/opencodex#122); read 2026-11-29",
)
MOONSHOT = msgspec.structs.replace(
    CHAT_COMPLETIONS,
    name="moonshot",
    dropped_keys=_keys("$schema if then else definitions const oneOf allOf prefixItems"),
    bare_references=True,
    array_items=False,
    typed=True,
    type_beside_union=False,
    named_required=True,
    enum_types=_keys("string number integer boolean"),
    source="'type should be defined in anyOf items instead of the parent schema' (MoonshotAI/kimi-code#2661,"
    " openclaw/openclaw#113130), 'type is not defined' and 'conflict for key if' (earendil-works/pi#5822, #4138); with $schema"
    " kimi-k2.5 answers nonsense (vercel/ai packages/moonshotai), read 2026-11-29; MoonshotAI/walle, the service's validator: docs/"
    "mfjs-walle-vs-draft-2020-12.md and validation-principles.md (references to $defs alone; const, oneOf, allOf, prefixItems are ignored;"
    " a required property must be defined, null may not be in an enum), read 2026-11-30",
)

OPENAI_STRICT = SchemaProfile(
    name="openai strict",
    dropped_keys=_keys("default minLength maxLength discriminator prefixItems")
    | _CONDITIONS
    | _OF_OBJECTS
    | _OF_ARRAYS,
    formats=_FORMATS,
    unsupported_patterns=_LOOK_AROUND,
    closed_objects=True,
    all_required=True,
    bare_references=True,
    object_root=True,
    unsupported_root_keys=_ROOT_COMBINATORS | _keys("not enum const"),
    array_items=True,
    boolean_schemas=False,
    typed=True,
    any_value=False,
    max_subschemas=5000,
    max_nesting=10,
    source='pydantic-ai profiles/openai.py and developers.openai.com, Structured Outputs, read 2026-11-20; "schema must have a'
    " 'type' key\" for items {} (can1357/oh-my-pi#211), no prefixItems (pydantic/pydantic-ai#7315, as in openai-node), read 2026-11-30",
)
GROQ_STRICT = msgspec.structs.replace(
    OPENAI_STRICT,
    name="groq strict",
    named_required=GROQ.named_required,
    dropped_keys=OPENAI_STRICT.dropped_keys | _keys("minItems maxItems"),
    source="'minItems is not supported' (i-am-bee/beeai-framework#1215); console.groq.com/docs/structured-outputs; read 2026-11-29",
)
CEREBRAS_STRICT = msgspec.structs.replace(
    GROQ_STRICT,
    name="cerebras strict",
    source="'Unsupported JSON schema fields: minItems' (musistudio/claude-code-router#338, #708); read 2026-11-29",
)

PROPERTY_NAME = re.compile("[a-zA-Z0-9_.-]{1,64}")

ANTHROPIC = SchemaProfile(
    name="anthropic",
    property_names=PROPERTY_NAME,
    source="error texts of the service: 'input_schema does not support oneOf, allOf, or anyOf at the top level'"
    " (anthropics/claude-code#5319), 'Property keys should match pattern' (claude-code#79418, n8n-io/n8n#30590), 'must match"
    " JSON Schema draft 2020-12' (claude-code#586); read 2026-11-29",
)
"""Tools without `strict` at Anthropic and at its hosts."""

CONVERSE = SchemaProfile(
    name="converse",
    source="'inputSchema.json.type must be one of the following: object' (kirodotdev/Kiro#11026, earendil-works/pi#8279);"
    " read 2026-11-29",
)
"""Tools of Bedrock's Converse, where the model's vendor has no other rule."""

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
    property_names=PROPERTY_NAME,
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
    named_required=True,
    boolean_schemas=False,
    enum_types=_keys("string number integer"),
    empty_in_enum=False,
    type_beside_union=False,
    source="google-genai 3.4.0 types.py (GenerateContentConfig.response_json_schema), read 2026-11-20; 'enum[3]: cannot be"
    " empty' (sbroenne/mcp-server-excel#607), 'required[0]: property is not defined' (iBUHub/AIStudioToAPI#154), fields beside"
    " a $ref (su-kaka/gcli2api#374), read 2026-11-29",
)
"""`responseJsonSchema` and `parametersJsonSchema`. The error texts are of `parameters`, which has the same checks on the
service's side; leaving out an empty string or an unnamed requirement costs little where they are accepted."""

OPENAPI = SchemaProfile(
    name="OpenAPI subset",
    dropped_keys=_keys("$schema $id $comment additionalProperties const patternProperties"),
    inline=True,
    nullable=True,
    named_required=True,
    boolean_schemas=False,
    source="Gemini's `parameters` and `responseSchema`, by the wire notes of this project; read 2026-11-20",
)
NOVA_TOOLS = SchemaProfile(
    name="amazon nova",
    root_keys=_keys("type properties required"),
    inline=True,
    boolean_schemas=False,
    source="docs.aws.amazon.com/nova, Defining a tool; pydantic/pydantic-ai issue 1623; read 2026-11-20",
)
COHERE = SchemaProfile(
    name="cohere",
    boolean_schemas=False,
    source="docs.cohere.com, Parameter types for tool use: the parameters are an object; read 2026-11-29",
)
"""Tools without `strict`."""

COHERE_RESPONSES = SchemaProfile(
    name="cohere",
    object_root=True,
    required_argument=True,
    boolean_schemas=False,
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
    root_keys=_keys("type items required properties"),
    inline=True,
    boolean_schemas=False,
    source="ollama/ollama v0.33.0-rc2 api/types.go (ToolFunctionParameters, ToolProperty), read 2026-11-20",
)

TOOL_NAME = re.compile("[a-zA-Z0-9_-]{1,64}")
"""Names of tools at most services. Source: openai-openapi 2.3.0 (FunctionObject), botocore 1.44.5 (ToolSpecification), the
error texts of Anthropic (dimagi/open-chat-studio#4027), Mistral and Groq; read 2026-11-29. Anthropic's own API allows 128
characters, its hosts 64."""

GEMINI_TOOL_NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_.-]{0,63}")
"""Source: 'Must start with a letter or an underscore' (google-gemini/gemini-cli#7878, cline/cline#7339); read 2026-11-29."""

MOONSHOT_TOOL_NAME = re.compile("[a-zA-Z][a-zA-Z0-9_-]{2,63}")
"""Source: the error text 'function name is invalid, must start with a letter and can contain letters, numbers, underscores, and
dashes' (MoonshotAI/kimi-cli#1773, openclaw/openclaw#79179), and platform.kimi.com, OpenAPI, ToolDefinition:
'^[a-zA-Z_][a-zA-Z0-9-_]{2,63}$'; read 2026-11-30."""

DASHSCOPE_TOOL_NAME = re.compile("(?!search$)[a-zA-Z0-9_-]{1,64}")
"""Source: help.aliyun.com, Model Studio, Error messages: 'Tool names are not allowed to be [search]'; read 2026-11-30."""

COHERE_TOOL_NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_]{0,63}")
"""Source: docs.cohere.com/reference/errors, 'tool names can only contain certain characters (A-Za-z0-9_) and can't begin with a
digit'; read in quotations, 2026-11-30. The length is that of the others, unconfirmed."""


class SchemaProfiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a service accepts of the schemas and names of tools, and of response schemas."""

    tools: SchemaProfile = CHAT_COMPLETIONS
    strict_tools: SchemaProfile | None = None
    """For tools with `strict`, where the service accepts less in them."""
    responses: SchemaProfile | None = None
    """None accepts all of JSON Schema, and where the schema is described in the prompt."""
    strict_responses: SchemaProfile | None = None
    """For response formats with `strict`."""
    tool_name: re.Pattern[str] | None = TOOL_NAME
    """The names that tools may have; None for any."""
