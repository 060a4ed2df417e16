"""A self-signed certificate for 127.0.0.1, and a server that uses it."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.standins.local_server import ANY_PORT, LocalServer, QuietHandler


def self_signed(folder: Path) -> tuple[Path, Path]:
    """The files of a new certificate and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "of this test")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


class TlsServer(LocalServer):
    """Answers `{}` over HTTPS."""

    scheme = "https"

    def __init__(self, certificate: Path, key: Path) -> None:
        class Handler(QuietHandler):
            def do_GET(self) -> None:
                self.reply(200, b"{}", {})

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server = ThreadingHTTPServer(ANY_PORT, Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        super().__init__(server)
