"""`llm-pure models`: list the models that a provider has for a key."""

from argparse import Namespace

from llm_pure.cli.exit_codes import OK, value_or_exit
from llm_pure.cli.model_selection import SelectedModel, open_client, select_model
from llm_pure.cli.output import out, out_json
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.result import LLMResult


def run(options: Namespace) -> int:
    """Print a line for each model, in the provider's order."""
    with open_client(value_or_exit(_select(options))) as llm:
        page = value_or_exit(llm.list_models())
    for model in page.models:
        if options.json:
            out_json(model)
        else:
            out(model.id)
    return OK


def _select(options: Namespace) -> LLMResult[SelectedModel]:
    """Select as `ask` does; a bare provider needs no model."""
    selected = select_model(options)
    error = selected.swap().value_or(None)
    if not isinstance(error, InvalidConfiguration) or error.field != "model" or not options.model:
        return selected
    provider = options.model.partition(":")[0]
    complete = Namespace(**{**vars(options), "model": f"{provider}:any"})
    return select_model(complete).lash(lambda _: selected)
