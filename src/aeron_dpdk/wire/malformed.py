"""The one error every parser in this package raises."""


class Malformed(Exception):
    """Bytes that are not what they claim to be; `reason` names the first rule they break."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
