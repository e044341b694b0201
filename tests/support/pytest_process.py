"""Options of pytest in a process of its own: without the plugins of other packages, which take longer to load than a test."""

from importlib.metadata import entry_points

_FOREIGN = (
    "anyio", "hypothesispytest", "langsmith_plugin", "recording", "returns", "xdist.looponfail",
)  # fmt: skip
"""Plugins that other packages of the test environment bring along."""

OWN_PLUGIN = (
    ()
    if "llm_pure" in {entry.name for entry in entry_points(group="pytest11")}
    else ("-pllm_pure.replay.pytest_plugin",)
)
"""Loads the plugin of this package where it is not installed."""


def without_plugins(*wanted: str) -> tuple[str, ...]:
    """Options that leave out the plugins of other packages, but for those that a test wants."""
    return tuple([f"-pno:{name}" for name in _FOREIGN if name not in wanted])
