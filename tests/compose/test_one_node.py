"""One node, the web site, and commands: as compose/README.md shows them, step after step."""

import contextlib
import secrets
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import orjson
import pytest
from elasticsearch import Elasticsearch

from linernotes import samples
from linernotes.web.config import Options
from tests.cluster import corpus
from tests.cluster.corpus import LAION, SPOTIFY
from tests.compose.stack import OTHERS_BITS, PROJECT, Stack, eventually
from tests.faults.digest import digest
from tests.web.uploads import checked, rows

RECORDS = 60_000
AT = 0.3
LEASE_S = 90.0
HEADER_S, MARGIN_S = 10.0, 5.0
MAX_UPLOAD = 21 * 2**20
FLOOD_REQUESTS = Options().requests_per_minute + 30
CHECK_FAILED, KILLED = 5, 137


@pytest.fixture(scope="module")
def stack(new_stack: Callable[[int], Stack]) -> Stack:
    """Return a project whose data folder holds real sample rows and synthetic ones."""
    made = new_stack(1)
    rows = samples.write(made.folder / "samples")[SPOTIFY][0]
    shutil.copy(rows, made.folder / "data" / rows.name)
    corpus.laion(made.folder / "data", RECORDS)
    for path in (made.folder / "data").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return made


@pytest.fixture(scope="module")
def sample(stack: Stack) -> str:
    """Return the sample rows' path in a container."""
    return f"/data/{next(path.name for path in (stack.folder / 'data').iterdir() if path.is_file())}"


@pytest.fixture(scope="module")
def whole(stack: Stack) -> tuple[int, str]:
    """Return number and digest of the synthetic documents that must be there."""
    return corpus.expected(LAION, stack.folder / "data" / LAION)


def test_it_is_valid_and_refuses_without_env(stack: Stack, tmp_path: Path) -> None:
    assert stack.compose("--profile", "cluster", "--profile", "web", "--profile", "tools", "config", "-q").stdout == ""
    hidden = stack.folder / ".env"
    hidden.rename(tmp_path / "env")
    done = stack.compose("config", "-q", check=False)
    (tmp_path / "env").rename(hidden)
    assert done.returncode
    assert "Run make compose-env" in done.stderr


def test_it_comes_up_from_a_clone_that_others_may_not_read(stack: Stack) -> None:
    assert not (stack.folder / "compose" / "security.sh").stat().st_mode & OTHERS_BITS
    stack.compose("up", "-d")
    assert stack.state("elasticsearch") == "healthy"
    lines = stack.compose("logs", "--no-log-prefix", "credentials").stdout.strip().splitlines()
    assert lines == ["Certificates and passwords are there."]
    assert eventually("users", lambda: "are there" in stack.compose("logs", "security").stdout)


def test_one_load_and_what_it_gives(stack: Stack, sample: str) -> None:
    done = stack.linernotes("load", SPOTIFY, sample, "--json", code=None)
    assert done.returncode in (0, 4), done.stderr
    result = orjson.loads(done.stdout.splitlines()[-1])
    assert result["read"] == sum(result[name] for name in ("indexed", "duplicates", "skipped", "rejected"))
    assert stack.total(SPOTIFY) == result["indexed"]
    assert "No problems." in stack.linernotes("doctor").stdout

    stack.linernotes("export", "--out", "/out/tracks.ndjson")
    written = stack.folder / "out" / "tracks.ndjson"
    assert len(written.read_bytes().splitlines()) == result["indexed"]
    owner = written.stat()
    user = next(line for line in (stack.folder / ".env").read_text().splitlines() if "LINERNOTES_USER" in line)
    assert user == f"LINERNOTES_USER={owner.st_uid}:{owner.st_gid}"


def test_no_secret_is_where_docker_shows_it(stack: Stack) -> None:
    stack.compose("run", "-d", "--no-deps", "linernotes", "search", "x")
    label = f"label=com.docker.compose.project={stack.name}"
    ids = stack.engine.docker("ps", "-a", "-q", "--filter", label).stdout.split()
    shown = stack.engine.docker("inspect", *ids).stdout + stack.compose("logs").stdout + stack.compose("config").stdout
    shown += stack.engine.docker("history", "--no-trunc", "linernotes-test").stdout
    services = {orjson.loads(line)["com.docker.compose.service"] for line in labels(stack, ids)}
    assert services == {"credentials", "elasticsearch", "security", "kibana", "linernotes"}
    assert [name for name, value in stack.secrets().items() if value in shown] == []


