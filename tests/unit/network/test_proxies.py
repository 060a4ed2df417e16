"""Which proxy a request goes through, and what is wrong with the variables that say so."""

from __future__ import annotations

import pytest

from engine.network.proxies import proxy_problems, read_proxies

PROXY = "http://127.0.0.1:7890"


def route(environment: dict[str, str], url_scheme: str, host: str, port: int | None = None) -> str | None:
    proxy = read_proxies(environment).route(url_scheme, host, port)
    return None if proxy is None else proxy.variable


@pytest.mark.parametrize(
    ("environment", "scheme", "variable"),
    [
        ({}, "https", None),
        ({"HTTPS_PROXY": PROXY}, "https", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": PROXY}, "http", None),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, "https", "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, "https", None),
        ({"ALL_PROXY": PROXY}, "http", "ALL_PROXY"),
        ({"ALL_PROXY": PROXY, "HTTP_PROXY": PROXY}, "http", "HTTP_PROXY"),
        ({"HTTP_PROXY": "127.0.0.1:7890"}, "http", "HTTP_PROXY"),
        ({"HTTP_PROXY": f" {PROXY}\r\n"}, "http", "HTTP_PROXY"),
        ({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, "http", None),
        ({"ALL_PROXY": PROXY, "NO_PROXY": "*"}, "https", None),
    ],
)
def test_the_variable_of_the_scheme_decides(environment: dict[str, str], scheme: str, variable: str | None) -> None:
    assert route(environment, scheme, "api.example.com") == variable


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "direct"),
    [
        ("example.com", "example.com", None, True),
        ("example.com", "api.example.com", None, True),
        ("example.com", "notexample.com", None, False),
        ("Example.COM.", "api.example.com", None, True),
        (".example.com", "api.example.com", None, True),
        (".example.com", "example.com", None, False),
        ("*.example.com", "api.example.com", None, True),
        ("localhost, 127.0.0.1 ,::1", "127.0.0.1", 80, True),
        ("localhost 127.0.0.1", "127.0.0.1", 80, True),
        ("::1", "[::1]", 80, True),
        ("10.0.0.0/8", "10.1.2.3", None, True),
        ("10.0.0.0/8", "11.1.2.3", None, False),
        ("10.0.0.0/8", "ten.example.com", None, False),
        ("fd00::/8", "fd12::1", None, True),
        ("example.com:8080", "example.com", 8080, True),
        ("example.com:8080", "example.com", 80, False),
        ("127.0.0.1:443", "127.0.0.1", None, True),
        ("https://example.com", "example.com", None, True),
        ("http://example.com", "example.com", None, False),
        ("", "example.com", None, False),
    ],
)
def test_hosts_in_no_proxy_are_asked_directly(no_proxy: str, host: str, port: int | None, direct: bool) -> None:
    environment = {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}

    assert list(proxy_problems(environment, socks_installed=True)) == []
    assert (route(environment, "https", host, port) is None) is direct


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"ALL_PROXY": "socks://127.0.0.1:1"},
            "ALL_PROXY is socks://127.0.0.1:1, but socks:// is",
        ),
        ({"all_proxy": "socks4://127.0.0.1:1"}, "write socks5://127.0.0.1:1, else unset all_proxy"),
        ({"HTTPS_PROXY": "ftp://127.0.0.1:1"}, "write http://127.0.0.1:1, else unset HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://127.0.0.1:x"}, "HTTP_PROXY is http://127.0.0.1:x, whose port x is not a number"),
        ({"HTTP_PROXY": "http://:8080"}, "has no host; write it as scheme://host:port, or unset HTTP_PROXY"),
        ({"HTTP_PROXY": "http//127.0.0.1:1"}, "which is not an address"),
        ({"HTTP_PROXY": "http:/127.0.0.1:1"}, "which is not an address"),
        ({"HTTP_PROXY": "socks5:127.0.0.1:1"}, "whose port 127.0.0.1:1 is not a number"),
        ({"HTTP_PROXY": '"http://127.0.0.1:1"'}, "HTTP_PROXY is in quotation marks"),
        ({"HTTP_PROXY": "http://a b:1"}, "HTTP_PROXY contains SPACE"),
        (
            {"NO_PROXY": "[::1],localhost"},
            "NO_PROXY contains [::1], but hosts are written without brackets there; write ::1",
        ),
        ({"no_proxy": "10.0.0.0/33"}, "no_proxy contains 10.0.0.0/33, which is not a network"),
        ({"NO_PROXY": "localhost:x"}, "whose port is not a number"),
        ({"NO_PROXY": "localhost;127.0.0.1"}, "separate hosts by commas"),
        ({"NO_PROXY": "host/path"}, "which is not a network"),
    ],
)
def test_settings_that_no_request_could_use_are_named(environment: dict[str, str], said: str) -> None:
    (problem,) = proxy_problems(environment, socks_installed=True)

    assert said in problem


def test_a_socks_proxy_without_its_library_says_how_to_install_it() -> None:
    environment = {"ALL_PROXY": "socks5://127.0.0.1:7890"}

    (problem,) = proxy_problems(environment, socks_installed=False)

    assert "ALL_PROXY (socks5://127.0.0.1:7890)" in problem
    assert "pip install socksio" in problem
    assert list(proxy_problems(environment, socks_installed=True)) == []


def test_if_no_proxy_exempts_every_host_proxies_do_not_matter() -> None:
    assert list(proxy_problems({"ALL_PROXY": "socks5://x:y", "NO_PROXY": "*"}, socks_installed=False)) == []


def test_no_message_shows_the_password_of_a_proxy() -> None:
    (problem,) = proxy_problems({"HTTP_PROXY": "http://me:pass-word@host:x"}, socks_installed=True)

    assert "pass-word" not in problem
    assert "pass-word" not in str(read_proxies({"HTTP_PROXY": "http://me:pass-word@host:1"}).route("http", "a", None))
