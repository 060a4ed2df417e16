"""`python -m oe_lsp.server` is `oe-lsp`."""

from oe_lsp.server.main import main

main()
