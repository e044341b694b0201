"""The options that say which model is asked: the same for every command that asks one."""

from argparse import ArgumentParser


def add_model(
    command: ArgumentParser, default: str = "the files' default model, $LLM_PURE_MODEL, gpt-5-mini"
) -> None:
    """`-m`, `--config` and `--base-url`."""
    command.add_argument(
        "-m",
        "--model",
        metavar="MODEL",
        help=f"a name of the configuration files, or PROVIDER:MODEL; default: {default}",
    )
    add_config(command)
    command.add_argument(
        "--base-url", metavar="URL", help="ask this server in the provider's place"
    )


def add_config(command: ArgumentParser) -> None:
    """`--config` alone."""
    command.add_argument(
        "--config", metavar="FILE", help="read this configuration file; default: those of `doctor`"
    )
