"""The language server of experience.yaml. What an experience means is the engine's; how editors see it is here.

Nothing is imported by the names `engine` and `schemas` before `own_packages` has seen to it that they are ours.
"""

from oe_lsp import own_packages

own_packages.come_first()
