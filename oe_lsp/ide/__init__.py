"""Editor features as pure functions of a snapshot: no LSP types, no input or output (docs/architecture.md)."""
