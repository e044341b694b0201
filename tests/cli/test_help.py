"""The help of every command, with an example that the command line accepts."""

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress

import pytest

from llm_pure.cli.arguments import create_parser
from llm_pure.cli.examples import EXAMPLES
from llm_pure.cli.main import main


def help_of(name: str) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        create_parser().parse_args([*name.split(), "--help"])
    return printed.getvalue()


def listed(text: str) -> list[str]:
    """The commands in the help of a program or of a group of commands."""
    section = text.partition("  COMMAND\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in section.splitlines() if re.match(r"    \S", line)]


def commands(name: str = "") -> Iterator[str]:
    """Every command that runs, as the help lists them: those without commands of their own, and `serve`."""
    children = listed(help_of(name))
    if not children or name in EXAMPLES:
        yield name
    for child in children:
        yield from commands(f"{name} {child}".strip())


COMMANDS = tuple(commands())
GROUPS = sorted({name.partition(" ")[0] for name in COMMANDS if " " in name} - set(EXAMPLES))


def test_every_command_has_examples_and_no_others_have() -> None:
    assert set(COMMANDS) == set(EXAMPLES)
    assert {"ask", "cassette check", "cost estimate", "models"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_in_its_examples(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*name.split(), "--help"])
    lines = capsys.readouterr().out.splitlines()
    examples = [f"  {example}" for example in EXAMPLES[name]]
    assert ended.value.code == 0
    assert lines[-len(examples) :] == examples
    long_lines = [line for line in lines if len(line) > 80 and line not in examples]
    assert long_lines == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_accepted_by_its_command(name: str) -> None:
    """The part of a pipeline that runs the command; its files need not exist."""
    for example in EXAMPLES[name]:
        words = shlex.split(example.partition(">")[0].partition("<")[0].replace(";", " |"))
        parts = [part.split("\0") for part in "\0".join(words).split("\0|\0")]
        own = [
            part for part in parts if part[: 1 + len(name.split())] == ["llm-pure", *name.split()]
        ]
        assert len(own) >= 1, example
        for part in own:
            options = create_parser().parse_args(part[1:])
            assert options.run


@pytest.mark.parametrize("name", ["", *GROUPS])
def test_without_a_command_all_commands_are_listed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(name.split())
    out, err = capsys.readouterr()
    prefix = f"{name} " if name else ""
    mine = [command.removeprefix(prefix) for command in COMMANDS if command.startswith(prefix)]
    assert (ended.value.code, err) == (64, "")
    assert {command.split()[0] for command in mine} == set(listed(out))


@pytest.mark.parametrize(
    ("command", "option", "wrong"),
    [
        ("stream fuzz a.yaml", "--rounds", ("-1", "0", "1.5", "9" * 20, "")),
        ("policy simulate a b", "--calls", ("-1", "0", "x")),
        ("policy simulate a b", "--every", ("-1", "nan", "inf", "1e308")),
        ("policy simulate a b", "--takes", ("-1", "nan")),
        ("replay serve a.yaml", "--speed", ("0", "-1", "nan", "inf")),
        ("replay serve a.yaml", "--delay", ("-1", "nan", "inf")),
        ("replay serve a.yaml", "--port", ("-1", "65536")),
        ("serve", "--port", ("-1", "65536", "x")),
        ("serve", "--workers", ("0", "-1")),
        ("cost race", "--workers", ("0", "-1")),
        ("cost race", "--calls", ("0", "-1")),
        ("cost race", "--lease", ("-1", "nan")),
        ("cost estimate -m gpt-4o a", "--max-tokens", ("0", "-1")),
    ],
)
def test_a_number_that_an_option_cannot_have_is_an_error_of_usage(
    command: str, option: str, wrong: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for value in wrong:
        with pytest.raises(SystemExit) as ended:
            main([*command.split(), f"{option}={value}"])
        assert ended.value.code == 64
        assert f"argument {option}: invalid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("ask --modle x hi", "unrecognized arguments: --modle (did you mean --model?)\n"),
        ("ask --temprature=1 hi", "--temprature=1 (did you mean --temperature?)\n"),
        ("replay serve --prot 1", "--prot (did you mean --port?)\n"),
        ("ask --qqqq hi", "unrecognized arguments: --qqqq\n"),
    ],
)
def test_an_unknown_option_has_the_similar_one(
    command: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 64
    assert capsys.readouterr().err.endswith(hint)
