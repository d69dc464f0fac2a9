"""The root command: turns problems into one sentence and an exit code."""

import os
import sys
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from linernotes.cli.commands import LazyGroup
from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError

EXIT_CODES = {
    0: "done",
    1: "the user's input is wrong",
    2: "usage: the command line can't be understood",
    3: "Elasticsearch can't be reached",
    4: "done, but records were rejected",
    5: "a check failed and nothing was changed",
    130: "interrupted",
}

CODES: dict[type[LinernotesError], int] = {InputError: 1, UnreachableError: 3, CheckFailedError: 5}
INTERRUPTED = 130

USAGE = 2

app = typer.Typer(
    cls=LazyGroup,
    help="Whose music trained that AI? Search the public music training sets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    """Whose music trained that AI? Search the public music training sets."""
    _State.debug = debug


class _State:
    debug = False


def main() -> None:
    """Run the command line; the process ends with an exit code of the contract."""
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End the process at once: threads may still wait for answers, which Python would wait for, too."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    _State.debug = False
    try:
        code = app(arguments, standalone_mode=False, prog_name="linernotes")
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted.")
        return INTERRUPTED
    except typer.TyperException as error:
        _say(_usage(error))
        return USAGE
    except Exception as error:
        return _told(error)
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> str:
    """Return what is wrong with the command line; without any argument that is the help text."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return error.format_message()
    command = getattr(getattr(error, "ctx", None), "command_path", "linernotes")
    return f"{error.format_message().rstrip('.')}. See: {command} --help"


def _told(error: Exception) -> int:
    """Tell an error in one sentence and return its exit code."""
    if _State.debug:
        from rich.console import Console

        Console(stderr=True).print_exception()
    problem = error if isinstance(error, LinernotesError) else _problem(error)
    _say(str(problem))
    return next((code for kind, code in CODES.items() if isinstance(problem, kind)), 1)


def _problem(error: Exception) -> LinernotesError:
    """Return what to tell of an error that nobody translated."""
    # Here and not above: the client library takes longest to import, and `--help` needs none of it.
    from elastic_transport import TransportError
    from elasticsearch import ApiError

    if isinstance(error, TransportError):
        return UnreachableError(f"Elasticsearch can't be reached ({error.message}).", "Try: linernotes node status")
    if isinstance(error, ApiError) and error.status_code in (401, 403):
        return UnreachableError(
            f"Elasticsearch refused the credentials ({error.status_code}).",
            "Check LINERNOTES_API_KEY, or LINERNOTES_USERNAME and LINERNOTES_PASSWORD.",
        )
    return LinernotesError(
        f"Something unexpected happened ({type(error).__name__}: {error}).", "Run it again with --debug."
    )


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
