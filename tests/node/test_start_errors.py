"""Each line was printed by the real Elasticsearch or Java when it was broken on purpose."""

import pytest

from linernotes.node.start_errors import explain

BOOT = "[ERROR][o.e.b.Elasticsearch      ] [node-1] fatal exception while booting Elasticsearch "

PRINTED = {
    "taken by another program": "Caused by: java.net.BindException: Address already in use",
    "The disk is full": "Caused by: java.io.IOException: No space left on device",
    "Java can't have that much memory": "Error: Could not reserve enough space for 4194304KB object heap",
    "ran out of memory": "java.lang.OutOfMemoryError: Java heap space",
    "Another Elasticsearch is using": "java.lang.IllegalStateException: failed to obtain node locks, tried [/h/data]",
    "may not use /h/data/_state.": f"{BOOT}Failed to bind service\nCaused by: "
    "java.nio.file.AccessDeniedException: /h/data/_state\n",
    "data are damaged": f"{BOOT}Failed to bind service\nCaused by: "
    "org.apache.lucene.index.IndexFormatTooOldException: Format version is not supported",
    "This Java can't run": "java.lang.module.FindException: Module org.elasticsearch.server not found",
    "The system killed": "ERROR: Elasticsearch died while starting up, with exit code 137",
    "written by another version": "cannot downgrade a node from version [9.4.3] to version [8.19.13]",
}


@pytest.mark.parametrize(("message", "printed"), PRINTED.items())
def test_a_known_cause(message: str, printed: str) -> None:
    problem = explain(f"some\nlines\n{printed}\n\tat a.b.C(C.java:1)\n", 1, "/log")
    assert message in problem.message
    assert problem.hint


def test_an_unknown_cause_is_quoted_with_the_place_of_the_rest() -> None:
    problem = explain(f"{BOOT}java.lang.Error: first\nCaused by: x.Y: middle\nCaused by: x.Z: root.\n", 1, "/log")
    assert str(problem) == "Elasticsearch didn't start: x.Z: root. More is in /log"


def test_arguments_that_name_an_error_are_no_error() -> None:
    assert "ended without a message" in explain("JVM arguments [-XX:+ExitOnOutOfMemoryError]", 0, "/log").message


def test_a_launcher_that_was_killed() -> None:
    assert "ended by signal 9" in explain("", -9, "/log").message
