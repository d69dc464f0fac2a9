"""A real nginx with the example of `compose/`, before a real server: `make test-proxy` sets LINERNOTES_TEST_PROXY."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from linernotes.web.config import Options
from tests.web.conftest import Site, loaded, sample_files, site
from tests.web.serving import serving

__all__ = ["loaded", "sample_files", "site"]

collect_ignore_glob = [] if os.environ.get("LINERNOTES_TEST_PROXY") else ["test_*.py"]

EXAMPLE = Path(__file__).parents[2] / "compose" / "nginx-example.conf"
NAME = "music.example"
PATIENCE_S = 20

MAIN = """daemon off;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/main.log info;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class ToThisMachine(httpx.HTTPTransport):
    """Connects to this machine, whatever the site is called, and verifies the name all the same."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


@dataclass(frozen=True)
class Proxy:
    """A running nginx: its ports, what verifies its certificate, and its folder; `straight` is the server behind it."""

    https: int
    http: int
    trust: ssl.SSLContext
    folder: Path
    straight: str

    def client(self) -> httpx.Client:
        """Return a client of the site, which finds it on this machine."""
        return httpx.Client(base_url=f"https://{NAME}:{self.https}", transport=ToThisMachine(verify=self.trust))

    def connect(self, name: str = NAME) -> ssl.SSLSocket:
        """Return a TLS connection to the site."""
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=30)
        return self.trust.wrap_socket(plain, server_hostname=name)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Write a certificate of the site and its key; return what trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / f"{NAME}.crt").write_bytes(pem)
    (folder / f"{NAME}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cadata=pem.decode())


def adapted(text: str, folder: Path, upstream: str, https: int, http: int) -> str:
    """Return the example with the ports, files and upstream of this test, and nothing else changed."""
    for old, new in (
        ("server linernotes:8000;", f"server {upstream};"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl default_server;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ", f"listen 127.0.0.1:{https} "),
        ("/etc/nginx/certificates/", f"{folder}/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("client_header_timeout 10s;", "client_header_timeout 1s;"),
        ("client_body_timeout 10s;", "client_body_timeout 1s;"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="session")
def proxy(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    program = shutil.which("nginx")
    if program is None:
        pytest.fail("These tests need nginx on the PATH: apt-get install nginx-light.", pytrace=False)
    folder = tmp_path_factory.mktemp("nginx")
    options = Options(public_url=f"https://{NAME}", requests_per_minute=1000, upload_bytes=20_000_000)
    trust = make_certificate(folder)
    with serving(lambda: site.searcher, options) as straight:
        https, http = free_port(), free_port()
        text = adapted(EXAMPLE.read_text(), folder, straight.removeprefix("http://"), https, http)
        (folder / "site.conf").write_text(text)
        main = folder / "nginx.conf"
        main.write_text(MAIN.format(folder=folder, user=Path("/proc/self").owner()))
        command = [program, "-e", str(folder / "main.log"), "-c", str(main)]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        process = subprocess.Popen(command)
        try:
            _wait_for(https, folder)
            yield Proxy(https, http, trust, folder, straight)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_for(port: int, folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail((folder / "main.log").read_text())
