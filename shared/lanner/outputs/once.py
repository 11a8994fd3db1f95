"""What is made once for all who need it, such as the client of a cloud."""

from __future__ import annotations

from _thread import RLock  # importing `threading` takes a millisecond of a cold start
from functools import cache
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import _CacheInfo

__all__ = ["once"]

P = ParamSpec("P")
T = TypeVar("T")


class once(Generic[P, T]):
    """Makes a function keep its results, also when several threads call it for the first time at once.

    `functools.cache` alone may call it twice then; SDKs are not made for that. What raised is tried again.
    """

    def __init__(self, make: Callable[P, T]) -> None:
        self._lock = RLock()
        self._kept = cache(make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result, which is made if there is none yet."""
        with self._lock:
            return self._kept(*args, **kwargs)  # type: ignore[arg-type]  # they have to be hashable

    def cache_clear(self) -> None:
        """Forget all results."""
        self._kept.cache_clear()

    def cache_info(self) -> _CacheInfo:
        """Return what `functools.cache` tells."""
        return self._kept.cache_info()
