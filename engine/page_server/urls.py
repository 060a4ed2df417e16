"""The addresses of what is served, relative to a page, so that a proxy may put a path of its own in front.

Every page lies one folder below the token: `runs/`, `runs/<run id>`, `compare/<left>...<right>`. Only run ids and
positions become parts of addresses.
"""

from __future__ import annotations

HOME = "../"
"""Leads to the run that is followed."""

ASSETS = "../assets"
"""The folder of scripts and styles."""


def run_url(run_id: str) -> str:
    """The page of a run."""
    return f"../runs/{run_id}"


def newest_url(run_id: str) -> str:
    """The page of the newest run, which goes on to the next one when that begins."""
    return f"{run_url(run_id)}?latest"


def compare_url(left: str, right: str) -> str:
    """The page that compares two runs."""
    return f"../compare/{left}...{right}"


def events_url(run_id: str | None, after: str) -> str:
    """The changes of the page of a run since a position; without a run, those of its surroundings."""
    where = HOME if run_id is None else f"{run_url(run_id)}/"
    return f"{where}events?after={after}"
