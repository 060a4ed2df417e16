"""What a run that ended adds to the state, read from the first and the last event of its log. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.experience.model import Merge
from engine.expressions import MISSING, Json, Missing
from engine.log.events.events import RunStarted
from engine.log.reading.view import RunView
from engine.log.values.large_values import Read, fetched
from engine.scheduler.state.merging import fold


class FieldContribution(Struct, frozen=True):
    """What one run wrote to one field, its writes merged into one `value`; `node_id` is the last that wrote.

    A field that is `carried` goes on from what earlier runs left, and begins from `start` only where there is nothing;
    any other begins anew from `start`.
    """

    value: Json
    node_id: str
    merge: Merge
    carried: bool
    start: Json | Missing = MISSING

    def after(self, before: Json | Missing) -> Json | Missing:
        """The field's value once this run is merged into what was there `before`."""
        base = before if self.carried and before is not MISSING else self.start
        return fold(self.merge, base, [self.value])


class Contribution(Struct, frozen=True):
    """What one run wrote. Of the runs that go back to the same `root_run_id` only the last to end counts.

    `ended_order` says which that is (run_order.py); 0 for logs of an older oe, which are ordered by `ended_at`.
    """

    run_id: str
    root_run_id: str
    ended_at: str
    fields: Mapping[str, FieldContribution]
    ended_order: int = 0


def contribution_of(view: RunView, read: Read) -> Contribution | None:
    """The contribution of a run as its log tells it, `read` giving the contents of blobs; None without its end.

    Raises BlobLostError.
    """
    started, finished = view.started, view.finished
    if started is None or finished is None or view.last_at is None:
        return None
    setting = started.settings.get("carried")
    carried = setting if isinstance(setting, dict) else {}
    return Contribution(
        run_id=view.run_id,
        root_run_id=started.lineage.root_run_id if started.lineage else view.run_id,
        ended_order=finished.order or 0,
        ended_at=view.last_at,
        fields={
            name: FieldContribution(
                fetched(wrote.value, read),
                wrote.node_id,
                Merge(wrote.merge),
                carried=name in carried,
                start=carried[name] if name in carried else _start(started, name, read),
            )
            for name, wrote in (finished.wrote or {}).items()
        },
    )


def _start(started: RunStarted, name: str, read: Read) -> Json | Missing:
    return fetched(started.state[name], read) if name in started.state else MISSING
