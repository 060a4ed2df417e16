"""`python -m engine.cli` is `oe`."""

from engine.cli.entrypoint import main

main()
