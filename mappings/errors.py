"""Errors, grouped by what the caller should do about them.

    LinernotesError          one sentence: what went wrong and where; as a hint, what to do
    ├── InputError           the user's input is wrong: correct it and try again
    ├── UnreachableError     Elasticsearch can't be reached or refuses access: fix the connection
    └── CheckFailedError     a check failed and nothing was changed: read what it reports

The command line turns each class into an exit code of the contract.
"""


class LinernotesError(Exception):
    """An error that is shown to the user as one sentence, with a hint on what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the sentence and, after a blank, the hint."""
        return f"{self.message} {self.hint}".rstrip()


class InputError(LinernotesError):
    """A file, value or argument from the user can't be used. Exit code 1."""


class UnreachableError(LinernotesError):
    """Elasticsearch doesn't answer, or refuses access. Exit code 3."""


class CheckFailedError(LinernotesError):
    """A check failed, and nothing was changed. Exit code 5."""
