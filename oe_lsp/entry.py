"""Entry points of `oe` and `oe-lsp`. `python -m oe_lsp.entry` is `oe`, whatever the current directory contains."""

from __future__ import annotations

from oe_lsp.own_packages import put_others_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def run_oe() -> NoReturn:
    """The command `oe`. Does not return."""
    put_others_last()
    from engine.cli.entrypoint import main

    main()


def run_server() -> None:
    """The command `oe-lsp`."""
    put_others_last()
    from oe_lsp.server.main import main

    main()


if __name__ == "__main__":
    run_oe()
