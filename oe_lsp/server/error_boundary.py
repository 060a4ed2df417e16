"""Keeps the error of one handler from the others: it is logged, and answered in one sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pygls.exceptions import JsonRpcException, JsonRpcInternalError

log = logging.getLogger(__name__)


@contextmanager
def error_boundary(name: str) -> Iterator[None]:
    """Log an unexpected error in the handler of `name`. Raises JsonRpcInternalError in its place."""
    try:
        yield
    except JsonRpcException:
        raise
    except Exception as error:
        log.exception("%s failed", name)
        raise JsonRpcInternalError(f"{name} failed: {error}. The server's log has the details.") from None


def is_no_answer(record: logging.LogRecord) -> bool:
    """A log filter: drops the tracebacks that pygls logs for errors which only answer a request."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))
