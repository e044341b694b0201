"""The options of the commands for pictures, sound, vectors and code."""

from argparse import ArgumentParser
from typing import Any, TypeAlias

from llm_pure.cli.model_parser import add_model

Commands: TypeAlias = Any
"""What `add_subparsers` gives; argparse has no public name for it."""


def add_media(commands: Commands) -> None:
    """`image`, `speak`, `transcribe`, `moderate`, `embed` and `code`."""
    image = _medium(commands, "image", "make a picture and write it to a file")
    image.add_argument(
        "-o", "--output", default="image", metavar="FILE", help="default: image.png ..."
    )
    image.add_argument("-n", type=int, metavar="N", help="how many pictures")
    image.add_argument("--size", metavar="SIZE", help="such as 1024x1024")
    image.add_argument("--quality", metavar="WORD", help="as the model has it")
    speak = _medium(commands, "speak", "have a text spoken and write the sound to a file")
    speak.add_argument("-o", "--output", default="speech.mp3", metavar="FILE")
    speak.add_argument("--voice", default="alloy", metavar="NAME")
    for writes in (image, speak):
        writes.add_argument("--force", action="store_true", help="write over a file that is there")
    transcribe = _medium(commands, "transcribe", "write down what is said in a file", text=False)
    transcribe.add_argument("file", metavar="FILE", help="wav, mp3, m4a, ogg, flac, webm")
    transcribe.add_argument("--language", metavar="CODE", help="such as en")
    transcribe.add_argument(
        "--format", choices=["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
    )
    moderate = _medium(commands, "moderate", "have a text judged")
    moderate.add_argument("--json", action="store_true", help="print the whole judgement")
    embed = _medium(commands, "embed", "print a text's vector as JSON")
    embed.add_argument("--dimensions", type=int, metavar="N")
    _medium(commands, "code", "print the code that a model writes")


def _medium(commands: Commands, name: str, words: str, *, text: bool = True) -> ArgumentParser:
    made: ArgumentParser = commands.add_parser(name, help=words)
    if text:
        made.add_argument("text", nargs="*", metavar="TEXT", help="default: standard input")
    if name == "code":
        add_model(made)
    else:
        add_model(made, "one of openai's that does this")
    made.set_defaults(module="media", command=name)
    return made
