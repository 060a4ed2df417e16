"""The language server for experience.yaml. The engine knows what an experience means; this package shows it in editors.

`own_packages` comes first, so that `engine` and `schemas` import as ours.
"""

from oe_lsp import own_packages

own_packages.come_first()
