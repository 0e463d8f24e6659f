"""The one error the host raises for bad input."""


class InputError(Exception):
    """Input that is refused. Names the field, the value found there and what would be accepted."""

    def __init__(self, field: str, value: str, accepted: str) -> None:
        super().__init__(f"{field}: {value} is refused; accepted: {accepted}")
        self.field = field
        self.value = value
        self.accepted = accepted
