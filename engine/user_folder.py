"""Where what belongs to a user and to no experience is kept on this machine."""

from __future__ import annotations

import os
from pathlib import Path

STATE_FOLDER_VARIABLE = "OE_STATE_DIR"


def state_folder() -> Path:
    """OE_STATE_DIR, else the platform's folder for a user's state. It need not exist."""
    named = os.environ.get(STATE_FOLDER_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_state_path  # 20 ms that few sessions need

    return user_state_path("oe-lsp", appauthor=False)
