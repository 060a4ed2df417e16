"""The addresses of what is served, all below the token."""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct


class Urls(Struct, frozen=True):
    """Paths for links from one page to others. Only run ids and positions become parts of them."""

    token: str

    @property
    def home(self) -> str:
        """Leads to the run that is followed."""
        return f"/{quote(self.token)}/"

    @property
    def assets(self) -> str:
        """The folder of scripts and styles."""
        return f"{self.home}assets"

    def run(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.home}runs/{run_id}"

    def newest(self, run_id: str) -> str:
        """The page of the newest run, which goes on to the next one when that begins."""
        return f"{self.run(run_id)}?latest"

    def compare(self, left: str, right: str) -> str:
        """The page that compares two runs."""
        return f"{self.home}compare/{left}/{right}"

    def events(self, run_id: str | None, after: str) -> str:
        """The changes of the page of a run since a position; without a run, those of its surroundings."""
        where = self.home if run_id is None else f"{self.run(run_id)}/"
        return f"{where}events?after={after}"