def labels(stack: Stack, ids: list[str]) -> list[str]:
    """Return the labels of containers, each as JSON."""
    return stack.engine.docker("inspect", "--format={{json .Config.Labels}}", *ids).stdout.splitlines()


def test_a_service_has_its_own_credentials_alone(stack: Stack) -> None:
    listed = stack.compose("exec", "-T", "elasticsearch", "ls", "config/credentials").stdout.split()
    assert sorted(listed) == ["ca.crt", "elastic_password", "tls.crt", "tls.key"]
    done = stack.start(
        "docker", "compose", "run", "--rm", "-T", "--no-deps", "--entrypoint", "python", "linernotes",
        "-c", "import os; print(*os.listdir('/credentials')); print(os.access('/authority', os.F_OK))",
    ).communicate()  # fmt: skip
    assert sorted(done[0].split()) == ["False", "ca.crt", "password"], done[1]


def test_kibana_gets_into_elasticsearch_and_takes_objects(stack: Stack) -> None:
    """Its own password, certificate and keys are those of its volume; the objects come from another container."""
    stack.up("kibana")
    lines = (PROJECT / "kibana" / "linernotes.ndjson").read_bytes().splitlines()
    objects = sum("type" in orjson.loads(line) for line in lines)
    assert orjson.loads(stack.linernotes("kibana", "import", "--json").stdout)["imported"] == objects
    refused = stack.linernotes("kibana", "import", "--url", "https://kibana:5601", service="admin", code=3)
    assert "Kibana" in refused.stderr


def test_keys_are_for_the_administrator(stack: Stack) -> None:
    refused = stack.linernotes("keys", "create", "--role", "reader", code=3)
    assert "the service admin" in refused.stderr
    made = orjson.loads(stack.linernotes("keys", "create", "--role", "reader", "--json", service="admin").stdout)
    listed = orjson.loads(stack.linernotes("keys", "list", "--json", service="admin").stdout)
    assert [key["id"] for key in listed["keys"]] == [made["id"]]
    revoked = orjson.loads(stack.linernotes("keys", "revoke", made["id"], "--json", service="admin").stdout)
    assert revoked["state"] == "revoked"


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[httpx.Client]:
    """Return a client of the web site, through the proxy."""
    stack.up("web", "proxy")
    context = ssl.create_default_context(cafile=str(stack.authority()))
    with httpx.Client(base_url=f"https://localhost:{stack.web_port}", verify=context, timeout=30) as client:
        yield client


def test_the_web_site_answers_over_tls_and_reads_alone(stack: Stack, web: httpx.Client) -> None:
    assert web.get("/").status_code == 200
    total = web.get("/api/v1/search", params={"size": 1}).json()["total"]["value"]
    assert total == stack.total(SPOTIFY)
    assert "may write" not in stack.compose("logs", "web").stdout
    plain = httpx.get(f"http://localhost:{stack.web_port}/about")
    assert (plain.status_code, plain.headers["location"]) == (308, f"https://localhost:{stack.web_port}/about")


def test_the_web_site_knows_its_name_and_takes_catalogues(stack: Stack, web: httpx.Client) -> None:
    page = web.get("/search", params={"q": "love"}).text
    assert f'<link rel="canonical" href="https://localhost:{stack.web_port}/search?q=love">' in page
    assert web.get("/about", headers={"host": "evil.example"}).status_code == 400
    assert web.get("/metrics").status_code == 404
    assert checked(web, rows(500))["state"] == "done"


def test_proxy_reaches_the_web_site_alone(stack: Stack, web: httpx.Client) -> None:
    """Neither by Elasticsearch's name nor by its address."""
    reach = "exec 3<>/dev/tcp/{0}/{1}"
    networks = orjson.loads(stack.engine.docker("inspect", stack.container("elasticsearch")).stdout)[0]
    (address,) = (network["IPAddress"] for network in networks["NetworkSettings"]["Networks"].values())
    inside = ("exec", "-T", "proxy", "timeout", "5", "bash", "-c")
    assert stack.compose(*inside, reach.format("web", 8000), check=False).returncode == 0
    for host in ("elasticsearch", address):
        assert stack.compose(*inside, reach.format(host, 9200), check=False).returncode


