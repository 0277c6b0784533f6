"""HTTP/2 where a server speaks it, else HTTP/1.1: the other way of `fetch` to ask. httpcore2 enters the project here.

An answer has the attributes of aiohttp's that `fetch` uses, and every fault is a `Failed` with its reason. The address
really connected to is chosen by the caller's resolver, as a number, and connected to by that number.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpcore2

KEPT_CONNECTIONS = 256
KEPT_SECONDS = 5.0

Resolve = Callable[[str, int], Awaitable[list[tuple[str, int]]]]
"""Host and port to the numeric addresses and ports that may be connected to. Raises OSError where there are none."""


class Failed(Exception):  # noqa: N818 - it becomes a picture's reason
    """Why there is no answer, in `fetch`'s words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Headers:
    """An answer's headers, by names in any case."""

    def __init__(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        self._fields = [
            (name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")) for name, value in fields
        ]

    def getall(self, name: str, default: list[str]) -> list[str]:
        return [value for key, value in self._fields if key == name.lower()] or default

    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self._fields if key == name.lower()), default)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it comes."""

    stream: Any

    async def iter_any(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self.stream:
                yield chunk
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            # A chunk without a size is nonsense; every other end before the end is a body cut short.
            raise Failed("bad_response" if "chunk header" in str(error) else "truncated") from error


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    version: str
    headers: Headers
    content: Body

    @property
    def content_length(self) -> int | None:
        value = self.headers.get("Content-Length")
        return int(value) if value is not None and value.isdecimal() else None


class _Numbers(httpcore2.AsyncNetworkBackend):
    """Connects to what the resolver says, and to nothing else."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        fault: Exception = Failed("no_such_host")
        for address, end in await self._resolve(host, port):
            try:
                return await self._network.connect_tcp(address, end, timeout, local_address, socket_options)
            except httpcore2.NetworkError as error:
                fault = error
        raise fault

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Client:
    """Connections that are kept and shared; requests to one host share one where it speaks HTTP/2."""

    def __init__(
        self, headers: Mapping[str, str], connections: int, resolve: Resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self._headers = [(name, value) for name, value in headers.items()]
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=connections,
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            http2=True,
            network_backend=_Numbers(resolve),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    @asynccontextmanager
    async def get(self, url: str) -> AsyncIterator[Answer]:
        """The answer to one request, without redirects. Raises Failed, and what the resolver raises."""
        try:
            context = self._pool.stream("GET", url, headers=self._headers)
            response = await context.__aenter__()
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            raise Failed(_reason(error)) from error
        except (ValueError, TypeError) as error:
            raise Failed("bad_url") from error
        try:
            version = response.extensions.get("http_version", b"").decode("ascii", "replace")
            yield Answer(response.status, version, Headers(response.headers), Body(response.stream))
        finally:
            await context.__aexit__(None, None, None)


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "bad_certificate"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.ConnectError):
        return "unreachable"
    if isinstance(error, httpcore2.UnsupportedProtocol):
        return "bad_scheme"
    if isinstance(error, httpcore2.ProtocolError) and "disconnected" not in str(error).lower():
        return "bad_response"
    return "disconnected"
