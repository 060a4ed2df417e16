"""What the buttons of a page do: plan, resume and cancel runs, in engines that outlive the server."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence
from pathlib import Path

from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.cancel_file import request_cancel
from engine.log.storage.run_store import RunStore
from engine.owned_tasks import OwnedTasks
from engine.page_server.plan import ResumePlan, plan_of
from engine.runner.launch import Engine, EngineRefusedError, refusal_text, start_run
from engine.runner.launch_options import ResumeOptions, engine_options

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.05


class PlanChangedError(Exception):
    """The plan is not the one that was shown. `plan` is the present one."""

    def __init__(self, plan: ResumePlan) -> None:
        super().__init__("The plan has changed since it was shown.")
        self.plan = plan


class Actions:
    """For the runs of a folder."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._engines: set[Engine] = set()
        self._tasks = OwnedTasks()

    async def plan(self, experience: Path, run_id: str, options: ResumeOptions) -> ResumePlan:
        """What resuming a run would do. Runs nothing. Raises EngineRefusedError and OSError."""
        return await plan_of(_command(experience, run_id, options))

    async def resume(self, experience: Path, run_id: str, options: ResumeOptions) -> str:
        """Resume a run by the plan that `options.expect` names; returns the id of the new run once it has begun.

        Raises PlanChangedError if that is not the plan any more, EngineRefusedError with the engine's own message, and
        OSError.
        """
        if options.expect is not None:
            plan = await self.plan(experience, run_id, options)
            if plan.digest != options.expect:
                raise PlanChangedError(plan)
        new_id = str(uuid.uuid4())
        engine = await start_run([*_command(experience, run_id, options), "--new-run-id", new_id])
        self._engines.add(engine)
        self._tasks.spawn(self._read_output(engine), f"output of run {new_id}")
        if not await self._has_begun(new_id, engine):
            raise EngineRefusedError(refusal_text((await engine.output()).errors))
        return new_id

    async def cancel(self, run_id: str) -> bool:
        """Ask a run's engine to end it; asked again, to kill what still runs. False if it is not running."""
        return await asyncio.to_thread(request_cancel, self._store, run_id)

    async def close(self) -> None:
        """Detach from the engines: their runs go on."""
        for engine in self._engines:
            engine.detach()
        await self._tasks.close()

    async def _has_begun(self, run_id: str, engine: Engine) -> bool:
        """Wait for the first line of a run's log; False if its engine ended without one."""
        while True:
            is_going_on = engine.is_connected
            if await asyncio.to_thread(_has_first_line, self._store.log(run_id)):
                return True
            if not is_going_on:
                return False
            await asyncio.sleep(_POLL_SECONDS)

    async def _read_output(self, engine: Engine) -> None:
        output = await engine.output()
        self._engines.discard(engine)
        if output.errors:
            log.info("an engine said: %s", output.errors)


def _command(experience: Path, run_id: str, options: ResumeOptions) -> Sequence[str]:
    return ("resume", run_id, "--experience", str(experience.absolute()), *engine_options(options))


def _has_first_line(log_path: Path) -> bool:
    try:
        read_ends(log_path)
    except (UnreadableLogError, OSError):
        return False
    return True
