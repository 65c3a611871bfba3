"""One HTTP client alone, as the pool gives it out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cwconsole.http.client import HttpClient
from cwconsole.http.pool import open_pool


@asynccontextmanager
async def open_http(**settings: Any) -> AsyncIterator[HttpClient]:
    """settings: as `HttpPool.client` takes them. Closed at the end."""
    async with open_pool() as pool:
        yield pool.client(**settings)
