"""A real nginx on this machine, with the example of `compose/` and a certificate of its own."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EXAMPLE = Path(__file__).parents[2] / "compose" / "nginx-example.conf"
NAME_IN_EXAMPLE = "music.example"
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


@dataclass(frozen=True)
class Proxy:
    """A running nginx: the site's name, its ports and certificate, its folder; `straight` is the server behind it."""

    name: str
    https: int
    http: int
    certificate: Path
    folder: Path
    straight: str

    @property
    def url(self) -> str:
        """Return the address of the site."""
        return f"https://{self.name}:{self.https}"

    @property
    def trust(self) -> ssl.SSLContext:
        """Return what verifies the certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def connect(self, name: str | None = None) -> ssl.SSLSocket:
        """Return a TLS connection to the site, under another name if one is given."""
        plain = socket.create_connection(("127.0.0.1", self.https), timeout=30)
        return self.trust.wrap_socket(plain, server_hostname=name or self.name)


@contextmanager
def behind_nginx(
    name: str, folder: Path, serve: Callable[[str], AbstractContextManager[str]], *, port_in_url: bool = True
) -> Iterator[Proxy]:
    """Run nginx before the server that `serve` starts: called with the public address, it yields the server's own."""
    program = shutil.which("nginx")
    if program is None:
        pytest.fail("These tests need nginx on the PATH: apt-get install nginx-light.", pytrace=False)
    https, http = _free_port(), _free_port()
    certificate = _make_certificate(name, folder)
    with serve(f"https://{name}:{https}" if port_in_url else f"https://{name}") as straight:
        text = _adapted(name, folder, straight.removeprefix("http://"), https, http)
        (folder / "site.conf").write_text(text)
        main = folder / "nginx.conf"
        main.write_text(MAIN.format(folder=folder, user=Path("/proc/self").owner()))
        command = [program, "-e", str(folder / "main.log"), "-c", str(main)]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        process = subprocess.Popen(command)
        try:
            _wait_for(https, folder)
            yield Proxy(name, https, http, certificate, folder, straight)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _make_certificate(site: str, folder: Path) -> Path:
    """Write a certificate of the site and its key; return the certificate's path."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, site)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(site)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{site}.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{site}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def _adapted(name: str, folder: Path, upstream: str, https: int, http: int) -> str:
    """Return the example with the name, ports, files and upstream of this test, and nothing else changed."""
    text = EXAMPLE.read_text()
    for old, new in (
        (NAME_IN_EXAMPLE, name),
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


def _wait_for(port: int, folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail((folder / "main.log").read_text())
