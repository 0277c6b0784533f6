"""A local page on which a person reads samples of a run and says what the rules did wrong. aiohttp serves it.

The server is bound to 127.0.0.1 and answers only to who holds the token of its address: the token is traded for a
cookie, and from then on stands in no address. A page of the web that guesses the port has neither the cookie
(SameSite), nor the name of this host (its DNS could be made to point here), nor the right Origin. The page loads
nothing from elsewhere, and what a crawl holds reaches it as JSON that its script puts in place as text; pictures are
drawn anew as small JPEGs.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import secrets
import signal
import socket
import webbrowser
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from omnicorpus import exhibit, gallery, job, label, picture, sample, storage, trail
from omnicorpus.document import Document, Image, Part, Text
from omnicorpus.errors import ConfigError, InputError, OutputError
from omnicorpus.exhibit import Exhibit, Mark, Slot
from omnicorpus.glimpse import Glimpses
from omnicorpus.label import Label
from omnicorpus.reading import visible
from omnicorpus.sample import Stratum

HOST = "127.0.0.1"

MOST_BYTES = 64 << 10
"""Of a request: a label is a few hundred bytes."""

NOTE_LETTERS = 2_000

PROBLEMS = (
    "advertisement",
    "navigation or buttons",
    "boilerplate",
    "broken text",
    "personal data",
    "offensive",
    "bad picture",
    "good content lost",
    "torn sentence or caption",
)
"""What the keys 1 to 9 say; a person's own words go into the note."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_FILES = {
    "/review.js": "text/javascript",
    "/review.css": "text/css",
}


@dataclass(slots=True)
class Desk:
    """What lies before the person: the documents, the labels given so far, and the file in which they are kept.

    `design` says in a few words how the sample was drawn; `rules` are those that may be named for what was missed.
    """

    run: str
    exhibits: Sequence[Exhibit]
    path: str
    design: str
    rules: Sequence[str] = ()
    pictures: trail.Pictures | None = None
    labels: dict[str, Label] = field(default_factory=dict)
    _drawn: dict[int, list[bytes | None]] = field(default_factory=dict)
    _glimpses: Glimpses = field(default_factory=Glimpses)

    def overview(self) -> dict[str, Any]:
        return {
            "run": visible(self.run),
            "labels": visible(self.path),
            "design": self.design,
            "problems": PROBLEMS,
            "rules": sorted(self.rules),
            "documents": [
                {
                    "title": visible(each.title or each.url),
                    "language": visible(each.language or ""),
                    "fate": None if each.fate is None else f"{each.fate.stage} · {each.fate.rule}",
                    "stratum": visible(each.stratum),
                    "reviewed": self._is_reviewed(each),
                    "labelled": len(self._given(each)),
                }
                for each in self.exhibits
            ],
        }

    def document(self, number: int) -> dict[str, Any]:
        each = self.exhibits[number]
        places = _Places(self.pictures)
        return {
            **_facts(each),
            "slots": [_slot(each, slot, f"/picture/{number}", places) for slot in each.slots],
            **self.state(number),
        }

    def state(self, number: int) -> dict[str, Any]:
        """What has been said of a document."""
        each = self.exhibits[number]
        given = {
            item: {
                "verdict": known.verdict,
                "problem": known.problem and visible(known.problem),
                "note": known.note and visible(known.note),
                "should": known.should and visible(known.should),
            }
            for item, known in self._given(each).items()
        }
        return {"labels": given, "reviewed": self._is_reviewed(each)}

    def _given(self, each: Exhibit) -> dict[str, Label]:
        return {
            item: known
            for item, known in self.labels.items()
            if known.document == each.document and known.verdict is not None and known.kind != "reviewed"
        }

    def _is_reviewed(self, each: Exhibit) -> bool:
        known = self.labels.get(f"{each.document}/reviewed")
        return known is not None and known.verdict is not None

    def judge(self, number: int, given: Mapping[str, Any]) -> None:
        """Write down what a person says of one item. Raises InputError for what is no judgement of this document,
        OutputError where it can't be written."""
        each = self.exhibits[number]
        item, verdict = given.get("item"), given.get("verdict")
        if verdict is not None and verdict not in label.VERDICTS:
            raise InputError(f"a verdict is one of {', '.join(label.VERDICTS)}")
        made = {known.item: known for known in _items(each)}.get(item) if isinstance(item, str) else None
        if made is None:
            raise InputError("no such item in this document")
        problem, note, should = (_words(name, given.get(name)) for name in ("problem", "note", "should"))
        said = replace(made, verdict=verdict, problem=problem, note=note, should=should)
        self._write(each, said if verdict else made)

    def review(self, number: int) -> None:
        """Write down that a document was read to its end: what isn't marked is right."""
        each = self.exhibits[number]
        items = _items(each)
        done = Label(f"{each.document}/reviewed", "reviewed", "right", each.url)
        if each.asked is None:
            # What is in shadow and in the corpus at once can't be right on both counts: a person has to say.
            parts = [part for slot in each.slots if any(mark.shadow for mark in slot.marks) for part in slot.parts()]
            trial = {label.piece_of(part) for part in parts} | ({label.WHOLE} if each.marks else set())
            drops = dict.fromkeys(made.item.split("/", 1)[1] for made in items if made.kind == "dropped")
            kept = dict.fromkeys(made.piece or label.WHOLE for made in items if made.kind == "kept")
            done = replace(done, drops=tuple(drops), kept=tuple(piece for piece in kept if piece not in trial))
        else:
            given = self._given(each)
            for made in items:
                if made.item in each.asked and made.item not in given:
                    self._write(each, replace(made, verdict="right"))
        self._write(each, done)

    def _write(self, each: Exhibit, made: Label) -> None:
        weight = each.weight if made.kind == "reviewed" else each.weight_of(made.item)
        drawn: label.Drawn | None = None if weight is None else "document" if each.asked is None else "item"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = replace(made, weight=weight, drawn=drawn, design=self.design, at=now)
        label.append(self.path, made)
        self.labels.pop(made.item, None)
        self.labels[made.item] = made

    def picture(self, number: int, place: int) -> bytes | None:
        """A small JPEG of a document's picture by its place among the pictures; None where there is none."""
        if number not in self._drawn:
            while len(self._drawn) >= DRAWN:
                del self._drawn[next(iter(self._drawn))]
            urls = _urls(self.exhibits[number])
            found = self.pictures.of(urls) if self.pictures is not None else {}
            self._drawn[number] = [_drawn(found.get(url), self._glimpses) for url in urls]
        drawn = self._drawn[number]
        return drawn[place] if place < len(drawn) else None

    def close(self) -> None:
        """End the process that draws."""
        self._glimpses.close()


