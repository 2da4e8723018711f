"""What wants an event loop of its own: Playwright keeps one running in the thread of the tests."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives, called in a thread that has no event loop yet."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives."""
    return apart(asyncio.run, coroutine)
