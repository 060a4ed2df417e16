"""One file per command of `oe`."""