DRAWN = 20
"""Documents whose small pictures are held: some 40 kB each picture."""


def _drawn(content: bytes | None, glimpses: Glimpses) -> bytes | None:
    try:
        return None if content is None else glimpses.make(content, gallery.SIDE)
    except picture.NotAPicture:
        return None


def _urls(each: Exhibit) -> list[str]:
    return [slot.shown.url for slot in each.slots if isinstance(slot.shown, Image)]


def _items(each: Exhibit) -> list[Label]:
    """Everything in a document of which something can be said, as a label that says nothing yet."""
    texts = {mark.item: _taken(slot.shown, mark) for slot in each.slots for mark in slot.marks}
    found = [
        Label(
            item=mark.item,
            kind="shadow" if mark.shadow else "dropped",
            verdict=None,
            url=each.url,
            stage=mark.stage,
            rule=mark.rule,
            value=mark.value,
            threshold=mark.threshold,
            text=_start(texts.get(mark.item) or each.title),
        )
        for mark in each.all_marks()
    ]
    found += [Label(name, "kept", None, each.url, text=_start(_content(part))) for name, part in each.kept()]
    if each.fate is None:
        found.append(Label(f"{each.document}/kept", "kept", None, each.url, text=_start(each.title)))
    return found


def _taken(part: Part, mark: Mark) -> str:
    return part.url if isinstance(part, Image) else mark.detail or part.text


def _content(part: Part) -> str:
    return part.url if isinstance(part, Image) else part.text


def _start(text: str | None) -> str | None:
    return " ".join(text[: label.TEXT_LETTERS].split()) or None if text else None


def _words(name: str, given: object) -> str | None:
    """What a person wrote. Raises InputError where it is no text or too long."""
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > NOTE_LETTERS:
        raise InputError(f"{name}: a text of at most {NOTE_LETTERS:,} characters")
    return given.strip() or None


def _facts(each: Exhibit) -> dict[str, Any]:
    return {
        "id": each.document,
        "url": visible(each.url),
        "link": each.url if _is_web(each.url) else None,
        "title": visible(each.title or ""),
        "language": visible(each.language or ""),
        "language_score": each.language_score,
        "crawled": each.crawled_at.isoformat(" ", "seconds") if each.crawled_at else None,
        "record": None if each.warc is None else visible(f"{each.warc.file} at {each.warc.offset:,}"),
        "stratum": visible(each.stratum),
        "item": f"{each.document}/kept" if each.fate is None else None,
        "fate": None if each.fate is None else _mark(each, each.fate),
        "marks": [_mark(each, mark) for mark in each.marks],
        "whole": each.is_whole,
        "asks": each.asked is None,
        "twin": None if each.twin is None else _twin(each.twin),
    }


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and visible(url) == url
    except ValueError:
        return False


