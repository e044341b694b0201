"""What every provider is asked: one row of QUESTIONS for each thing that is to be seen on the wire."""

from typing import TypeAlias

import msgspec

from llm_pure import (
    ChatRequest,
    Document,
    EmbedRequest,
    Image,
    Part,
    ReasoningRequest,
    SchemaFormat,
    Text,
    Tool,
    ToolCall,
    assistant,
    tool_result,
    user,
)
from llm_pure.types.operations import (
    ImageRequest,
    ListModelsRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from tests.support.pdf import tiny_pdf
from tests.support.png import tiny_png
from tests.support.wav import tiny_wav

WEATHER = Tool(
    name="get_weather",
    description="The weather in a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
CITY = SchemaFormat(
    name="city",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}, "celsius": {"type": "number"}},
        "required": ["city", "celsius"],
        "additionalProperties": False,
    },
)


Request: TypeAlias = (
    ChatRequest
    | EmbedRequest
    | ImageRequest
    | SpeechRequest
    | TranscriptionRequest
    | ModerationRequest
    | ListModelsRequest
)


_TOOL_ROUND = (
    assistant(
        ToolCall("call_oslo", "get_weather", '{"city":"Oslo"}'),
        ToolCall("call_rome", "get_weather", '{"city":"Rome","unit":"°C"}'),
    ),
    tool_result("call_oslo", "4 °C", name="get_weather"),
    tool_result("call_rome", "21 °C", name="get_weather"),
)


def everything(
    *, link: bool = True, paper: bool = True, calls: bool = True, pictures: bool = True
) -> ChatRequest:
    """Two pictures, one as bytes and one as a link, a PDF, two calls at once with their results, an answer by schema."""
    shown: list[Part] = [Text("Where were these taken? The city and its temperature as JSON.")]
    if pictures:
        shown.append(Image(data=tiny_png()))
    if pictures and link:
        shown.append(Image(url="https://example.org/oslo.jpg"))
    if paper:
        shown.append(Document(data=tiny_pdf(), name="tour.pdf"))
    return ChatRequest(
        messages=(user(*shown), *(_TOOL_ROUND if calls else ())),
        tools=(WEATHER,) if calls else (),
        response_format=CITY,
    )


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to ask. status: what the server is to answer. counts: how many tokens has it, and not what is answered."""

    request: Request
    status: int = 200
    counts: bool = False


def _fails(status: int) -> Question:
    return Question(request=ChatRequest(messages=f"fail with {status}"), status=status)


QUESTIONS: dict[str, Question] = {
    "hello": Question(request=ChatRequest(messages="hello")),
    "pure": Question(request=ChatRequest(messages="Why are pure functions easy to test?")),
    "reasoning": Question(
        request=ChatRequest(
            messages="What is 17 times 23?", reasoning=ReasoningRequest(effort="low")
        )
    ),
    "tools": Question(
        request=ChatRequest(messages="How is the weather in Oslo and Rome?", tools=(WEATHER,))
    ),
    "tool_results": Question(
        request=ChatRequest(
            messages=(
                user("How is the weather in Oslo and Rome?"),
                assistant(
                    ToolCall("call_oslo", "get_weather", '{"city":"Oslo"}'),
                    ToolCall("call_rome", "get_weather", '{"city":"Rome","unit":"°C"}'),
                ),
                tool_result("call_oslo", "4 °C", name="get_weather"),
                tool_result("call_rome", "21 °C", name="get_weather"),
            ),
            tools=(WEATHER,),
        )
    ),
    "schema": Question(
        request=ChatRequest(
            messages="Oslo and its temperature as JSON, please.", response_format=CITY
        )
    ),
    "length": Question(request=ChatRequest(messages="Write a long list.", max_tokens=16)),
    "image": Question(
        request=ChatRequest(messages=user(Text("What is in this picture?"), Image(data=tiny_png())))
    ),
    "everything": Question(request=everything()),
    "everything_but_links": Question(request=everything(link=False)),
    "400": _fails(400),
    "401": _fails(401),
    "404": _fails(404),
    "429": _fails(429),
    "500": _fails(500),
    "529": _fails(529),
    "embed": Question(request=EmbedRequest(input=("a vector", "another vector"))),
    "embed_one": Question(request=EmbedRequest(input="a vector")),
    "embed_429": Question(request=EmbedRequest(input="fail with 429"), status=429),
    "embed_base64": Question(request=EmbedRequest(input="a vector", encoding="base64")),
    "picture": Question(request=ImageRequest(prompt="a red square", response_format="b64_json")),
    "picture_429": Question(request=ImageRequest(prompt="fail with 429"), status=429),
    "edit": Question(request=ImageRequest(prompt="a red square", images=(tiny_png(),))),
    "edit_429": Question(
        request=ImageRequest(prompt="fail with 429", images=(tiny_png(),)), status=429
    ),
    "variation": Question(request=ImageRequest(images=(tiny_png(),))),
    "variation_404": Question(request=ImageRequest(images=(tiny_png(),), n=2), status=404),
    "speech": Question(request=SpeechRequest(input="Hello.", response_format="wav")),
    "speech_events": Question(request=SpeechRequest(input="Hello.", stream_format="sse")),
    "speech_429": Question(request=SpeechRequest(input="fail with 429"), status=429),
    "transcribe": Question(request=TranscriptionRequest(audio=tiny_wav(), filename="hello.wav")),
    "transcribe_srt": Question(
        request=TranscriptionRequest(audio=tiny_wav(), model="whisper-1", response_format="srt")
    ),
    "transcribe_vtt": Question(
        request=TranscriptionRequest(audio=tiny_wav(), model="whisper-1", response_format="vtt")
    ),
    "transcribe_text": Question(
        request=TranscriptionRequest(audio=tiny_wav(), model="whisper-1", response_format="text")
    ),
    "transcribe_verbose": Question(
        request=TranscriptionRequest(
            audio=tiny_wav(), model="whisper-1", response_format="verbose_json"
        )
    ),
    "transcribe_404": Question(
        request=TranscriptionRequest(audio=tiny_wav(), model="no-such-model"), status=404
    ),
    "moderate": Question(request=ModerationRequest(input=("hello", "bye"))),
    "moderate_429": Question(request=ModerationRequest(input="fail with 429"), status=429),
    "models": Question(request=ListModelsRequest()),
    "models_2": Question(request=ListModelsRequest(page="page-2")),
    "models_401": Question(request=ListModelsRequest(), status=401),
    "count": Question(
        request=ChatRequest(messages="How many tokens has this?", tools=(WEATHER,)), counts=True
    ),
    "count_404": Question(request=ChatRequest(messages="fail with 404"), status=404, counts=True),
}

ANSWERS = ("hello", "pure", "reasoning", "tools", "tool_results", "schema", "length", "image")
ERRORS = ("400", "401", "404", "429", "500", "529")
QUIRKS = ("hello", "tools", "401", "429")
"""What is asked of a service that speaks like another one."""

PICTURES = ("picture", "picture_429")
SPEECH = ("speech", "speech_429")
TRANSCRIBE = ("transcribe", "transcribe_404")
MODERATE = ("moderate", "moderate_429")
FORMATS = ("transcribe_text", "transcribe_srt", "transcribe_vtt", "transcribe_verbose")
EMBEDS = ("embed", "embed_429")
COUNTS = ("count", "count_404")
