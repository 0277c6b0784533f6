"""Pictures from a hostile web, politely. aiohttp enters the project here.

One `Fetcher` asks for the addresses of one shard after the other, all hosts of a shard at once, and hands each outcome
on as it comes. What it learns of names, hosts and their robots.txt it keeps between shards, within limits. Per host: a
robots.txt, a pace, a few connections, a pause when the host asks for one, and an end of asking when it is dead. Per
picture: a deadline that holds from the name's resolution to the last byte, a limit of bytes after inflation, a limit of
redirects, and `guard` before each request and again on the numeric address at the moment of connecting. Nothing that a
server does raises: it becomes a reason.

Reasons, as they stand in `Measures.error`:
    asked for nothing     bad_scheme bad_url bad_port private_address robots robots_unreachable out_of_time
                          dead_host come_back_later (both: its host has shown that it won't answer)
    no answer             no_such_host unreachable bad_certificate timeout disconnected bad_response
    an answer of no use   not_found forbidden busy server_error http_error bad_redirect too_many_redirects opt_out
    a body of no use      empty too_many_bytes truncated bad_encoding not_an_image

Asynchronous, because only so does one deadline bound everything that a slow server may do. Behind a proxy the address
really connected to is not ours to check: there the guard judges addresses, and names as far as they resolve here.
"""

from __future__ import annotations

import asyncio
import gc
import random
import re
import resource
import socket
import ssl
import time
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from omnicorpus import __version__, address, guard, http2, picture, robots
from omnicorpus.errors import ConfigError
from omnicorpus.robots import OPT_OUTS

RETRIED = frozenset({"busy", "server_error", "disconnected", "truncated"})
"""Reasons after which the same address is asked again, within the settings' `retries`."""

PASSING = RETRIED | {
    "timeout", "unreachable", "no_such_host", "dead_host", "come_back_later", "out_of_time", "robots_unreachable"
}  # fmt: skip
"""Reasons that another day may not give: a later run may ask again for just these."""

SIGNS_OF_DEATH = frozenset({"no_such_host", "unreachable", "timeout", "disconnected", "bad_certificate"})
"""Reasons that count towards a host's end; any answer at all sets the count back."""


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How the web is asked. Times are seconds, rates per second. Where no source is named, the number is our choice.

    contact          a mail address or web page of who runs this crawl; without one nothing is asked
    max_bytes        of one picture after inflation
    seconds          for one picture, from its host's name to its last byte; img2dataset waits 10 for each of its steps
    shard_seconds    for all pictures of a shard; what is left is "out_of_time"
    redirects        followed; RFC 9309 2.3.1.2 asks for at least five for robots.txt
    retries          after the first try, for reasons in `RETRIED`; with back-off that doubles from `back_off`
    patience         the longest Retry-After that is waited for; a longer one ends the asking of that host
    connections      at once over all hosts
    host_connections at once to one host; browsers use six
    host_rate        requests to one host; robots.txt's crawl-delay can only lower it. 0 is no limit
    dead_after       signs of death in a row after which a host is asked no more
    proxy            "http://host:port" through which everything is asked, without a password (configs are written into
                     runs). It must itself refuse inner addresses: ours can be checked by name only
    http2            whether HTTP/2 is spoken where a server does. Off: it asks a host that sends pictures of 24 kB no
                     faster than four connections do, and costs more processor time (docs/images.md)
    robots           whether robots.txt is asked for and obeyed
    opt_outs         tokens of X-Robots-Tag and TDM headers that refuse a picture
    test_server      "address:port" of a loopback server that stands in for every name under .test, without TLS for
                     https too, and may itself be asked. For tests; no other setting opens an inner address
    """

    contact: str | None = None
    max_bytes: int = 20 << 20
    seconds: float = 30.0
    shard_seconds: float = 3600.0
    redirects: int = 5
    retries: int = 2
    back_off: float = 1.0
    patience: float = 60.0
    connections: int = 256
    host_connections: int = 4
    host_rate: float = 10.0
    dead_after: int = 5
    proxy: str | None = None
    http2: bool = False
    robots: bool = True
    opt_outs: tuple[str, ...] = OPT_OUTS
    test_server: str | None = None

    def __post_init__(self) -> None:
        if self.proxy is not None and self.http2:
            raise ValueError("http2 is not spoken through a proxy: set one of the two")
        if self.proxy is not None:
            try:
                parts = urlsplit(self.proxy)
                fits = (
                    parts.scheme == "http"
                    and parts.port is not None
                    and bool(parts.hostname)
                    and "@" not in parts.netloc
                )
            except ValueError:
                fits = False
            if not fits:
                raise ValueError(f"proxy is http://host:port without a name and a password, not {self.proxy}")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one address: the bytes of its picture, or the reason why there are none. `status` is HTTP's, if it
    came to that."""

    url: str
    content: bytes | None = None
    error: str | None = None
    status: int | None = None


