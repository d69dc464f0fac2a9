"""What can go wrong, sorted by what the caller should do about it.

    Problem                 one sentence: what, where; and, as a hint, what to do
    ├── InputProblem        the user's input is wrong: mend it and ask again
    ├── UnreachableProblem  Elasticsearch can't be reached or refuses us: mend the connection
    └── CheckProblem        a check failed and nothing was changed: read what it saw

The command line turns each class into the exit code of the contract.
"""


class Problem(Exception):
    """Something that is told to the user in one sentence, with a hint on what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the sentence and, after a blank, the hint."""
        return f"{self.message} {self.hint}".rstrip()


class InputProblem(Problem):
    """A file, value or argument from the user can't be used. Exit code 1."""


class UnreachableProblem(Problem):
    """Elasticsearch doesn't answer, or doesn't let us in. Exit code 3."""


class CheckProblem(Problem):
    """A check failed, and nothing was changed. Exit code 5."""
