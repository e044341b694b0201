"""`llm-pure doctor`: files, transports and every model; without a file, what the environment has keys for."""

import os
from argparse import Namespace

from llm_pure.cli.config import diagnosed, told
from llm_pure.cli.diagnosis import diagnose, from_environment, transports
from llm_pure.cli.exit_codes import CONFIGURATION
from llm_pure.cli.output import out, print_error, print_note
from llm_pure.client.plugins import load_registry
from llm_pure.settings.loading import config_file_paths, load_config_files
from llm_pure.types.result import Failure


def run(options: Namespace) -> int:
    """0 when every model can be used, else 78. Nothing is sent anywhere."""
    del options
    loaded = load_config_files()
    if isinstance(loaded, Failure):
        print_error(loaded.failure())
        return CONFIGURATION
    found = loaded.unwrap()
    for path in config_file_paths():
        out(f"file {path}: {'read' if path in found.files else 'not there'}")
    for finding in transports():
        out(f"transport {finding.what}: {finding.value}")
    models = list(diagnosed(found))
    if not models:
        registry = load_registry()
        models = [
            diagnose(name, config, os.environ, said_by="the environment", registry=registry)
            for name, config in from_environment(os.environ, registry)
        ]
    if not models:
        print_note("no model is configured, and no provider's key is in the environment")
        return CONFIGURATION
    return told(models)
