"""The folder for a user's own data on this machine."""

from __future__ import annotations

import os
from pathlib import Path

STATE_FOLDER_VARIABLE = "OE_STATE_DIR"


def state_folder() -> Path:
    """OE_STATE_DIR, else the platform's folder for user state. It need not exist."""
    configured = os.environ.get(STATE_FOLDER_VARIABLE)
    if configured:
        return Path(configured)
    from platformdirs import user_state_path  # takes 20 ms, and is seldom needed

    return user_state_path("oe-lsp", appauthor=False)
