"""What is a secret now: logs mask what was one when they were written."""

from __future__ import annotations

from pathlib import Path

from engine.log.secrets.masking import Secrets
from engine.runner.secrets import environment_secrets
from oe_lsp.ide.document.snapshot import Snapshot


def present_secrets(snapshot: Snapshot, folder: Path) -> Secrets:
    """The keys of providers, and the environment variables that the nodes of an experience in this folder use."""
    experience = snapshot.analysis.experience
    return environment_secrets(experience.nodes if experience else (), str(folder))
