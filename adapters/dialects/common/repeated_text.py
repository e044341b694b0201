"""Text at a block's beginning, which some gateways send again in the deltas, while others go on after it."""


def new_text(held: str, repeated: int, text: str) -> tuple[str, int, str]:
    """The text of a delta without what it repeats of the held beginning, and the two for the next delta.

    `repeated`: how much of `held` the deltas before have repeated. It is new text after all if the next one does not go on with it.

    >>> new_text("Hel", 0, "He"), new_text("Hel", 2, "llo"), new_text("Hel", 2, "y")
    (('Hel', 2, ''), ('', 0, 'lo'), ('', 0, 'Hey'))
    """
    if not held or not text:
        return held, repeated, text
    rest = len(held) - repeated
    if held.startswith(text, repeated) and len(text) < rest:
        return held, repeated + len(text), ""
    new = text[rest:] if text.startswith(held[repeated:]) else held[:repeated] + text
    return "", 0, new
