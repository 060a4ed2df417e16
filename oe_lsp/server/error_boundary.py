"""What goes wrong in one handler stays in it: it is logged, and answered in a sentence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcException, JsonRpcInternalError

from oe_lsp.server.experience_server import ExperienceServer  # pygls evaluates the annotations of what it is given

if TYPE_CHECKING:
    from oe_lsp.server.features.handlers import Handler

log = logging.getLogger(__name__)


def contained(name: str, handler: Handler) -> Handler:
    """`handler`, whose unexpected errors are logged, and answered with a sentence instead of a traceback."""

    async def run(ls: ExperienceServer, *arguments: Any) -> Any:
        try:
            return await handler(ls, *arguments)
        except JsonRpcException:
            raise
        except Exception as error:
            log.exception("%s failed", name)
            raise JsonRpcInternalError(f"{name} failed: {error}. The server's log has the details.") from None

    return run


def without_answers(record: logging.LogRecord) -> bool:
    """A filter: pygls logs the traceback of every error that answers a request; what was let through needs none."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
