"""The contribution of a run to the state, read from the first and last events of its log. Pure."""

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
    """The writes of one run to one field, merged into one `value`; `node_id` is the last writer.

    A `carried` field continues from the value that earlier runs left, or from `start` if there is none; any other field
    starts from `start`.
    """

    value: Json
    node_id: str
    merge: Merge
    carried: bool
    start: Json | Missing = MISSING

    def after(self, before: Json | Missing) -> Json | Missing:
        """The value of the field after merging this run into the value `before`."""
        base = before if self.carried and before is not MISSING else self.start
        return fold(self.merge, base, [self.value])


class Contribution(Struct, frozen=True):
    """The writes of one run. Of runs with the same `root_run_id` only the last to end counts.

    `ended_order` is the order of their ends (run_order.py); 0 in logs of older versions of oe, which are ordered by
    `ended_at`.
    """

    run_id: str
    root_run_id: str
    ended_at: str
    fields: Mapping[str, FieldContribution]
    ended_order: int = 0


def contribution_of(view: RunView, read: Read) -> Contribution | None:
    """The contribution of a run; None if it has not ended, or is isolated. `read` returns the content of a blob.

    Raises BlobLostError.
    """
    started, finished = view.started, view.finished
    if started is None or started.kind is not None or finished is None or view.last_at is None:
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
