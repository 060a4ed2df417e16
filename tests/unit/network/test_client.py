"""The HTTP client against real servers and proxies of this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import HTTPError

from engine.network.certificates import certificate_problems
from engine.network.client import make_client
from engine.network.failures import Failure, is_local, read_failure
from engine.network.proxies import read_proxies
from tests.standins.certificates import TlsServer, self_signed
from tests.standins.proxies import HttpProxy, NoProxy, SocksProxy
from tests.standins.rows_api import RowsApi, json_answer


@pytest.fixture
def server() -> Iterator[RowsApi]:
    with RowsApi({"/": json_answer([1])}) as api:
        yield api


@pytest.fixture
def nobody() -> str:
    """An address of this machine at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


async def get(url: str, environment: dict[str, str]) -> int | Failure:
    """The status that `url` answers with, else why it does not."""
    async with make_client(environment, timeout=10.0) as client:
        try:
            return (await client.get(url)).status_code
        except HTTPError as error:
            address = client.build_request("GET", url).url
            proxy = read_proxies(environment).route(address.scheme, address.host, address.port)
            return read_failure(error, proxy)


async def test_without_proxies_a_server_is_asked_directly(server: RowsApi) -> None:
    assert await get(f"{server.url}/", {}) == 200


@pytest.mark.parametrize("proxy_kind", [SocksProxy, HttpProxy])
async def test_a_request_goes_through_the_proxy_of_the_environment(
    server: RowsApi, proxy_kind: type[SocksProxy | HttpProxy]
) -> None:
    with proxy_kind() as proxy:
        assert await get(f"{server.url}/", {"ALL_PROXY": f"{proxy.url}\r"}) == 200

    assert proxy.asked == [server.url.removeprefix("http://")]


async def test_a_host_in_no_proxy_is_asked_without_the_proxy(server: RowsApi) -> None:
    with SocksProxy() as proxy:
        assert await get(f"{server.url}/", {"ALL_PROXY": proxy.url, "NO_PROXY": "localhost,127.0.0.0/8"}) == 200

    assert proxy.asked == []


async def test_a_socks_proxy_takes_name_and_password_from_its_address(server: RowsApi) -> None:
    with SocksProxy("me", "p@ss") as proxy:
        known = await get(f"{server.url}/", {"HTTP_PROXY": proxy.url.replace("//", "//me:p%40ss@")})
        unknown = await get(f"{server.url}/", {"HTTP_PROXY": proxy.url.replace("//", "//me:wrong@")})

    assert known == 200
    assert isinstance(unknown, Failure)
    assert (unknown.transient, unknown.remedy) == (False, "correct or unset HTTP_PROXY")
    assert "Invalid username/password" in unknown.reason


async def test_a_proxy_that_does_not_speak_socks_is_reported() -> None:
    with NoProxy() as proxy:
        failure = await get("http://127.0.0.1:9/", {"ALL_PROXY": proxy.url})

    assert isinstance(failure, Failure)
    assert not failure.transient
    assert "does not speak SOCKS 5" in failure.reason
    assert failure.remedy == "correct or unset ALL_PROXY"


async def test_an_unreachable_proxy_is_distinguished_from_an_unreachable_host(nobody: str) -> None:
    through = await get("http://example.invalid/", {"ALL_PROXY": f"http://{nobody}"})
    directly = await get(f"http://{nobody}/", {})

    assert isinstance(through, Failure)
    assert isinstance(directly, Failure)
    assert f"through ALL_PROXY (http://{nobody})" in through.reason
    assert through.remedy == "start the proxy, or correct or unset ALL_PROXY"
    assert "nothing listens there" in directly.reason
    assert through.refused and directly.refused


async def test_a_certificate_of_nobody_is_trusted_where_ssl_cert_file_names_it(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with TlsServer(certificate, key) as server:
        distrusted = await get(server.url, {})
        trusted = await get(server.url, {"SSL_CERT_FILE": f"{certificate}\r\n"})

    assert trusted == 200
    assert isinstance(distrusted, Failure)
    assert (distrusted.transient, "SSL_CERT_FILE" in (distrusted.remedy or "")) == (False, True)
    assert "self-signed" in distrusted.reason


async def test_a_server_without_https_is_reported(server: RowsApi) -> None:
    failure = await get(server.url.replace("http", "https"), {})

    assert isinstance(failure, Failure)
    assert (failure.reason, failure.transient) == ("does not speak HTTPS", False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "which does not exist"),
        (b"", "which contains no certificate in PEM format"),
        (b"\x30\x82\x01", "which contains no certificate in PEM format"),
        (b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", "whose certificates cannot be read"),
    ],
)
def test_an_unusable_certificate_file_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)

    (problem,) = certificate_problems({"SSL_CERT_FILE": str(file)})

    assert problem.startswith(f"SSL_CERT_FILE is {file}, {said}")
    assert problem.endswith("or unset SSL_CERT_FILE")


def test_one_existing_certificate_folder_of_several_suffices(tmp_path: Path) -> None:
    missing, file = tmp_path / "missing", tmp_path / "file"
    file.write_bytes(b"")

    assert list(certificate_problems({"SSL_CERT_FILE": "", "SSL_CERT_DIR": f"{missing}{os.pathsep}{tmp_path}"})) == []
    (gone,) = certificate_problems({"SSL_CERT_DIR": str(missing)})
    (wrong,) = certificate_problems({"SSL_CERT_DIR": str(file)})
    (folder,) = certificate_problems({"SSL_CERT_FILE": str(tmp_path)})

    assert "which does not exist" in gone
    assert "which is not a folder" in wrong
    assert "which is a folder" in folder


@pytest.mark.parametrize(("host", "local"), [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("a.b", False)])
def test_a_local_address_is_recognized(host: str, local: bool) -> None:
    assert is_local(host) is local