def test_slow_and_large_requests_end_at_the_proxy(stack: Stack, web: httpx.Client) -> None:
    context = ssl.create_default_context(cafile=str(stack.authority()))
    begin = time.monotonic()
    with (
        socket.create_connection(("localhost", stack.web_port), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as slow,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with contextlib.suppress(OSError):
            assert slow.recv(1) == b""
        assert time.monotonic() - begin < HEADER_S + MARGIN_S
    with (
        socket.create_connection(("localhost", stack.web_port), 60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as large,
    ):
        large.sendall(f"POST /check HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_UPLOAD + 1}\r\n\r\n".encode())
        assert large.recv(12) == b"HTTP/1.1 413"


FLOOD = """
import httpx
with httpx.Client(base_url="https://proxy:8443", verify="/credentials/ca.crt") as client:
    print(*(client.get("/about", headers={{"host": "localhost"}}).status_code for _ in range({requests})))
"""


def test_clients_are_counted_one_by_one(stack: Stack, web: httpx.Client) -> None:
    """One of them asks too often, from the network before the proxy; another goes on."""
    command = ["docker", "run", "--rm", f"--network={stack.name}_edge", "--entrypoint=python", f"--user={user(stack)}"]
    command += [f"--volume={stack.name}_credentials-linernotes:/credentials:ro", "linernotes-test", "-c"]
    out, err = stack.start(*command, FLOOD.format(requests=FLOOD_REQUESTS)).communicate(timeout=120)
    assert set(out.split()) == {"200", "429"}, err
    assert web.get("/about").status_code == 200


def test_a_client_can_not_pose_as_others(web: httpx.Client) -> None:
    """It may name any address in X-Forwarded-For: requests are counted for its own."""

    def status(number: int) -> int:
        return web.get("/about", headers={"x-forwarded-for": f"203.0.113.{number % 250}"}).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(status, range(FLOOD_REQUESTS)))
    assert set(statuses) == {200, 429}


def test_a_load_that_was_killed_is_taken_over(stack: Stack, whole: tuple[int, str]) -> None:
    """By the same command in another container, which has another host name; nothing is lost or doubled."""
    name = f"{stack.name}-load"
    first = stack.started("linernotes", "load", LAION, f"/data/{LAION}", name=name)
    with stack.client() as client:
        eventually("the load's documents", lambda: counted(client) > AT * RECORDS)
        stack.engine.docker("kill", name)
        first.communicate(timeout=60)
        assert first.returncode == KILLED
        done = stack.linernotes("load", LAION, f"/data/{LAION}", "--json", code=None)
        assert done.returncode in (0, 4), done.stderr
        assert "Going on with" in done.stderr
        assert digest(client, f"linernotes-{LAION}") == whole[1]
    assert stack.total(LAION) == whole[0]


def counted(client: Elasticsearch) -> int:
    """Return how many documents all generations have taken."""
    stats = client.options(ignore_status=404).indices.stats(
        index=f"linernotes-{LAION}-g*", metric="indexing", expand_wildcards="all"
    )
    return int(stats.body.get("_all", {}).get("primaries", {}).get("indexing", {}).get("index_total", 0))


def test_a_load_that_was_killed_blocks_nobody(stack: Stack, whole: tuple[int, str]) -> None:
    """An update in another container begins within a minute of its last sign of life; what it built stays."""
    name = f"{stack.name}-fresh"
    before = counted_now(stack)
    first = stack.started("linernotes", "load", LAION, f"/data/{LAION}", "--fresh", name=name)
    eventually("the load's documents", lambda: counted_now(stack) > before + AT * RECORDS)
    stack.engine.docker("kill", name)
    first.communicate(timeout=60)
    assert first.returncode == KILLED
    killed = time.monotonic()

    def taken_over() -> bool:
        done = stack.linernotes("update", LAION, f"/data/{LAION}", "--json", code=None)
        if done.returncode == 0:
            return True
        assert done.returncode == CHECK_FAILED, done.stderr
        return False

    eventually("the update's turn", taken_over, LEASE_S)
    assert time.monotonic() - killed < LEASE_S
    assert stack.total(LAION) == whole[0]
    assert "is half built, and nobody is at work on it" in stack.linernotes("doctor", code=CHECK_FAILED).stdout
    stack.linernotes("prune", LAION)
    assert "No problems." in stack.linernotes("doctor").stdout


def counted_now(stack: Stack) -> int:
    """Return the same, with a client of its own."""
    with stack.client() as client:
        return counted(client)


def test_equal_host_names_are_two_processes(stack: Stack, whole: tuple[int, str]) -> None:
    """Two containers with the same host name and process ids: a living load stays untouched."""
    settings = {
        "LINERNOTES_URL": "https://elasticsearch:9200",
        "LINERNOTES_USERNAME": "linernotes",
        "LINERNOTES_PASSWORD_FILE": "/credentials/password",
        "LINERNOTES_CA_CERTS": "/credentials/ca.crt",
    }
    container = ["docker", "run", "--rm", "--init", "--hostname=box", f"--network={stack.name}_default"]
    container += [f"--volume={stack.folder}/data:/data:ro", f"--user={user(stack)}"]
    container += [f"--volume={stack.name}_credentials-linernotes:/credentials:ro"]
    container += [f"--env={name}={value}" for name, value in settings.items()]
    before = counted_now(stack)
    # The first is slowed down, so that it is busy when the second comes.
    slow = [*container, "--cpus=0.5", "linernotes-test", "load", LAION, f"/data/{LAION}", "--fresh", "--json"]
    first = stack.start(*slow)
    eventually("the load's documents", lambda: counted_now(stack) > before)
    second = stack.start(*container, "linernotes-test", "update", LAION, f"/data/{LAION}")
    _, refusal = second.communicate(timeout=LEASE_S)
    assert first.poll() is None
    out, err = first.communicate(timeout=300)
    assert second.returncode == CHECK_FAILED, refusal
    assert first.returncode in (0, 4), err
    assert orjson.loads(out.splitlines()[-1])["alias_moved"]
    assert stack.total(LAION) == whole[0]


def user(stack: Stack) -> str:
    """Return who runs linernotes."""
    lines = (stack.folder / ".env").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("LINERNOTES_USER="))


def test_elasticsearch_that_was_killed_in_a_load_comes_back(stack: Stack, whole: tuple[int, str]) -> None:
    """By Docker, in the same container; the load goes on, though for a moment its user is nobody to Elasticsearch."""
    before, documents = restarts(stack), counted_now(stack)
    load = stack.started("linernotes", "load", LAION, f"/data/{LAION}", "--fresh", "--json")
    eventually("the load's documents", lambda: counted_now(stack) > documents + AT * RECORDS)
    stack.compose("exec", "-T", "elasticsearch", "bash", "-c", "kill -9 -1", check=False)
    eventually("a restart", lambda: restarts(stack) > before and stack.state("elasticsearch") == "healthy")
    out, err = load.communicate(timeout=300)
    assert load.returncode in (0, 4), err
    assert orjson.loads(out.splitlines()[-1])["alias_moved"]
    assert stack.total(LAION) == whole[0]
    with stack.client() as client:
        assert digest(client, f"linernotes-{LAION}") == whole[1]


def restarts(stack: Stack) -> int:
    """Return how often Docker restarted Elasticsearch."""
    return int(orjson.loads(stack.engine.docker("inspect", stack.container("elasticsearch")).stdout)[0]["RestartCount"])


def test_down_and_up_again(stack: Stack, whole: tuple[int, str], web: httpx.Client) -> None:
    """With another password for linernotes, as its file has it."""
    spotify, certificate = stack.total(SPOTIFY), stack.authority().read_text()
    stack.compose("--profile", "web", "--profile", "tools", "down", "--remove-orphans")
    (stack.folder / "secrets" / "linernotes_password").write_text(secrets.token_urlsafe())
    stack.up("elasticsearch", "kibana", "web", "proxy")
    assert stack.total(LAION) == whole[0]
    assert stack.total(SPOTIFY) == spotify
    assert stack.compose("exec", "-T", "elasticsearch", "cat", "config/credentials/ca.crt").stdout == certificate
    assert eventually("the web site", lambda: web.get("/ready").status_code == 200, 60)


def test_new_certificates(stack: Stack, web: httpx.Client) -> None:
    """Of the same authority, so that those who trust it go on."""

    def served(port: int) -> str:
        return ssl.get_server_certificate(("localhost", port), ca_certs=str(stack.authority()), timeout=30)

    ports = (stack.port, stack.kibana_port, stack.web_port)
    before = [served(port) for port in ports]
    out, err = stack.start("bash", "compose/renew.sh").communicate(timeout=300)
    assert "Certificates and passwords are there." in out, err
    assert not set(before) & {served(port) for port in ports}
    assert web.get("/health").status_code == 200
    assert stack.total(SPOTIFY)


def test_nothing_of_it_is_open_to_other_machines(stack: Stack) -> None:
    for service in ("elasticsearch", "kibana", "proxy"):
        ports = orjson.loads(stack.engine.docker("inspect", stack.container(service)).stdout)[0]["NetworkSettings"]
        hosts = [binding["HostIp"] for bindings in ports["Ports"].values() for binding in bindings or ()]
        assert set(hosts) == {"127.0.0.1"}
