"""Settings of the standard library's modules and of numpy, which may not be loaded: read and restored."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from engine.nodes.workers.oe_worker.process_state import Aspect


class Setting:
    """A setting of a module: read by `get`, written by `set_to`, `default` while the module is not loaded."""

    def __init__(
        self, module: str, default: Any, get: Callable[[Any], Any], set_to: Callable[[Any, Any], object]
    ) -> None:
        self._module = module
        self._default = default
        self._get = get
        self._set_to = set_to

    def read(self) -> Any:
        """See Aspect."""
        module = sys.modules.get(self._module)
        return self._default if module is None else self._get(module)

    def write(self, wanted: Any) -> None:
        """See Aspect."""
        self._set_to(sys.modules[self._module], wanted)


class Logging:
    """Levels and handlers of loggers, except those that installed modules created when they were loaded."""

    def read(self) -> dict[str, tuple[Any, ...]]:
        """See Aspect."""
        logging = sys.modules.get("logging")
        if logging is None:
            return {}
        found = {"": (logging.root.manager.disable, *_of_logger(logging.root))}
        for name, logger in list(logging.root.manager.loggerDict.items()):
            if isinstance(logger, logging.Logger):
                found[name] = _of_logger(logger)
        return {name: value for name, value in found.items() if value != _UNTOUCHED[not name]}

    def write(self, wanted: dict[str, tuple[Any, ...]]) -> None:
        """See Aspect."""
        logging = sys.modules["logging"]
        for name, found in self.read().items():
            if name not in wanted and name.partition(".")[0] in sys.modules:
                wanted[name] = found  # of a module that stays loaded
        of_root = wanted.get("", _UNTOUCHED[True])
        logging.disable(of_root[0])
        _write_logger(logging.root, of_root[1:])
        for name, logger in list(logging.root.manager.loggerDict.items()):
            if isinstance(logger, logging.Logger):
                _write_logger(logger, wanted.get(name, _UNTOUCHED[False]))


_WARNING = 30
_UNTOUCHED: dict[bool, tuple[Any, ...]] = {
    True: (0, _WARNING, [], [], True, False),
    False: (0, [], [], True, False),
}
"""An unconfigured logger; the root's tuple begins with `manager.disable`."""


def _of_logger(logger: Any) -> tuple[Any, ...]:
    return logger.level, logger.handlers[:], logger.filters[:], logger.propagate, logger.disabled


def _write_logger(logger: Any, wanted: tuple[Any, ...]) -> None:
    if _of_logger(logger) != wanted:
        level, handlers, filters, logger.propagate, logger.disabled = wanted
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:] = handlers, filters


class DecimalTemplates:
    """The template contexts that `decimal` copies for each thread."""

    def read(self) -> tuple[str, ...]:
        """See Aspect."""
        decimal = sys.modules.get("decimal")
        if decimal is None:
            return _USUAL_TEMPLATES
        return repr(decimal.DefaultContext), repr(decimal.BasicContext), repr(decimal.ExtendedContext)

    def write(self, wanted: tuple[str, ...]) -> None:
        """See Aspect."""
        decimal = sys.modules["decimal"]
        templates = (decimal.DefaultContext, decimal.BasicContext, decimal.ExtendedContext)
        for template, text in zip(templates, wanted):  # noqa: B905 — Python 3.8
            meant = eval(text, vars(decimal))  # noqa: S307 — text from `repr`
            for name in ("prec", "rounding", "Emin", "Emax", "capitals", "clamp"):
                setattr(template, name, getattr(meant, name))
            for signal in template.traps:
                template.traps[signal], template.flags[signal] = meant.traps[signal], meant.flags[signal]


_USUAL_TEMPLATES = tuple(
    f"Context(prec={prec}, rounding={rounding}, Emin=-999999, Emax=999999, capitals=1, clamp=0, flags=[], "
    f"traps=[{traps}])"
    for prec, rounding, traps in (
        (28, "ROUND_HALF_EVEN", "InvalidOperation, DivisionByZero, Overflow"),
        (9, "ROUND_HALF_UP", "Clamped, InvalidOperation, DivisionByZero, Overflow, Underflow"),
        (9, "ROUND_HALF_EVEN", ""),
    )
)


def library_aspects() -> Iterable[Aspect]:
    """The settings that a fresh interpreter has at their defaults."""
    yield Setting(
        "_socket", None, lambda socket: socket.getdefaulttimeout(), lambda socket, to: socket.setdefaulttimeout(to)
    )
    yield Setting("_csv", 131_072, lambda csv: csv.field_size_limit(), lambda csv, to: csv.field_size_limit(to))
    yield Setting(
        "tempfile", None, lambda tempfile: tempfile.tempdir, lambda tempfile, to: setattr(tempfile, "tempdir", to)
    )
    yield Setting("asyncio.events", None, _loop_policy, _set_loop_policy)
    yield Setting("multiprocessing.context", None, _start_method, _set_start_method)
    yield Setting("numpy", None, lambda numpy: numpy.geterr(), lambda numpy, to: numpy.seterr(**(to or _OF_NUMPY)))
    yield Logging()
    yield DecimalTemplates()


_OF_NUMPY = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


def renew_random_numbers() -> None:
    """Reseeds the random numbers, as a new interpreter would."""
    for name in ("random", "numpy.random"):
        module = sys.modules.get(name)
        if module is not None:
            module.seed()


def own_decimal_context() -> None:
    """Gives the current context its own copy of the decimal context."""
    decimal = sys.modules.get("decimal")
    if decimal is not None:
        decimal.setcontext(decimal.getcontext().copy())


def _loop_policy(events: Any) -> Any:
    return getattr(events, "_event_loop_policy", None)


def _set_loop_policy(events: Any, policy: Any) -> None:
    events._event_loop_policy = policy


def _start_method(context: Any) -> Any:
    return context._default_context._actual_context


def _set_start_method(context: Any, method: Any) -> None:
    context._default_context._actual_context = method
