"""The language server oe-lsp: the only package that imports pygls and lsprotocol."""