class _Refused(Exception):  # noqa: N818
    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class _NoConnection(OSError):  # noqa: N818
    """The reason of a refused connection, on its way through aiohttp, which lets OSErrors through."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def agent(contact: str | None) -> str:
    """The honest User-Agent. Raises ConfigError without a mail address or web page to complain to."""
    if not contact or not ("@" in contact or contact.startswith(("https://", "http://"))) or not contact.isprintable():
        raise ConfigError(
            "fetching from the web needs fetch.contact, a mail address or web page of who runs this crawl: site owners "
            "must be able to reach you; or take the web out of the image sources"
        )
    return f"{robots.AGENT}/{__version__} (+{contact})"


NAMES_KEPT = 100_000
NAME_SECONDS = 300.0
UNNAMED_SECONDS = 60.0
"""How long a name's addresses, or their absence, are believed: the usual few minutes of a resolver, not stated by
getaddrinfo."""

RESOLVERS = 256
"""Threads that wait for names. A dead name takes many seconds, and must not hold up the others."""


class _Names(AbstractResolver):
    """Host names to public addresses, with a bounded cache of both answers; one question for a name at a time."""

    def __init__(self, settings: FetchSettings, known: OrderedDict[str, tuple[float, tuple[str, ...]]]) -> None:
        self._test_server = settings.test_server
        self._test = None if settings.test_server is None else _endpoint(settings.test_server)
        self._proxy = None if settings.proxy is None else urlsplit(settings.proxy).hostname
        self._known = known
        self._asked: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._pool = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="names")

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's interface
    ) -> list[ResolveResult]:
        if self._test is not None and guard.stands_in(host, self._test_server):
            return [_result(host, *self._test)]
        addresses = await self._addresses(host)
        if host == self._proxy and addresses:
            return [_result(host, found, port) for found in addresses]
        outer = [found for found in addresses if guard.public(found)]
        if addresses and not outer:
            raise _NoConnection("private_address")
        if not outer:
            raise _NoConnection("no_such_host")
        return [_result(host, found, port) for found in outer]

    async def judge(self, host: str) -> None:
        """Raise _NoConnection for a name that leads inwards; one that nobody here knows is left to the proxy."""
        if guard.literal(host) is None and not guard.stands_in(host, self._test_server):
            addresses = await self._addresses(host)
            if addresses and not any(map(guard.public, addresses)):
                raise _NoConnection("private_address")

    async def _addresses(self, host: str) -> tuple[str, ...]:
        now = asyncio.get_running_loop().time()
        known = self._known.get(host)
        if known is not None and known[0] > now:
            return known[1]
        if host not in self._asked:
            self._asked[host] = asyncio.create_task(self._ask(host))
            self._asked[host].add_done_callback(lambda _: self._asked.pop(host, None))
        return await asyncio.shield(self._asked[host])

    async def _ask(self, host: str) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._pool, _look_up, host)
        except (OSError, UnicodeError):
            found = ()
        self._known[host] = (loop.time() + (NAME_SECONDS if found else UNNAMED_SECONDS), found)
        self._known.move_to_end(host)
        while len(self._known) > NAMES_KEPT:
            self._known.popitem(last=False)
        return found

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _endpoint(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)


def _result(name: str, found: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in found else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return {"hostname": name, "host": found, "port": port, "family": family, "proto": 0, "flags": flags}


DEAD_SECONDS = 600.0
"""A host that was given up is believed dead for so long, and a robots.txt that could not be read unreadable. Our
choice: longer than an outage that is worth waiting for, shorter than a run."""

RULES_SECONDS = 86_400.0
"""RFC 9309 2.4: a robots.txt should not be believed for more than 24 hours."""

HOSTS_KEPT = 100_000
"""Hosts, and robots.txt files, that are remembered; some hundred bytes each, 500 kB for the longest robots.txt."""


class _Host:
    """What is known of one host: when it may be asked again, and why it may not be asked any more.

    Times are seconds of the monotonic clock, which is also the event loops' own.
    """

    __slots__ = ("_closed", "_closed_until", "deaths", "free_at", "gap", "least", "lines", "paused_until")

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self.least = gap / 2
        self.lines = (asyncio.Lock(), asyncio.Lock())
        self.free_at = 0.0
        self.paused_until = 0.0
        self.deaths = 0
        self._closed: str | None = None
        self._closed_until = 0.0

    @property
    def closed(self) -> str | None:
        return self._closed if self._closed is not None and time.monotonic() < self._closed_until else None

    def close(self, reason: str, seconds: float) -> None:
        self._closed, self._closed_until = reason, time.monotonic() + seconds

    async def turn(self, slots: asyncio.Semaphore, *, pictures: bool) -> None:
        """Wait until this host may be asked and one of `slots` is free, which the caller then has to release.

        Only the first in a host's line waits for a slot, so that hosts share them alike; who got one while a rest was
        asked for gives it back. A robots.txt has a line of its own: pictures that were redirected wait for it, and may
        hold the slots that the first picture in line waits for.
        """
        async with self.lines[pictures]:
            at = await self.due()
            await slots.acquire()
            while self._wait() > 0:
                slots.release()
                at = await self.due()
                await slots.acquire()
            self.asked(at)

    async def due(self) -> float:
        """Wait until this host may be asked; the time since which it might."""
        at = time.monotonic()
        while (wait := self._wait()) > 0:
            at = max(self.free_at, self.paused_until)
            await asyncio.sleep(wait)
        return at

    def _wait(self) -> float:
        return max(self.free_at, self.paused_until) - time.monotonic()

    def asked(self, at: float) -> None:
        """Count a request that might be made since `at`. One that comes late makes the next one no later, but two are
        never less than `least` apart: half of our own gap, and all of one that the host asks for."""
        self.free_at = max(at + self.gap, time.monotonic() + self.least)


KEPT_SECONDS = 5.0
"""An idle connection is kept so long: many a host has one picture only, and every connection is an open file."""

MOST_HOSTS = 4_000


def hosts_at_once(host_connections: int) -> int:
    """Hosts that are asked side by side: as many as the process may open files for, and at most MOST_HOSTS."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A connection that has just been given back is open for a while yet, and names and tables need files too.
    return max(16, min(MOST_HOSTS, (files - 256) // (2 * host_connections)))


_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")
"""Scheme and authority, as urlsplit cuts them."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What outlives a shard: names' addresses and robots.txt rules, each with the time until which they are believed,
    and hosts."""

    names: OrderedDict[str, tuple[float, tuple[str, ...]]] = field(default_factory=OrderedDict)
    hosts: OrderedDict[str, _Host] = field(default_factory=OrderedDict)
    rules: OrderedDict[str, tuple[float, robots.Rules | str]] = field(default_factory=OrderedDict)

    def forget_most(self) -> None:
        """Down to the limits, the first met first."""
        while len(self.hosts) > HOSTS_KEPT:
            self.hosts.popitem(last=False)
        while len(self.rules) > HOSTS_KEPT:
            self.rules.popitem(last=False)


COLLECTED = (20_000, 20, 20)
"""The garbage collector's thresholds while pictures are fetched. By Python's own (700, 10, 10) a third of the
processor's time goes into looking through thousands of waiting requests, which are no garbage."""


def _nobody(_url: str) -> bool:
    return False


class Fetcher:
    """Asks for pictures. What it learns of names, hosts and robots.txt outlives a call; connections don't.

    `refuses` says of an address whether its owner has opted out: targets of redirects are put to it, since the
    addresses given are its caller's choice.
    """

    def __init__(self, settings: FetchSettings, refuses: Callable[[str], bool] = _nobody) -> None:
        self.settings = settings
        self._refuses = refuses
        self._memory = _Memory()
        self._headers = {
            "User-Agent": agent(settings.contact),
            "Accept": "image/*,*/*;q=0.1",
            "Accept-Encoding": "identity",
        }
        self._ends = None if settings.test_server is None else _endpoint(settings.test_server)

    def fetch(self, urls: Iterable[str], take: Callable[[Fetched], None]) -> None:
        """Ask for every address and give `take` each outcome once, in the order in which they come."""
        session = _Session(self.settings, self._headers, self._ends, self._memory, self._refuses)
        usual = gc.get_threshold()
        gc.set_threshold(*COLLECTED)
        try:
            asyncio.run(session.run(list(urls), take))
        finally:
            gc.set_threshold(*usual)
            self._memory.forget_most()


class _Session:
    """One shard's asking: the hosts, the queues and the connections, which all belong to one event loop."""

    def __init__(
        self,
        settings: FetchSettings,
        headers: dict[str, str],
        test_end: tuple[str, int] | None,
        memory: _Memory,
        refuses: Callable[[str], bool],
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._refuses = refuses
        self._headers = headers
        self._test_end = test_end
        self._origins: dict[str, tuple[_Host, str | None]] = {}
        self._rules: dict[str, asyncio.Task[robots.Rules | str]] = {}
        # Two purses: a picture that was redirected waits for a robots.txt while it holds a connection.
        self._slots = {pictures: asyncio.Semaphore(settings.connections) for pictures in (True, False)}
        self._http: aiohttp.ClientSession
        self._names = _Names(settings, memory.names)
        self._http2 = http2.Client(headers, settings.connections, self._ends) if settings.http2 else None

    async def run(self, urls: list[str], take: Callable[[Fetched], None]) -> None:
        waiting = dict.fromkeys(urls)
        queues: dict[str, deque[str]] = {}
        for url in waiting:
            queues.setdefault(address.host(url), deque()).append(url)

        def done(fetched: Fetched) -> None:
            del waiting[fetched.url]
            take(fetched)

        gate = asyncio.Semaphore(hosts_at_once(self._settings.host_connections))
        connector = aiohttp.TCPConnector(
            limit=0,
            resolver=self._names,
            use_dns_cache=False,
            keepalive_timeout=KEPT_SECONDS,
            socket_factory=self._socket,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            trust_env=False,
        ) as self._http:
            try:
                async with asyncio.timeout(self._settings.shard_seconds), asyncio.TaskGroup() as group:
                    # The largest hosts begin first: at their pace they take the longest.
                    for queue in sorted(queues.values(), key=len, reverse=True):
                        group.create_task(self._ask_host(queue, gate, done))
            except TimeoutError:
                for url in list(waiting):
                    done(Fetched(url, error="out_of_time"))
            for task in self._rules.values():
                task.cancel()
            await asyncio.gather(*self._rules.values(), return_exceptions=True)
        if self._http2 is not None:
            await self._http2.close()
        await self._names.close()

    async def _ends(self, host: str, port: int) -> list[tuple[str, int]]:
        """Where a host may be connected to: the same check as `_socket`'s, for the other client."""
        numeric = guard.literal(host)
        if numeric is None:
            return [(found["host"], found["port"]) for found in await self._names.resolve(host, port)]
        if (numeric, port) != self._test_end and not guard.public(numeric):
            raise _NoConnection("private_address")
        return [(numeric, port)]

    def _get(self, url: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse | http2.Answer]:
        if self._http2 is not None:
            return self._http2.get(self._asked(url))
        return self._http.get(self._asked(url), allow_redirects=False, proxy=self._settings.proxy)

    def _socket(self, info: tuple[object, ...]) -> socket.socket:
        """A socket for the address really connected to: the last check, after every name and redirect."""
        family, kind, protocol, _, end = info
        assert isinstance(end, tuple)
        if self._settings.proxy is None and end[:2] != self._test_end and not guard.public(str(end[0])):
            raise _NoConnection("private_address")
        return socket.socket(family, kind, protocol)  # type: ignore[arg-type]

    async def _ask_host(self, queue: deque[str], gate: asyncio.Semaphore, done: Callable[[Fetched], None]) -> None:
        async with gate, asyncio.TaskGroup() as group:
            for _ in range(min(len(queue), self._settings.host_connections)):
                group.create_task(self._lane(queue, done))

    async def _lane(self, queue: deque[str], done: Callable[[Fetched], None]) -> None:
        """One of a host's connections: asks for one picture after the other."""
        while queue:
            url = queue.popleft()
            done(await self._insistently(url, self._settings.max_bytes, pictures=True))

    async def _insistently(self, url: str, limit: int, *, pictures: bool) -> Fetched:
        """Ask again after passing faults, slower each time."""
        fetched = await self._one(url, limit, pictures=pictures)
        for tried in range(self._settings.retries):
            if fetched.error not in RETRIED:
                break
            # Full jitter (AWS architecture blog, "Exponential Backoff And Jitter"): lanes must not come back together.
            await asyncio.sleep(random.uniform(0, self._settings.back_off * 2**tried))
            again = await self._one(url, limit, pictures=pictures)
            if again.error == "dead_host":
                break
            fetched = again
        return fetched

    def _place(self, url: str) -> tuple[_Host, str | None]:
        """An address's host, and why it must not be asked: both hang on its scheme and authority alone."""
        found = _ORIGIN.match(url)
        origin = found.group() if found else ""
        if origin not in self._origins:
            name = address.host(url)
            hosts = self._memory.hosts
            if name not in hosts:
                hosts[name] = _Host(1 / self._settings.host_rate if self._settings.host_rate else 0.0)
            host = hosts[name]
            if not any(line.locked() for line in host.lines):  # a lock belongs to one event loop, a host outlives it
                host.lines = (asyncio.Lock(), asyncio.Lock())
            self._origins[origin] = (host, guard.refusal(url, self._settings.test_server))
        return self._origins[origin]

    async def _one(self, url: str, limit: int, *, pictures: bool) -> Fetched:
        """One try at one address: the outcome of every redirect is judged like the address itself."""
        host, reason = self._place(url)
        reason = host.closed or reason
        if reason is None and pictures and self._settings.robots:
            reason = await self._robots_refusal(url)
        if reason is not None:
            return Fetched(url, error=reason)
        slots = self._slots[pictures]
        await host.turn(slots, pictures=pictures)
        hops: list[str] = []
        try:
            if (closed := host.closed) is not None:
                return Fetched(url, error=closed)
            async with asyncio.timeout(self._settings.seconds):
                status, content = await self._follow(url, limit, hops, pictures=pictures)
            fetched = Fetched(url, content, status=status)
        except TimeoutError:
            fetched = Fetched(url, error="timeout")
        except _Refused as refused:
            fetched = Fetched(url, error=refused.reason, status=refused.status)
        except http2.Failed as failed:
            fetched = Fetched(url, error=failed.reason)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            fetched = Fetched(url, error=_reason(error))
        finally:
            slots.release()
        if hops:  # whatever a redirect led to says nothing of the host that was asked first
            return fetched
        host.deaths = host.deaths + 1 if fetched.error in SIGNS_OF_DEATH else 0
        if host.deaths >= self._settings.dead_after or fetched.error == "no_such_host":
            host.close("dead_host", DEAD_SECONDS)
        return fetched

    async def _follow(self, url: str, limit: int, hops: list[str], *, pictures: bool) -> tuple[int, bytes]:
        """The body at the end of an address's redirects, which are added to `hops`. Raises _Refused, and what aiohttp
        raises."""
        for hop in range(self._settings.redirects + 1):
            if hop > 0:
                hops.append(url)
                host, reason = self._place(url)
                reason = reason or host.closed or ("opt_out" if self._refuses(url) else None)
                if reason is None and pictures and self._settings.robots:
                    reason = await self._robots_refusal(url)
                if reason is not None:
                    raise _Refused(reason)
                # Not in the host's line, whose first may wait for the very slot that this request holds.
                host.asked(await host.due())
            if self._settings.proxy is not None:
                await self._names.judge(address.host(url))
            async with self._get(url) as response:
                if response.status in (301, 302, 303, 307, 308):
                    target = response.headers.get("Location")
                    if not target:
                        raise _Refused("bad_redirect", response.status)
                    try:
                        url = urljoin(url, target)
                    except ValueError:
                        raise _Refused("bad_redirect", response.status) from None
                    continue
                self._judge(url, response)
                if pictures:
                    token = robots.opt_out(
                        response.headers.getall("X-Robots-Tag", []),
                        response.headers.get("TDM-Reservation"),
                        self._settings.opt_outs,
                    )
                    if token is not None:
                        raise _Refused("opt_out", response.status)
                return response.status, await _body(response, limit, pictures=pictures)
        raise _Refused("too_many_redirects")

    def _asked(self, url: str) -> str:
        """The address itself; the test server speaks for https too, but without TLS."""
        secured = self._test_end is not None and url.startswith("https:")
        stood_in = secured and guard.stands_in(address.host(url), self._settings.test_server)
        return f"http:{url.removeprefix('https:')}" if stood_in else url

    def _judge(self, url: str, response: aiohttp.ClientResponse | http2.Answer) -> None:
        """Raise _Refused for every status but 200; 429 and 503 give the host its rest."""
        status = response.status
        if status == 200:
            return
        if status in (429, 503):
            rest = _retry_after(response.headers.get("Retry-After"))
            if rest is not None:
                if rest > self._settings.patience:
                    self._place(url)[0].close("come_back_later", rest)
                    raise _Refused("come_back_later", status)
                host = self._place(url)[0]
                host.paused_until = max(host.paused_until, time.monotonic() + rest)
            raise _Refused("busy", status)
        if status in (404, 410):
            raise _Refused("not_found", status)
        if status in (401, 402, 403, 451):
            raise _Refused("forbidden", status)
        raise _Refused("server_error" if status in (500, 502, 504) else "http_error", status)

    async def _robots_refusal(self, url: str) -> str | None:
        found = _ORIGIN.match(url)
        origin = found.group() if found else ""
        known = self._memory.rules.get(origin)
        if known is not None and known[0] > time.monotonic():
            return _verdict(known[1], url)
        if origin not in self._rules:
            self._rules[origin] = asyncio.create_task(self._read_robots(f"{origin}/robots.txt"))
        task = self._rules[origin]
        rules = task.result() if task.done() else await asyncio.shield(task)
        held = DEAD_SECONDS if isinstance(rules, str) else RULES_SECONDS
        self._memory.rules[origin] = (time.monotonic() + held, rules)
        return _verdict(rules, url)

    async def _read_robots(self, url: str) -> robots.Rules | str:
        """RFC 9309 2.3.1: no file, no rules; a server's fault or silence closes the whole site."""
        fetched = await self._insistently(url, robots.MAX_BYTES, pictures=False)
        if fetched.content is not None:
            rules = robots.rules(fetched.content)
            host, _ = self._place(url)
            if rules.delay is not None and rules.delay > host.gap:
                host.gap = host.least = rules.delay
            return rules
        status = fetched.status
        unavailable = status is not None and 400 <= status < 500 and status != 429
        if unavailable or fetched.error in ("empty", "too_many_redirects"):
            return robots.ALLOW_ALL
        return fetched.error if status is None and fetched.error is not None else "robots_unreachable"


def _verdict(rules: robots.Rules | str, url: str) -> str | None:
    if isinstance(rules, str):
        return rules
    return None if rules.allow(url) else "robots"


async def _body(response: aiohttp.ClientResponse | http2.Answer, limit: int, *, pictures: bool) -> bytes:
    """The body, inflated, of at most `limit` bytes; a robots.txt is cut there, a picture is refused."""
    if pictures and (response.content_length or 0) > limit:
        raise _Refused("too_many_bytes", response.status)
    inflater = _inflater(response.headers.get("Content-Encoding") or "")
    chunks: list[bytes] = []
    size = 0
    judged = not pictures
    async for chunk in response.content.iter_any():
        if inflater is not None:
            chunk = _inflated(inflater, chunk, limit + 1 - size)
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            if pictures:
                raise _Refused("too_many_bytes", response.status)
            return b"".join(chunks)[:limit]
        if not judged and size >= picture.SIGNATURE_BYTES:
            judged = True
            if not picture.looks_like_one(b"".join(chunks)[: picture.SIGNATURE_BYTES]):
                raise _Refused("not_an_image", response.status)
    if inflater is not None and not inflater.eof:
        raise _Refused("truncated", response.status)
    if not size:
        raise _Refused("empty", response.status)
    return b"".join(chunks)


def _inflater(encoding: str) -> zlib._Decompress | None:
    """None for a plain body. No encoding was asked for, but servers send these two all the same."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        return zlib.decompressobj()
    raise _Refused("bad_encoding")


def _inflated(inflater: zlib._Decompress, chunk: bytes, most: int) -> bytes:
    try:
        return inflater.decompress(chunk, most)
    except zlib.error:
        raise _Refused("bad_encoding") from None


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110 10.2.3); None where the header is missing or says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value[:12])
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a zone or a year of twenty digits
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _reason(error: Exception) -> str:
    inner = getattr(error, "os_error", None)
    if isinstance(error, _NoConnection):
        return error.reason
    if isinstance(inner, _NoConnection):
        return inner.reason
    if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError, ssl.SSLError)):
        return "bad_certificate"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no_such_host"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "unreachable"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "truncated"
    if isinstance(error, aiohttp.ClientConnectionError):
        return "disconnected"
    if isinstance(error, aiohttp.ClientResponseError):
        return "bad_response"
    if isinstance(error, ValueError):
        return "bad_url"
    return "disconnected"
