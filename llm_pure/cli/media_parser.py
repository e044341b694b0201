"""The options of the commands for pictures, sound, vectors and code."""

from argparse import ArgumentParser
from typing import Any, TypeAlias

from llm_pure.cli.arguments import add_model

Commands: TypeAlias = Any
"""What `add_subparsers` gives; argparse has no public name for it."""

MODELS = {
    "image": "openai:gpt-image-1",
    "speak": "openai:gpt-4o-mini-tts",
    "transcribe": "openai:gpt-4o-mini-transcribe",
    "moderate": "openai:omni-moderation-latest",
    "embed": "openai:text-embedding-3-small",
    "code": None,
}
"""What is asked where -m names nothing; None asks the default model."""

_FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")


def add_media(commands: Commands) -> None:
    """`image`, `speak`, `transcribe`, `moderate`, `embed` and `code`."""
    _image(_medium(commands, "image", "make pictures of words, or of other pictures, and write them to files",
        "Pictures of a description. With -i they are made of the given ones as the description says, and of one picture "
        "without a description variations are made. Several are numbered: cat-1.png, cat-2.png."))  # fmt: skip
    _speak(_medium(commands, "speak", "have a text spoken, and write the sound to a file"))
    _transcribe(_medium(commands, "transcribe", "write down what is said in a sound file",
        "What is said in a file goes to standard output. 25 MB at most.", text=False))  # fmt: skip
    moderate = _medium(commands, "moderate", "have a text judged",
        "Prints `not flagged`, or `flagged:` with the categories, for each text.")  # fmt: skip
    moderate.add_argument("--json", action="store_true", help="print the whole judgement")
    embed = _medium(commands, "embed", "turn texts into vectors",
        "Prints a vector as a JSON list of numbers, one line for each text. Any number of texts: they are sent in as many "
        "calls as the service wants.")  # fmt: skip
    embed.add_argument("--dimensions", type=int, metavar="N", help="length of the vectors, where the model lets one choose")  # fmt: skip
    for many in (moderate, embed):
        many.add_argument(
            "--lines",
            action="store_true",
            help="each TEXT, or each line that is piped in, by itself",
        )
    _medium(commands, "code", "have code written, and print it alone",
        "The code goes to standard output; its language, and whether it had to be repaired, to standard error.")  # fmt: skip


def _image(image: ArgumentParser) -> None:
    image.add_argument(
        "-i", "--image", action="append", default=[], metavar="FILE", help="a picture to begin from; repeatable"
    )  # fmt: skip
    image.add_argument(
        "--mask",
        metavar="FILE",
        help="a PNG that is transparent where the first picture may change",
    )
    image.add_argument(
        "-o", "--output", default="image", metavar="FILE",
        help="default: image, with the ending of what comes (image.png)",
    )  # fmt: skip
    image.add_argument("-n", type=int, metavar="N", help="how many pictures; default: one")
    image.add_argument(
        "--size", metavar="SIZE", help="1024x1024 and the like; 16:9 or 2K for Google's models"
    )
    image.add_argument("--quality", metavar="WORD", help="low, medium, high ...: the model's words")
    image.add_argument(
        "--format",
        choices=("png", "jpeg", "webp"),
        help="of the file, where the model lets one choose",
    )
    _force(image)


def _speak(speak: ArgumentParser) -> None:
    speak.add_argument(
        "-o", "--output", default="speech.mp3", metavar="FILE",
        help="its ending says the format: mp3, wav, opus, aac, flac, pcm; - is standard output; default: speech.mp3",
    )  # fmt: skip
    speak.add_argument("--format", metavar="WORD", help="in place of what the ending says")
    speak.add_argument("--voice", default="alloy", metavar="NAME", help="default: alloy")
    speak.add_argument("--instructions", metavar="TEXT", help="how to say it, such as: softly")
    speak.add_argument("--speed", type=float, metavar="X", help="1 is as people talk")
    _force(speak)


def _transcribe(transcribe: ArgumentParser) -> None:
    transcribe.add_argument(
        "file", metavar="FILE", help="wav, mp3, m4a, ogg, flac or webm; - is standard input"
    )
    transcribe.add_argument("--language", metavar="CODE", help="of what is said, such as en")
    transcribe.add_argument("--prompt", metavar="TEXT", help="names and words that occur in it")
    transcribe.add_argument(
        "--format", choices=_FORMATS,
        help="srt and vtt are subtitles; json, verbose_json and diarized_json are printed as JSON; default: the words alone",
    )  # fmt: skip


def _force(writes: ArgumentParser) -> None:
    writes.add_argument("--force", action="store_true", help="write over a file that is there")


def _medium(
    commands: Commands, name: str, summary: str, description: str = "", *, text: bool = True
) -> ArgumentParser:
    made: ArgumentParser = commands.add_parser(
        name, help=summary, description=description or f"{summary[0].upper()}{summary[1:]}."
    )
    if text:
        made.add_argument("text", nargs="*", metavar="TEXT", help="default: standard input")
    default = MODELS[name]
    if default is None:
        add_model(made)
    else:
        add_model(made, default)
    made.set_defaults(module="media", command=name)
    return made