def _twin(document: Document) -> dict[str, str]:
    return {"url": visible(document.url), "text": visible(document.text()[: gallery.LONGEST_TEXT])}


def _mark(each: Exhibit, mark: Mark) -> dict[str, Any]:
    return {
        "item": mark.item,
        "stage": mark.stage,
        "rule": mark.rule,
        "value": mark.value,
        "threshold": mark.threshold,
        "detail": mark.detail and visible(mark.detail),
        "twin": mark.twin,
        "shadow": mark.shadow,
        "asked": each.asked is None or mark.item in each.asked,
    }


@dataclass(slots=True)
class _Places:
    """Counts the pictures of a document, and says which are at hand."""

    held: trail.Pictures | None
    count: int = 0

    def next(self, url: str) -> int | None:
        self.count += 1
        return self.count - 1 if self.held is not None and url in self.held else None


def _slot(each: Exhibit, slot: Slot, address: str, places: _Places) -> dict[str, Any]:
    """One place of the document as the page shows it; its picture's address is `address` and the next place."""
    part = slot.shown
    shown: dict[str, Any] = {
        "state": slot.state,
        "kind": part.kind,
        "whole": slot.whole,
        "marks": [_mark(each, mark) for mark in slot.marks],
        "item": exhibit.kept_item(each.document, slot.part) if slot.part is not None and each.fate is None else None,
        "asked": each.asked is None,
    }
    if isinstance(part, Image):
        place = places.next(part.url)
        shown["image"] = _image(part, None if place is None else f"{address}/{place}")
    else:
        shown["segments"], shown["more"] = _segments(slot, part)
    return shown


def _segments(slot: Slot, part: Text) -> tuple[list[tuple[str, bool]], int]:
    """Runs of text, and whether each was taken; and how many characters more there are."""
    rest = max(0, len(part.text) - gallery.LONGEST_TEXT)
    start = part.text[: gallery.LONGEST_TEXT]
    if slot.state == "trimmed" and isinstance(slot.part, Text):
        runs = exhibit.segments(start, slot.part.text[: gallery.LONGEST_TEXT])
    else:
        runs = [(start, slot.state == "cut")]
    return [(visible(text), gone) for text, gone in runs], rest


def _image(image: Image, address: str | None) -> dict[str, Any]:
    measures = image.measures
    numbers: list[tuple[str, str]] = []
    if measures is not None and measures.width is not None:
        numbers.append(("size", f"{measures.width} × {measures.height}"))
    if measures is not None and measures.nsfw is not None:
        numbers.append(("nsfw", f"{measures.nsfw:.3f}"))
    if measures is not None and measures.aesthetic is not None:
        numbers.append(("aesthetic", f"{measures.aesthetic:.2f}"))
    if image.clip_similarity is not None:
        numbers.append(("similarity", f"{image.clip_similarity:.3f}"))
    return {
        "src": address,
        "url": visible(image.url),
        "alt": visible(image.alt or ""),
        "caption": visible(image.caption or ""),
        "error": visible(measures.error or "") if measures else "",
        "numbers": numbers,
    }


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(desk: Desk, token: str, port: int) -> web.Application:
    """The server of one desk. `port` is that on which it will be asked: the name of the host is checked against it."""
    hosts = frozenset(f"{name}:{port}" for name in (HOST, "localhost"))
    cookie = f"omnicorpus-review-{port}"

    def holds(given: str | None) -> bool:
        return hmac.compare_digest((given or "").encode(), token.encode())

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.headers.get("Host") not in hosts:
                raise web.HTTPForbidden(text="this host has another name")
            if request.path != "/open" and not holds(request.cookies.get(cookie)):
                raise web.HTTPForbidden(text="open the address that `omnicorpus review` printed")
            if request.method == "POST":
                _check_origin(request, hosts)
            response = await handler(request)
        except web.HTTPException as refused:
            response = refused
        response.headers.update(HEADERS)
        return response

    async def opened(request: web.Request) -> web.Response:
        if not holds(request.query.get("token")):
            raise web.HTTPForbidden(text="open the address that `omnicorpus review` printed")
        response = web.HTTPSeeOther("/")
        response.set_cookie(cookie, token, httponly=True, samesite="Strict", path="/")
        raise response

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=_file("review.html"), content_type="text/html", charset="utf-8")

    async def file(request: web.Request) -> web.Response:
        return web.Response(text=_file(request.path[1:]), content_type=_FILES[request.path], charset="utf-8")

    async def no_icon(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def overview(_request: web.Request) -> web.Response:
        return _json(desk.overview())

    async def document(request: web.Request) -> web.Response:
        return _json(desk.document(_number(request, desk)))

    async def shown(request: web.Request) -> web.Response:
        drawn = desk.picture(_number(request, desk), int(request.match_info["place"]))
        if drawn is None:
            raise web.HTTPNotFound(text="no picture")
        return web.Response(body=drawn, content_type="image/jpeg")

    async def judged(request: web.Request) -> web.Response:
        return await _told(request, desk, desk.judge)

    async def reviewed(request: web.Request) -> web.Response:
        return await _told(request, desk, lambda number, _given: desk.review(number))

    app = web.Application(middlewares=[guarded], client_max_size=MOST_BYTES)
    app.router.add_get("/open", opened)
    app.router.add_get("/", page)
    for name in _FILES:
        app.router.add_get(name, file)
    app.router.add_get("/favicon.ico", no_icon)
    app.router.add_get("/overview", overview)
    app.router.add_get(r"/document/{number:\d{1,6}}", document)
    app.router.add_get(r"/picture/{number:\d{1,6}}/{place:\d{1,6}}", shown)
    app.router.add_post(r"/label/{number:\d{1,6}}", judged)
    app.router.add_post(r"/reviewed/{number:\d{1,6}}", reviewed)
    return app


def _check_origin(request: web.Request, hosts: frozenset[str]) -> None:
    origin = request.headers.get("Origin", "")
    if not origin.startswith("http://") or origin.removeprefix("http://") not in hosts:
        raise web.HTTPForbidden(text="not from this page")
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="application/json is read here")


