"""Images in and out, speech, and similarity of texts."""

import math
from pathlib import Path

from llm_pure import LLM, LLMConfig, unwrap


def similarity(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Cosine of two vectors."""
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def client(model: str) -> LLM:
    return LLM(LLMConfig(api_type="openai", model=model))


image = unwrap(client("gpt-image-2.5-flare").gen_image("a red square")).images[0]
Path("square.png").write_bytes(image.data)
print(unwrap(client("gpt-5.6-luna").ask("What is in this picture?", images=[Path("square.png")])))

speech = unwrap(client("gpt-4o-mini-tts").text_to_speech("Hello."))
Path("hello.mp3").write_bytes(speech.data)
print(unwrap(client("gpt-4o-mini-transcribe").speech_to_text(speech.data)).text)

vectors = unwrap(client("text-embedding-3-small").embed(["pure", "functional"])).vectors
print(round(similarity(*vectors), 3))
