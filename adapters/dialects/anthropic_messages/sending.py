"""Why a message cannot be sent. These exceptions never leave the dialect: `encode_messages` turns them into values."""


class Unsendable(Exception):
    """There is no form for this part."""


class Wrong(Exception):
    """The part's content is not what it should be. path: where."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
