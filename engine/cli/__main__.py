"""`python -m engine.cli` is `oe`."""

from engine.cli.start import main

main()
