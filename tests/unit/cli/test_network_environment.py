"""Keys, addresses, proxies and certificates from the environment: what is wrong is said at once, and by `oe doctor`."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.support.worlds import World
from tests.unit.cli.conftest import Oe

KEY = "sk-of-this-test-0123456789"
NOBODY = "http://127.0.0.1:9"

WRONG = [
    ({"ALL_PROXY": "socks://127.0.0.1:7890"}, "ALL_PROXY", "write socks5://127.0.0.1:7890"),
    ({"NO_PROXY": "[::1],localhost"}, "NO_PROXY", "write ::1"),
    ({"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE", "does not exist"),
    ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:x"}, "ANTHROPIC_BASE_URL", "whose port x is not a number"),
    ({"ANTHROPIC_BASE_URL": "127.0.0.1:9"}, "ANTHROPIC_BASE_URL", "does not begin with http:// or https://"),
    ({"ANTHROPIC_API_KEY": f'"{KEY}"'}, "ANTHROPIC_API_KEY", "quotation marks"),
    ({"ANTHROPIC_API_KEY": f"{KEY[:5]}\u2026"}, "ANTHROPIC_API_KEY", "U+2026"),
]


@pytest.fixture
def asking(world: World) -> World:
    """An agent that would be tried three times. Something runs before it, so that the run is not refused."""
    retry = "on_error: {policy: retry, attempts: 3, base_ms: 1}"
    world.write("rows.json", "[]")
    world.graph(
        "- {id: first, kind: dataset, source: {type: file, uri: rows.json}, writes: [rows]}\n"
        f"- {{id: a, kind: agent, prompt: Hello, writes: [said], {retry}}}",
        "[{from: first, to: a}]",
        state="said: {type: string}\nrows: {type: array}",
    )
    return world


def logged(world: World) -> list[dict[str, Any]]:
    (run_id,) = world.store.run_ids()
    return [json.loads(line) for line in world.store.log(run_id).read_text().splitlines()]


@pytest.mark.parametrize(("environment", "variable", "said"), WRONG)
def test_a_wrong_variable_is_named_and_nothing_is_retried(
    asking: World, oe: Oe, environment: dict[str, str], variable: str, said: str
) -> None:
    oe("run", **{"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": NOBODY, **environment})

    events = logged(asking)
    (failed,) = (event for event in events if event["type"] == "node.failed")
    assert failed["error"]["type"] == "EnvironmentVariable"
    assert failed["error"]["message"].startswith(variable)
    assert said in failed["error"]["message"]
    assert [event for event in events if event["type"] == "node.attempt"] == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("environment", "variable"),
    [({"ALL_PROXY": "socks5://127.0.0.1:{}"}, "ALL_PROXY"), ({"ANTHROPIC_API_KEY": f"{KEY}\r"}, "ANTHROPIC_BASE_URL")],
)
def test_a_port_where_nothing_ever_listened_is_not_waited_for(
    asking: World, oe: Oe, environment: dict[str, str], variable: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}"}
    given |= {name: value.format(port) for name, value in environment.items()}

    oe("run", **given)

    events = logged(asking)
    (failed,) = (event for event in events if event["type"] == "node.failed")
    assert (failed["error"]["type"], variable in failed["error"]["message"]) == ("Unreachable", True)
    assert [event for event in events if event["type"] == "node.attempt"] == []


def test_an_http_dataset_says_what_is_wrong_with_a_proxy(world: World, oe: Oe) -> None:
    world.graph(
        f"- {{id: a, kind: dataset, source: {{type: http, url: '{NOBODY}/rows'}}, writes: [rows]}}",
        state="rows: {type: array}",
    )

    ended = oe("run", HTTP_PROXY="127.0.0.1:x")

    assert ended.code == 1
    assert "HTTP_PROXY is http://127.0.0.1:x, whose port x is not a number" in ended.out


def test_doctor_says_what_is_wrong_with_variables_and_shows_no_key(oe: Oe) -> None:
    wrong = {
        "ANTHROPIC_API_KEY": f'"{KEY}"',
        "OPENAI_BASE_URL": "localhost:1",
        "ALL_PROXY": "socks4://me:pass-word@h:1",
    }

    checked = oe("doctor", "--json", **wrong)

    checks = json.loads(checked.out)["checks"]
    details = [(check["name"], check["detail"]) for check in checks if check["status"] == "warn"]
    assert ("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY is in quotation marks; remove them") in details
    network = [detail for name, detail in details if name == "network"]
    assert [detail.split()[0] for detail in network] == ["ALL_PROXY", "OPENAI_BASE_URL"]
    assert KEY not in checked.out
    assert "pass-word" not in checked.out


def test_doctor_says_which_proxy_and_certificates_count(oe: Oe) -> None:
    checked = oe("doctor", "--json", HTTPS_PROXY="http://proxy:80", ANTHROPIC_AUTH_TOKEN="token")

    named = {check["name"]: check for check in json.loads(checked.out)["checks"]}
    assert "HTTPS_PROXY (http://proxy:80)" in named["network"]["detail"]
    assert named["ANTHROPIC_API_KEY"]["detail"] == "not set; ANTHROPIC_AUTH_TOKEN is"