def _number(request: web.Request, desk: Desk) -> int:
    number = int(request.match_info["number"])
    if number >= len(desk.exhibits):
        raise web.HTTPNotFound(text="no such document")
    return number


async def _told(request: web.Request, desk: Desk, act: Callable[[int, Mapping[str, Any]], None]) -> web.Response:
    number = _number(request, desk)
    try:
        given = json.loads(await request.text())
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="not JSON") from error
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="not an object")
    try:
        act(number, given)
    except InputError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    except OutputError as error:
        raise web.HTTPInsufficientStorage(text=str(error)) from error
    return _json(desk.state(number))


def _json(value: Any) -> web.Response:
    return web.Response(
        body=json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), content_type="application/json"
    )


def _file(name: str) -> str:
    return resources.files("omnicorpus").joinpath(name).read_text("utf-8")


def default_labels(root: str) -> str:
    """RUN/labels.jsonl. Raises ConfigError for a run on an object store, to whose files no line can be added."""
    if not storage.is_local(root):
        raise ConfigError(f"{root} is no local folder: name a local file for the labels with --labels")
    return storage.join(root, "labels.jsonl")


def lay(root: str, path: str, count: int, seed: int, by: Stratum | None, score: str) -> Desk:
    """A desk over a sample of the run at `root`, with the labels of the file at `path`."""
    files = trail.of(root)
    if not Path(path).parent.is_dir():
        raise OutputError(f"can't write {path}: there is no folder {Path(path).parent}; make it first")
    labels = label.read(path)
    units = sample.units(files, count, seed, by, score)
    if not units:
        raise InputError(f"{root} has nothing to sample: it kept and dropped no document")
    exhibits = exhibit.exhibits(files, units)
    by_name = f"{score} in bands" if by == "score" else by or "kept and dropped"
    return Desk(
        run=root,
        exhibits=exhibits,
        path=path,
        design=f"{len(units)} by {by_name}, seed {seed}",
        rules=sorted({f"{file.stage}.{rule}" for file in files.drops for rule in trail.values(file.path, "rule")}),
        pictures=trail.Pictures(job.result_files(root, "images"), {url for each in exhibits for url in _urls(each)}),
        labels=labels,
    )


def serve(desk: Desk, *, port: int, browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the page until this program is asked to stop (Ctrl-C). `port` 0 takes any that is free; `tell` is given the
    address. Raises InputError where the port is taken."""
    asyncio.run(_serve(desk, port, browser, tell))


async def _serve(desk: Desk, port: int, browser: bool, tell: Callable[[str], None]) -> None:
    listener = _listen(port)
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)
    runner = web.AppRunner(application(desk, token, port), access_log=None, handle_signals=False)
    await runner.setup()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await web.SockSite(runner, listener, shutdown_timeout=1.0).start()
        address = f"http://{HOST}:{port}/open?token={token}"
        tell(address)
        if browser:
            await asyncio.to_thread(webbrowser.open, address)
        await stopped.wait()
    finally:
        await runner.cleanup()
        desk.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"can't be had ({error.strerror})"
        raise InputError(f"port {port} {why}: name another with --port, or leave --port out") from error
    return listener
