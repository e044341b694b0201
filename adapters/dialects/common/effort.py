"""The reasoning efforts of OpenAI's APIs, in order, and the nearest supported one."""

from collections.abc import Sequence

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def nearest_effort(effort: str, supported: Sequence[str]) -> str:
    """Return the supported effort closest to `effort`, the lower of two. "none" only for "none", or if it is the only one.

    >>> nearest_effort("minimal", ("none", "low", "high")), nearest_effort("xhigh", ("low", "max"))
    ('low', 'max')
    """
    rank = EFFORTS.index(effort)
    candidates = [name for name in supported if name != "none" or effort == "none"] or supported
    return min(candidates, key=lambda name: (abs(EFFORTS.index(name) - rank), EFFORTS.index(name)))
