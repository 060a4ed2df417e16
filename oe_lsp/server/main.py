"""The command `oe-lsp`: its options, its log, and its exit code."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import __version__
from engine.collector import paused_collector
from engine.standard_streams import open_closed_streams

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer
    from oe_lsp.server.session.documents import Analyse
    from oe_lsp.server.transport.access import Access

_TOKEN = "OE_LSP_TOKEN"  # noqa: S105 — the variable's name
_SHORTEST_TOKEN = 16
_LAST_PORT = 65_535


def main(arguments: Sequence[str] | None = None, analyse: Analyse | None = None) -> None:
    """Serve one client. Exits with 0 after `shutdown`, and with 1 where the client ended without it.

    `analyse` replaces the engine's own analysis.
    """
    open_closed_streams()
    parser = _parser()
    options = parser.parse_args(arguments)
    token = os.environ.pop(_TOKEN, "").strip()  # popped, so that tools do not get it
    access = _access(parser, options, token or None) if options.tcp or options.ws else None
    _log_to_stderr()
    # The longest that the event loop waits for a thread that analyses a large document.
    sys.setswitchinterval(0.001)
    with paused_collector():
        # Imported here, so that --help and --version do not wait for pygls.
        from oe_lsp.server.app import create_server
        from oe_lsp.server.session.thread_calls import is_any_running

        server = create_server(analyse)
        gc.freeze()  # the protocol's thousand classes stay until the end
    try:
        if access is None:
            server.start_io()
        else:
            _serve_on_socket(parser, server, access, is_ws=options.ws)
    finally:
        server.on_client_gone()
    code = 0 if server.was_shut_down else 1
    if is_any_running():  # the interpreter would wait for an endless analysis
        logging.shutdown()
        os._exit(code)
    sys.exit(code)


def _access(parser: argparse.ArgumentParser, options: argparse.Namespace, token: str | None) -> Access:
    """The access that the options allow. Exits with 2 where everybody could connect."""
    from oe_lsp.server.transport.access import Access, is_loopback

    if token is not None and len(token) < _SHORTEST_TOKEN:
        parser.error(f"{_TOKEN} is shorter than {_SHORTEST_TOKEN} characters; make one with: openssl rand -hex 16")
    try:
        is_local = is_loopback(options.host)
    except OSError as error:
        parser.error(f"--host {options.host}: {error.strerror or error}")
    if token is None and not is_local:
        parser.error(
            f"--host {options.host or '(all)'} lets other machines connect and run code here; set {_TOKEN} to a secret "
            "that the client sends as initializationOptions.token, or listen on 127.0.0.1"
        )
    return Access(options.host, options.port, token, tuple(options.origin))


def _serve_on_socket(parser: argparse.ArgumentParser, server: ExperienceServer, access: Access, *, is_ws: bool) -> None:
    from oe_lsp.server.transport import sockets

    try:
        (sockets.serve_ws if is_ws else sockets.serve_tcp)(server, access)
    except ImportError:
        parser.error("--ws needs the package websockets; install it with: pip install websockets")
    except OSError as error:
        parser.error(f"cannot listen on {access.host} port {access.port}: {error.strerror or error}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LAST_PORT:
        raise ValueError(text)
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="oe-lsp",
        description="The language server of experience.yaml. Without options it serves on stdin and stdout.",
    )
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="serve on stdin and stdout (the default)")
    transport.add_argument("--tcp", action="store_true", help="serve on a TCP port")
    transport.add_argument("--ws", action="store_true", help="serve on a WebSocket")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help=f"the address for --tcp and --ws (default: %(default)s); one that other machines can reach needs {_TOKEN}",
    )
    parser.add_argument("--port", type=_port, default=8888, help="the port for --tcp and --ws (default: %(default)s)")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="allow web pages of this origin, such as http://localhost:3000, to connect with --ws; may be repeated",
    )
    parser.add_argument("--version", action="version", version=f"oe-lsp {__version__}")
    return parser


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # pygls logs every message in full at INFO.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
