"""The command oe-lsp. This package is the only place that imports pygls and lsprotocol."""

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

if TYPE_CHECKING:
    from oe_lsp.server.documents import Analyse


def main(arguments: Sequence[str] | None = None, analyse: Analyse | None = None) -> None:
    """Serve one client. The process ends with code 0 after `shutdown`, with 1 where the client vanished before.

    `analyse` takes the place of the engine's own analysis.
    """
    options = _parser().parse_args(arguments)
    _log_to_stderr()
    # What reads and answers messages waits no longer than this for a thread that is checking a large document.
    sys.setswitchinterval(0.001)
    with paused_collector():
        # Imported here, so that --help and --version do not wait for pygls.
        from oe_lsp.server.app import create_server
        from oe_lsp.server.thread_calls import is_any_running

        server = create_server(analyse)
        gc.freeze()  # the protocol's thousand classes stay to the end
    try:
        if options.tcp:
            server.start_tcp(options.host, options.port)
        elif options.ws:
            server.start_ws(options.host, options.port)
        else:
            server.start_io()
    finally:
        server.end_own_runs()
    code = 0 if server.was_shut_down else 1
    if is_any_running():  # the interpreter would not end before a thread that never lets go
        logging.shutdown()
        os._exit(code)
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="oe-lsp",
        description="The language server of experience.yaml. Without options it serves on stdin and stdout.",
    )
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="serve on stdin and stdout (the default)")
    transport.add_argument("--tcp", action="store_true", help="serve on a TCP port")
    transport.add_argument("--ws", action="store_true", help="serve on a WebSocket")
    parser.add_argument("--host", default="127.0.0.1", help="the address for --tcp and --ws (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8888, help="the port for --tcp and --ws (default: %(default)s)")
    parser.add_argument("--version", action="version", version=f"oe-lsp {__version__}")
    return parser


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # pygls logs every message whole at INFO.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
