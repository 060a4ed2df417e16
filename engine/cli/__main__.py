"""`python -m engine.cli` is `oe`."""

from engine.cli.main import main

main()
