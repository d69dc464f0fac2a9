"""`linernotes serve` as people run it: it says where it is, logs without what people look for, and ends well."""

import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from linernotes.cli.main import load
from linernotes.web.api import PREFIX
from tests.cli.conftest import Run, run
from tests.faults.proxy import Answer, Faults, running
from tests.web.conftest import Site
from tests.web.serving import SERVE, command

__all__ = ["run"]

SECRET = "sekretnyj"


def test_the_log_has_no_texts(site: Site, tmp_path: Path) -> None:
    addresses = [
        f"{PREFIX}/search?q={SECRET}",
        f"{PREFIX}/artist?name={SECRET}",
        f"{PREFIX}/tracks/{SECRET}",
        f"{PREFIX}/search?genre={SECRET}",
        f"/search?q={SECRET}",
        f"/{SECRET}",
    ]
    with command(tmp_path / "log", site.environment) as served:
        with httpx.Client(base_url=served.url) as web:
            ids = [web.get(address).headers["x-request-id"] for address in addresses]
        lines = served.requests(len(addresses))
        assert SECRET not in served.log.read_text()
        assert "127.0.0.1" not in served.log.read_text()
        assert [line["id"] for line in lines] == ids
        assert [line["status"] for line in lines] == [200, 200, 404, 400, 200, 404]
        assert [line["route"] for line in lines] == [
            f"{PREFIX}/search",
            f"{PREFIX}/artist",
            f"{PREFIX}/tracks/{{track_id}}",
            f"{PREFIX}/search",
            "/search",
            None,
        ]
        assert all(line["method"] == "GET" and line["ms"] and line["bytes"] for line in lines)


def test_texts_are_logged_where_that_is_wanted(site: Site, tmp_path: Path) -> None:
    with command(tmp_path / "log", site.environment, "--log-texts") as served:
        httpx.get(f"{served.url}{PREFIX}/search?q={SECRET}")
        assert served.requests(1)[0]["address"] == f"{PREFIX}/search?q={SECRET}"


class Held(Faults):
    """A way to Elasticsearch that holds what it is asked, until it is released."""

    release: threading.Event
    came: threading.Event
    holding = False

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Forward a request, later."""
        if self.holding:
            self.came.set()
            assert self.release.wait(30)
        return self.forward(method, path, headers, body)


Way = TypeVar("Way", bound=Held)


def held(url: str, kind: type[Way]) -> Way:
    """Return a way that holds nothing yet."""
    made = kind(url, ())
    made.release, made.came = threading.Event(), threading.Event()
    return made


def test_sigterm_lets_requests_be_finished(site: Site, es_url: str, tmp_path: Path) -> None:
    faults = held(es_url, Held)
    with running(faults) as url, command(tmp_path / "log", site.environment | {"LINERNOTES_URL": url}) as served:
        with httpx.Client(base_url=served.url, timeout=30) as web:
            assert web.get("/ready").status_code == 200
            faults.holding = True
            answers: list[httpx.Response] = []
            asking = threading.Thread(target=lambda: answers.append(web.get(f"{PREFIX}/search?q=love")))
            asking.start()
            assert faults.came.wait(10)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert served.process.poll() is None
            faults.release.set()
            asking.join()
        assert answers[0].status_code == 200
        assert answers[0].json()["hits"]
        assert served.process.wait(10) == 0
        assert not served.process.stdout or served.process.stdout.read() == ""


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(site: Site, es_url: str, tmp_path: Path, which: signal.Signals) -> None:
    faults = held(es_url, Held)
    with running(faults) as url, command(tmp_path / "log", site.environment | {"LINERNOTES_URL": url}) as served:
        with httpx.Client(base_url=served.url, timeout=30) as web:
            assert web.get("/ready").status_code == 200
        faults.holding = True
        asking = threading.Thread(target=_asked_in_vain, args=(f"{served.url}{PREFIX}/search?q=love",))
        asking.start()
        assert faults.came.wait(10)
        served.process.send_signal(which)
        time.sleep(0.5)
        assert served.process.poll() is None
        served.process.send_signal(which)
        assert served.process.wait(3) == 130
        faults.release.set()
        asking.join()


def _asked_in_vain(url: str) -> None:
    with suppress(httpx.TransportError):
        assert httpx.get(url, timeout=30).status_code == 503


def test_a_port_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 1
    assert "Can't listen on 127.0.0.1" in ran.err
    assert ran.out == ""


def test_a_host_that_isnt_this_machine(run: Run) -> None:
    ran = run("serve", "--host", "no-such-host.invalid", "--port", "0")
    assert ran.code == 1
    assert "Can't listen on no-such-host.invalid" in ran.err


def test_it_says_when_it_is_open_to_all(site: Site, tmp_path: Path) -> None:
    with command(tmp_path / "log", site.environment, "--host", "0.0.0.0") as served:
        assert served.log.read_text().startswith("Everybody who can reach this machine")
        assert served.url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{served.url}/health").json() == {"status": "alive"}


def test_people_are_told_where_it_is(site: Site, tmp_path: Path) -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    process = subprocess.Popen(
        SERVE, env=known | site.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    said = process.stdout.readline()
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()
    assert said.startswith("Serving at http://127.0.0.1:")


def test_a_setting_that_cant_be_used() -> None:
    environment = os.environ | {"LINERNOTES_URL": "nonsense"}
    ran = subprocess.run(SERVE, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("LINERNOTES_URL can't be used")
    assert ran.stdout == ""


def test_the_command_is_known() -> None:
    assert load("serve").name == "serve"
