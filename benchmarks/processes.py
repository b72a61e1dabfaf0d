"""Work side by side: in threads of this process, or in processes of their own, all beginning at the same moment."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
Ready = Callable[[], object]
PATIENCE = 120.0
"""Seconds to wait for the others to be ready."""
_barriers: list[Any] = []


def quiet() -> None:
    """Warnings are part of what is measured (somebody else was faster), not worth a line each."""
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def in_threads(count: int, work: Callable[..., T], *arguments: Any) -> list[T]:
    """``work(ready, *arguments)`` in ``count`` threads; each calls ``ready`` before what is measured."""
    barrier = Barrier(count, timeout=PATIENCE)
    with ThreadPoolExecutor(count) as pool:
        return _results([pool.submit(_together, barrier, work, arguments) for _ in range(count)])


def in_processes(count: int, work: Callable[..., T], *arguments: Any) -> list[T]:
    """The same in fresh processes; ``work`` is a function of a module, its arguments can be pickled."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count, timeout=PATIENCE)
    with ProcessPoolExecutor(count, context, initializer=_begin, initargs=(barrier,)) as pool:
        return _results([pool.submit(_run, work, arguments) for _ in range(count)])


def alone(work: Callable[..., T], *arguments: Any) -> T:
    """``work(*arguments)`` in a fresh process, whose memory is nobody else's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=quiet) as pool:
        return pool.submit(work, *arguments).result()


def _begin(barrier: Any) -> None:
    quiet()
    _barriers.append(barrier)


def _run(work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    return _together(_barriers[-1], work, arguments)


def _together(barrier: Any, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """Whoever fails lets the others go."""
    try:
        return work(barrier.wait, *arguments)
    except BaseException:
        barrier.abort()
        raise


def _results(futures: list[Future[T]]) -> list[T]:
    """All results, or what went wrong first of all."""
    failures = [failure for future in futures if (failure := future.exception()) is not None]
    for failure in sorted(failures, key=lambda one: isinstance(one, BrokenBarrierError)):
        raise failure
    return [future.result() for future in futures]
