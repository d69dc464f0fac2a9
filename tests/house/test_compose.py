"""docker-compose.yml is valid by the specification's schema, and agrees with the code. Nothing is started here."""

import re
import runpy
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from jsonschema import ValidationError
from jsonschema.validators import validator_for

from linernotes.node.config import SECURITY
from linernotes.node.releases import CURRENT
from linernotes.security.roles import ROLES
from linernotes.settings import VARIABLES
from linernotes.web.config import Options
from linernotes.web.middleware.limits import FORM_OVERHEAD

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
FOLDER = PROJECT / "compose"
ENV = runpy.run_path(str(FOLDER / "make_env.py"))
SPECIFICATION = Path(__file__).parent / "compose-spec" / "compose-spec.json"
ELSEWHERE = {
    "LINERNOTES_KIBANA_URL",  # an option of `linernotes kibana import`
    "TMPDIR",
}
"""Read by others than `linernotes.settings`."""
NODES = ("elasticsearch", "elasticsearch-2", "elasticsearch-3")
OURS = ("linernotes", "admin", "web")
PRIVILEGES = {"credentials": ["CHOWN", "DAC_OVERRIDE", "FOWNER"], "security": ["DAC_OVERRIDE"]}
"""The two that run as root, and end: what they may do of it."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return parsed


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = compose["services"]
    return services


def source(volume: str | dict[str, Any]) -> str:
    """Return what is mounted: a volume or a folder."""
    return str(volume["source"]) if isinstance(volume, dict) else volume.partition(":")[0]


def validate(value: dict[str, Any]) -> None:
    schema = orjson.loads(SPECIFICATION.read_bytes())
    validator_for(schema)(schema).validate(value)


def test_it_is_valid(compose: dict[str, Any]) -> None:
    validate(compose)
    broken = compose | {"services": {"kibana": {"image": "kibana", "port": 5601}}}
    with pytest.raises(ValidationError):
        validate(broken)


def test_all_of_the_stack_has_the_version_that_linernotes_runs(services: dict[str, Any]) -> None:
    images = {body["image"] for body in services.values() if "build" not in body}
    assert images == {f"elasticsearch:{CURRENT.version}", f"kibana:{CURRENT.version}", "nginx:1.28"}
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert {services[name]["image"] for name in OURS} == {f"linernotes:{version}"}


def test_no_secret_is_in_an_environment(services: dict[str, Any]) -> None:
    text = COMPOSE.read_text()
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"LINERNOTES_USER"}
    assert not re.search(r"\$\{\w*(PASSWORD|KEY|SECRET)\w*", text)
    for body in services.values():
        for name, value in body.get("environment", {}).items():
            if re.search(r"password|secret|encryptionkey", name, flags=re.IGNORECASE):
                assert name.endswith("_FILE")
                assert value.startswith("/")


def test_each_service_mounts_its_own_credentials_alone(services: dict[str, Any]) -> None:
    for name, body in services.items():
        mounted = {source(volume) for volume in body.get("volumes", ())}
        private = {one for one in mounted if one.startswith("credentials-")}
        if name == "credentials":
            continue
        assert private == {"credentials-admin" if name == "security" else f"credentials-{name}"}
        assert "authority" not in mounted
        assert ("./secrets" in mounted) == (name == "security")
    made = {source(volume).removeprefix("credentials-") for volume in services["credentials"]["volumes"]}
    assert made >= services.keys() - PRIVILEGES.keys()
    assert services["credentials"]["network_mode"] == "none"


def test_security_is_on_everywhere(services: dict[str, Any]) -> None:
    for name in NODES:
        environment = services[name]["environment"]
        assert environment["node.name"] == environment["network.publish_host"] == name
        assert environment["xpack.security.enabled"] == "true"
        assert {key for key in SECURITY if ".ssl." in key} <= environment.keys()
        for key, value in SECURITY.items():
            if key.endswith((".enabled", "verification_mode", "client_authentication")) and ".ssl." in key:
                assert str(environment[key]).lower() == str(value).lower()
        assert environment["readiness.port"] in services[name]["healthcheck"]["test"][-1]
    assert services["kibana"]["environment"]["SERVER_SSL_ENABLED"] == "true"
    plain = set(re.findall(r"http://[\w.]+", COMPOSE.read_text()))
    assert plain == {"http://127.0.0.1"}, "the web site's own health check"


def test_ports_are_on_loopback_alone(services: dict[str, Any]) -> None:
    published = {name: port for name, body in services.items() for port in body.get("ports", ())}
    assert published.keys() == {"elasticsearch", "kibana", "proxy"}
    assert all(port.startswith(("127.0.0.1:", "${LINERNOTES_ADDRESS:-127.0.0.1}:")) for port in published.values())
    assert all(body.get("network_mode", "none") == "none" for body in services.values())


def test_nobody_has_more_rights_or_room_than_needed(services: dict[str, Any]) -> None:
    for name, body in services.items():
        assert body["cap_drop"] == ["ALL"]
        assert body.get("cap_add", []) == PRIVILEGES.get(name, [])
        assert (body.get("user") == "0") == (name in PRIVILEGES)
        assert body["security_opt"] == ["no-new-privileges:true"]
        assert {"max-size", "max-file"} <= body["logging"]["options"].keys()
        assert "mem_limit" in body or name in PRIVILEGES
    for name in (*OURS, "proxy"):
        assert services[name]["read_only"] is True


def test_the_cluster_has_three_nodes_and_one_founder(services: dict[str, Any]) -> None:
    assert [services[name].get("profiles") for name in NODES] == [None, ["cluster"], ["cluster"]]
    founders = [name for name in NODES if "cluster.initial_master_nodes" in services[name]["environment"]]
    assert founders == ["elasticsearch"]
    for name in NODES:
        assert services[name]["environment"]["discovery.seed_hosts"].split(",") == list(NODES)
    volumes = [source(one) for name in NODES for one in services[name]["volumes"] if source(one).startswith("data")]
    assert len(set(volumes)) == len(NODES)
    assert ENV["NODES"] == NODES


def test_what_is_named_is_there(compose: dict[str, Any], services: dict[str, Any]) -> None:
    volumes = {source(volume) for body in services.values() for volume in body.get("volumes", ())}
    assert {name for name in volumes if not name.startswith((".", "$"))} == set(compose["volumes"])
    networks = {name for body in services.values() for name in body.get("networks", ())}
    assert networks == set(compose["networks"])
    for body in services.values():
        for name, wanted in body.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
    scripts = {part for body in services.values() for part in body.get("command", ()) if part.startswith("/compose/")}
    assert scripts == {"/compose/credentials.sh", "/compose/security.sh"}
    for path in FOLDER.glob("*.sh"):
        assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
    script = (FOLDER / "credentials.sh").read_text()
    assert f'nodes="{" ".join(NODES)}"' in script
    assert 'certified="$nodes kibana proxy"' in script
    assert {*re.findall(r"/secrets/(\w+)", (FOLDER / "security.sh").read_text())} <= {*ENV["PASSWORDS"]}


def test_linernotes_is_told_what_it_reads(services: dict[str, Any]) -> None:
    users = {}
    for name in OURS:
        environment = services[name]["environment"]
        assert environment.keys() <= VARIABLES.keys() | ELSEWHERE
        users[name] = environment["LINERNOTES_USERNAME"]
        assert environment["TMPDIR"] in {one.split(":")[1] for one in services[name]["volumes"] if isinstance(one, str)}
    script = (FOLDER / "security.sh").read_text()
    assert set(users.values()) == set(re.findall(r"^user (\S+)", script, flags=re.MULTILINE))
    assert len(set(users.values())) == len(OURS)


def test_the_proxy_lets_through_what_the_server_takes(services: dict[str, Any]) -> None:
    text = (FOLDER / "nginx.conf").read_text()
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert Options().upload_bytes + FORM_OVERHEAD <= int(megabytes) * 2**20
    (everyone,) = re.findall(r"limit_conn everyone (\d+);", text)
    assert int(everyone) < Options().max_connections
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", text)
    assert int(seconds) > Options().slow_timeout_s
    (uploads,) = re.findall(r"limit_conn uploads (\d+);", text)
    assert f"/tmp:size={int(uploads) * int(megabytes) + 68}m" in services["proxy"]["tmpfs"]
    assert "access_log off;" in text


def test_roles_are_those_of_the_table() -> None:
    make = runpy.run_path(str(FOLDER / "make_roles.py"))
    there = {path.stem: path.read_bytes() for path in make["FOLDER"].glob("*.json")}
    assert there == {name: make["body"](name) for name in ROLES}, "run: python compose/make_roles.py"
    script = (FOLDER / "security.sh").read_text()
    assert set(re.findall(r'"linernotes-(\w+)"', script)) <= {*ROLES, "keys"}


def test_no_secret_stands_on_a_command_line() -> None:
    """A builtin of the shell is no process, and has no arguments that others see."""
    builtins = ("printf", "password=", "password=$(", "local ", "if ", "echo", "user ", "put ", "secret", "value=")
    for name in ("credentials.sh", "security.sh"):
        for line in (FOLDER / name).read_text().replace("\\\n", " ").splitlines():
            for command in re.split(r"[|;]", line.partition("#")[0]):
                if re.search(r"\$\(?password|\$value|\$\(< ", command):
                    stripped = re.sub(r"^(for .* do|elif|then|do) ", "", command.strip())
                    assert stripped.startswith(builtins) or "elasticsearch.password" in stripped, line


def test_the_image_is_unprivileged_and_has_all_packages() -> None:
    text = (PROJECT / "Dockerfile").read_text()
    assert "--require-hashes -r /source/requirements.txt" in text
    users = re.findall(r"^USER (\S+)", text, flags=re.MULTILINE)
    assert users
    assert int(users[-1]) == ENV["IMAGE_USER"]
    assert f"web={users[-1]}:{users[-1]}" in (FOLDER / "credentials.sh").read_text()
    wheel = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = set(re.findall(r"^COPY (?!--)(.+) /source", text, flags=re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    assert set(wheel["packages"]) <= names
    assert all((PROJECT / name).exists() for name in names)
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert names <= {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert (ignored[0], ".env" in ignored) == ("*", True)
    assert {"/secrets/", ".env"} <= set((PROJECT / ".gitignore").read_text().splitlines())


def test_the_secrets_are_new_each_time_and_for_their_owner_alone(tmp_path: Path) -> None:
    def run(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, str(FOLDER / "make_env.py"), str(path), *options]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    def secrets(path: Path) -> dict[str, str]:
        return {file.name: file.read_text() for file in (path / "secrets").iterdir()}

    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.mkdir()
    assert run(one).returncode == run(two, "--nodes", "3").returncode == 0
    assert secrets(one).keys() == secrets(two).keys() == set(ENV["NAMES"])
    values = [*secrets(one).values(), *secrets(two).values()]
    assert len(set(values)) == 2 * len(ENV["NAMES"])
    assert all(re.fullmatch(r"[\w-]{32,}", value) for value in values)
    assert stat.S_IMODE((one / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (one / ".env", *(one / "secrets").iterdir())} == {0o600}
    assert "COMPOSE_PROFILES" not in (one / ".env").read_text()
    assert "COMPOSE_PROFILES=cluster\nELASTICSEARCH_URLS=" in (two / ".env").read_text()

    before = secrets(one)
    (one / "secrets" / "web_password").unlink()
    again = run(one, "--nodes", "3")
    assert (again.returncode, "1 new" in again.stderr) == (0, True)
    assert {name: value for name, value in secrets(one).items() if name != "web_password"} == {
        name: value for name, value in before.items() if name != "web_password"
    }
    assert "COMPOSE_PROFILES" not in (one / ".env").read_text()
    assert not any(value in again.stderr for value in values)
    assert run(tmp_path / "no" / "where").returncode == 1
