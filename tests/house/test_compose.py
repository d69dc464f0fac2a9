"""docker-compose.yml is valid by the specification's schema, and agrees with the code. It was never run here."""

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

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
ENV = runpy.run_path(str(PROJECT / "compose" / "make_env.py"))
SPECIFICATION = Path(__file__).parent / "compose-spec" / "compose-spec.json"
ELSEWHERE = {"LINERNOTES_KIBANA_URL"}
"""Read by an option of `linernotes kibana import`."""
SECRETS = set(ENV["NAMES"])
NODES = ("elasticsearch", "elasticsearch-2", "elasticsearch-3")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def validate(value: dict[str, Any]) -> None:
    schema = orjson.loads(SPECIFICATION.read_bytes())
    validator_for(schema)(schema).validate(value)


def test_it_is_valid(compose: dict[str, Any]) -> None:
    validate(compose)
    broken = compose | {"services": {"kibana": {"image": "kibana", "port": 5601}}}
    with pytest.raises(ValidationError):
        validate(broken)


def test_all_of_the_stack_has_the_version_that_linernotes_runs(services: dict[str, Any]) -> None:
    images = {name: body["image"] for name, body in services.items() if "build" not in body}
    assert {image.split(":")[0] for image in images.values()} == {"elasticsearch", "kibana"}
    assert {image.split(":")[1] for image in images.values()} == {CURRENT.version}
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert services["linernotes"]["image"] == f"linernotes:{version}"


def test_no_secret_has_a_default_and_each_is_written() -> None:
    text = COMPOSE.read_text()
    used = re.findall(r"\$\{(\w+)(:?[-?]?)([^}]*)\}", text)
    required = {name for name, how, _ in used if how == ":?"}
    assert required == SECRETS
    assert all(len(sentence) > 20 for _, how, sentence in used if how == ":?")
    others = {name for name, how, _ in used if how != ":?"}
    assert not others & SECRETS
    assert {how for name, how, _ in used if name in others} == {":-"}
    assert not re.search(r"(?im)^\s*\S*(password|key):\s*[\"']?(?!\$\{|certs/|config/)\S", text)


def test_security_is_on_everywhere(services: dict[str, Any]) -> None:
    for name in NODES:
        environment = services[name]["environment"]
        assert environment["node.name"] == name
        assert environment["xpack.security.enabled"] == "true"
        names = {key for key in SECURITY if ".ssl." in key}
        assert names - {"xpack.security.http.ssl.certificate_authorities"} <= environment.keys()
        for key, value in SECURITY.items():
            if key.endswith((".enabled", "verification_mode", "client_authentication")) and ".ssl." in key:
                assert str(environment[key]).lower() == str(value).lower()
    assert services["kibana"]["environment"]["SERVER_SSL_ENABLED"] == "true"
    assert all(url.startswith("https://") for url in re.findall(r"https?://\S+", COMPOSE.read_text()))


def test_ports_are_on_loopback_alone(services: dict[str, Any]) -> None:
    published = [port for body in services.values() for port in body.get("ports", ())]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert all("network_mode" not in body or body["network_mode"] == "none" for body in services.values())


def test_the_cluster_has_three_nodes_and_one_founder(services: dict[str, Any]) -> None:
    assert [services[name].get("profiles") for name in NODES] == [None, ["cluster"], ["cluster"]]
    founders = [name for name in NODES if "cluster.initial_master_nodes" in services[name]["environment"]]
    assert founders == ["elasticsearch"]
    for name in NODES:
        environment = services[name]["environment"]
        assert environment["discovery.seed_hosts"].split(",") == list(NODES)
        assert f"certs/{name}/{name}.key" == environment["xpack.security.http.ssl.key"]
    volumes = [volume.split(":")[0] for name in NODES for volume in services[name]["volumes"] if "data" in volume]
    assert len(set(volumes)) == len(NODES)


def test_what_is_named_is_there(compose: dict[str, Any], services: dict[str, Any]) -> None:
    volumes = {volume.split(":")[0] for body in services.values() for volume in body.get("volumes", ())}
    assert {name for name in volumes if not name.startswith((".", "$"))} == set(compose["volumes"])
    for body in services.values():
        for name, wanted in body.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
    scripts = [part for body in services.values() for part in body.get("command", ()) if part.startswith("/compose/")]
    assert len(scripts) == 2
    for script in scripts:
        path = PROJECT / script.lstrip("/")
        assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
    made = (PROJECT / "compose" / "certificates.sh").read_text()
    assert 'names="elasticsearch elasticsearch-2 elasticsearch-3 kibana"' in made


def test_linernotes_is_told_what_it_reads(services: dict[str, Any]) -> None:
    environment = services["linernotes"]["environment"]
    assert environment.keys() <= VARIABLES.keys() | ELSEWHERE
    assert services["linernotes"]["read_only"] is True
    given = set(
        re.findall(r"\b(?:ELASTIC|KIBANA|LINERNOTES)_PASSWORD\b", (PROJECT / "compose/security.sh").read_text())
    )
    assert given <= services["security"]["environment"].keys()


def test_roles_are_those_of_the_table() -> None:
    make = runpy.run_path(str(PROJECT / "compose" / "make_roles.py"))
    there = {path.stem: path.read_bytes() for path in make["FOLDER"].glob("*.json")}
    assert there == {name: make["body"](name) for name in ROLES}, "run: python compose/make_roles.py"
    script = (PROJECT / "compose" / "security.sh").read_text()
    assert set(re.findall(r'"linernotes-(\w+)"', script)) <= ROLES.keys()


def test_no_secret_stands_on_a_command_line() -> None:
    for line in (PROJECT / "compose" / "security.sh").read_text().replace("\\\n", " ").splitlines():
        for command in line.split("|"):
            if "_PASSWORD" in command and not command.strip().startswith("#"):
                assert command.strip().startswith("printf"), line  # a builtin of the shell: no process, no arguments


def test_the_image_is_unprivileged_and_has_all_packages() -> None:
    text = (PROJECT / "Dockerfile").read_text()
    assert "--require-hashes -r /source/requirements.txt" in text
    users = re.findall(r"^USER (\S+)", text, flags=re.MULTILINE)
    assert users
    assert users[-1] not in ("0", "root")
    wheel = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = set(re.findall(r"^COPY (?!--)(.+) /source", text, flags=re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    assert set(wheel["packages"]) <= names
    assert all((PROJECT / name).exists() for name in names)
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert names <= {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert (ignored[0], ".env" in ignored) == ("*", True)


def test_the_secrets_are_new_each_time_and_for_their_owner_alone(tmp_path: Path) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, str(PROJECT / "compose" / "make_env.py"), str(path)]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    one, two = tmp_path / "one", tmp_path / "two"
    assert run(one).returncode == run(two).returncode == 0
    found = [dict(line.split("=", 1) for line in path.read_text().splitlines()) for path in (one, two)]
    assert [set(entry) for entry in found] == [SECRETS, SECRETS]
    values = [value for entry in found for value in entry.values()]
    assert len(set(values)) == 2 * len(SECRETS)
    assert all(re.fullmatch(r"[\w-]{32,}", value) for value in values)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    before, again = one.read_text(), run(one)
    assert (again.returncode, again.stderr.count("\n"), one.read_text()) == (1, 1, before)
    assert not any(value in again.stderr for value in values)
    assert run(tmp_path / "no" / "where").returncode == 1
