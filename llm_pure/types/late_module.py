"""Modules that are imported when one of their names is first used: what a first call does not need is not loaded for it."""

from importlib import import_module
from types import ModuleType
from typing import Any


class LateModule:
    """Stands for a module until a name of it is used. Type checkers see the import that stands beside it.

    if TYPE_CHECKING:
        from llm_pure.client import operations
    else:
        operations = LateModule("llm_pure.client.operations")

    >>> LateModule("math").sqrt(9)
    3.0
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, name: str) -> Any:
        """Import the module, if it is not, and return the value of this name in it."""
        if self._module is None:
            self._module = import_module(self._name)
        return getattr(self._module, name)
