"""Options of pytest in a process of its own: without the plugins of other packages, which take longer to load than a test."""

from importlib.metadata import entry_points

FOREIGN = ("hypothesispytest", "langsmith_plugin", "returns", "xdist.looponfail")
"""Plugins that no test of another project uses. `recording` and `anyio` are wanted by some."""

WITHOUT_FOREIGN = tuple([f"-pno:{name}" for name in FOREIGN])

OWN_PLUGIN = (
    ()
    if "llm_pure" in {entry.name for entry in entry_points(group="pytest11")}
    else ("-pllm_pure.replay.pytest_plugin",)
)
"""Loads the plugin of this package where it is not installed."""
