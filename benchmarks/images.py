"""Images: fetch, decode, hash and score, ours beside its peers, in processor time of one core.

    python benchmarks/images.py fetch [--count 20000] [--hosts 200]
    python benchmarks/images.py measure [--crawl ../shared/data/crawls/freedombox.warc.gz ...]
    python benchmarks/images.py score [--count 64]
    python benchmarks/images.py web [--hosts 2000]
    python benchmarks/images.py captions
    python benchmarks/images.py hashes
    PYTHONPATH=. python benchmarks/images.py all [--out FILE]

`all` runs each of them and both of picture_runs.py; `--out` also writes what they print to a file. img2dataset runs in
its own interpreter, `.venv-bench` (make .venv-bench), and is left out where that isn't there. Rates are for each second
of processor time that the client takes; the server runs beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, TextIO

# As in Ray's workers; numpy and torch read it when they are imported.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from PIL import Image

from omnicorpus import brisque, nsfw, picture, quality
from omnicorpus.fetch import COLLECTED, Fetched, Fetcher, FetchSettings
from omnicorpus.measure import Towers
from omnicorpus.warc import Response, read_body, responses

CONTACT = "benchmark@example.org"
BENCH_PYTHON = Path(".venv-bench/bin/python")


def processor() -> float:
    """Seconds of processor time of this process and of those of its children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def jpeg(size: int) -> bytes:
    """A real JPEG of about `size` bytes."""
    generator = np.random.default_rng(0)
    for side in range(64, 2_000, 8):
        rough = generator.integers(0, 256, (side // 8, side // 8, 3), np.uint8)
        with io.BytesIO() as file:
            Image.fromarray(rough).resize((side, side)).save(file, "JPEG", quality=90)
            if len(file.getvalue()) >= size:
                return file.getvalue()
    raise ValueError(size)


class Answers(asyncio.Protocol):
    """An HTTP server that does as little as can be done, so that the client is what is measured."""

    def __init__(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self.good = head + body
        self.none = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            self.transport.write(self.none if self.waiting.startswith(b"GET /robots.txt") else self.good)
            self.waiting = self.waiting[end + 4 :]


def run_server(port: multiprocessing.Queue[int], body: bytes) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Answers(body), "0.0.0.0", 0, backlog=1_024)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def server(body: bytes) -> Iterator[int]:
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=run_server, args=(queue, body), daemon=True)
    process.start()
    try:
        yield queue.get()
    finally:
        process.terminate()
        process.join()


def table(rows: Sequence[tuple[str, int, float]], unit: str = "images") -> None:
    """Name, how many, processor seconds."""
    print(f"| | {unit} | {unit} / core·s | ms |\n|---|---|---|---|")
    for name, count, seconds in rows:
        print(f"| {name} | {count:,} | {count / seconds:,.0f} | {seconds / count * 1e3:.3f} |")


def timed(work: Callable[[], int], times: int = 1) -> tuple[int, float]:
    """How many, and the processor seconds of the quickest of so many times."""
    least, count = float("inf"), 0
    for _ in range(times):
        before = processor()
        count = work()
        least = min(least, processor() - before)
    return count, least


def bench_fetch(count: int, hosts: int) -> None:
    body = jpeg(24_000)
    rows = []
    with server(body) as port:
        where = f"127.0.0.1:{port}"

        def ours(robots: bool) -> int:
            settings = FetchSettings(contact=CONTACT, host_rate=0.0, test_server=where, robots=robots)
            urls = [f"http://h{number % hosts}.test/{number}.jpg" for number in range(count)]
            whole: Counter[bool] = Counter()
            Fetcher(settings).fetch(urls, lambda item: whole.update([item.content == body]))
            return whole[True]

        def bare() -> int:
            import aiohttp

            async def all_of_them() -> int:
                waiting = [
                    [f"http://127.0.1.{host}:{port}/{number}.jpg" for number in range(host, count, hosts)]
                    for host in range(hosts)
                ]
                done = 0

                async def lane(session: aiohttp.ClientSession, host: int) -> None:
                    nonlocal done
                    while waiting[host]:
                        async with session.get(waiting[host].pop()) as response:
                            done += len(await response.read()) == len(body)

                connector = aiohttp.TCPConnector(limit=0)
                async with aiohttp.ClientSession(connector=connector) as session:
                    await asyncio.gather(*(lane(session, host) for host in range(hosts) for _ in range(4)))
                return done

            return asyncio.run(all_of_them())

        def bare_and_seldom_collected() -> int:
            usual = gc.get_threshold()
            gc.set_threshold(*COLLECTED)
            try:
                return bare()
            finally:
                gc.set_threshold(*usual)

        rows.append(("omnicorpus", *timed(lambda: ours(True), 3)))
        rows.append(("aiohttp bare, as many connections", *timed(bare, 3)))
        rows.append(("the same, Python's garbage collector as seldom as ours", *timed(bare_and_seldom_collected, 3)))
        if BENCH_PYTHON.exists():
            rows.append(("img2dataset, no resizing", *img2dataset(port, count, hosts, 16)))
    table(rows)


IMG2DATASET = """
import sys
from img2dataset import download
download(url_list=sys.argv[1], output_folder=sys.argv[2], processes_count=1, thread_count=int(sys.argv[3]),
         resize_mode="no", encode_format="jpg", output_format="webdataset", number_sample_per_shard=10000,
         disallowed_header_directives=["noai"], enable_wandb=False, max_shard_retry=0, skip_reencode=True)
"""


def img2dataset(port: int, count: int, hosts: int, threads: int) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as folder:
        urls = Path(folder) / "urls.txt"
        urls.write_text("\n".join(f"http://127.0.1.{number % hosts}:{port}/{number}.jpg" for number in range(count)))

        def work() -> int:
            subprocess.run(
                [str(BENCH_PYTHON), "-c", IMG2DATASET, str(urls), f"{folder}/out", str(threads)],
                check=True, capture_output=True, env={**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"},
            )  # fmt: skip
            stats = [json.loads(path.read_text()) for path in Path(folder, "out").glob("*_stats.json")]
            return sum(each["successes"] for each in stats)

        return timed(work)


def pictures(crawl: str, least: float = 0.0, most: float = float("inf")) -> list[bytes]:
    """Pictures of a crawl between so many megapixels."""
    found = []
    for response in responses(crawl):
        if isinstance(response, Response) and response.mime.startswith("image/") and response.status == 200:
            place = response.locator
            content = read_body(place.file, place.offset, place.length)
            with Image.open(io.BytesIO(content)) as image:
                if least <= image.width * image.height / 1e6 <= most:
                    found.append(content)
    return found


def as_jpegs(contents: Sequence[bytes]) -> list[bytes]:
    found = []
    for content in contents:
        with io.BytesIO() as file:
            picture.decode(content).rgb.save(file, "JPEG", quality=85)
            found.append(file.getvalue())
    return found


def bench_measure(crawls: Sequence[str]) -> None:
    """Pictures of 0.3 to 0.8 megapixels, at most SAMPLE of each crawl, evenly from all that it has."""
    from omnicorpus import clip

    clip.torch.set_num_threads(1)
    found = [pictures(crawl, 0.3, 0.8) for crawl in crawls]
    served = [content for each in found for content in each[:: -(-len(each) // SAMPLE)]]
    png = [content for content in served if content.startswith(b"\x89PNG")]
    for kind, contents in (("as served", served), ("of them PNG", png), ("all as JPEG", as_jpegs(served))):
        decoded = [picture.decode(content) for content in contents]
        megapixels = np.mean([each.width * each.height for each in decoded]) / 1e6
        kilobytes = np.mean([len(content) for content in contents]) / 1e3
        print(f"\n{len(contents)} pictures {kind}, {megapixels:.2f} megapixels, {kilobytes:.0f} kB")
        measure_all(contents, decoded, megapixels)


def bench_hashes(crawls: Sequence[str]) -> None:
    """How many pictures of the crawls, of all sizes, have the very hashes that the imagehash library gives."""
    import imagehash

    same: Counter[tuple[bool, bool]] = Counter()
    for content in (content for crawl in crawls for content in pictures(crawl)):
        ours = picture.hashes(picture.decode(content).gray)
        with Image.open(io.BytesIO(content)) as image, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same[ours[0] == str(imagehash.phash(image)), ours[1] == str(imagehash.dhash(image))] += 1
    total = same.total()
    print(f"{total:,} pictures: pHash equal to imagehash's in {same[True, True] + same[True, False]:,}, "
          f"dHash in {same[True, True] + same[False, True]:,}")  # fmt: skip


SAMPLE = 80
CRAWLS = [f"../shared/data/crawls/{name}.warc.gz" for name in ("freedombox", "gimp", "handbook")]


def measure_all(contents: Sequence[bytes], decoded: Sequence[picture.Picture], megapixels: float) -> None:
    import hashlib

    import imagehash

    from omnicorpus import clip

    frame = picture.Frame(224)
    model = nsfw.load()
    quality_model = brisque.load()
    few = decoded[:: max(1, len(decoded) // 20)]

    def whole() -> int:
        for content in contents:
            each = picture.decode(content)
            hashlib.sha256(content)
            picture.hashes(each.gray)
            plain_measures(each)
            picture.framed(each, frame, clip.resized)
        return len(contents)

    def theirs() -> int:
        for content in contents:
            with Image.open(io.BytesIO(content)) as image:
                image.load()
                imagehash.phash(image)
                imagehash.dhash(image)
                image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
        return len(contents)

    def each(work: Callable[[picture.Picture], object], items: Sequence[picture.Picture] = decoded) -> int:
        for item in items:
            work(item)
        return len(items)

    def plain_measures(item: picture.Picture) -> None:
        quality.sharpness(picture.levels(item, picture.SHARPNESS_SIDE))
        quality.entropy(item.gray.histogram())
        quality.main_colour(picture.sample(item))

    def library_hashes(item: picture.Picture) -> None:
        imagehash.phash(item.rgb)
        imagehash.dhash(item.rgb)

    def brisque_of(item: picture.Picture) -> float:
        return quality_model.score(picture.levels(item, picture.BRISQUE_SIDE))

    count, seconds = timed(whole, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of palettes that imagehash converts
        other = timed(theirs, 3)
    table(
        [
            ("everything below but BRISQUE and NSFW", count, seconds),
            ("Pillow, imagehash and Pillow's resize", *other),
            ("decode", *timed(lambda: sum(picture.decode(content).width > 0 for content in contents), 3)),
            ("gray, pHash and dHash", *timed(lambda: each(lambda item: picture.hashes(item.rgb.convert("L"))), 3)),
            ("imagehash's pHash and dHash", *timed(lambda: each(library_hashes), 3)),
            ("sharpness, entropy, main colour", *timed(lambda: each(plain_measures), 3)),
            ("CLIP input", *timed(lambda: each(lambda item: picture.framed(item, frame, clip.resized)), 3)),
            ("BRISQUE", *timed(lambda: each(brisque_of, few))),
            ("NSFW", *timed(lambda: len(model.scores([nsfw.model_input(item) for item in few])))),
        ]
    )
    print(f"everything, at half a megapixel: {count / seconds * megapixels / 0.5:.0f} / core·s")


def bench_score(count: int) -> None:
    """Both engines on real pictures, half stamps and half screenshots, and on made sentences."""
    from omnicorpus import clip, int8, standin

    clip.torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    words = [line.split()[0] for line in clip.CLASSES]
    texts = [" ".join(generator.choice(words, int(generator.integers(4, 30)))) for _ in range(count * 4)]
    stamps = [path.read_bytes() for path in sorted(Path("../shared/data/captions").glob("*.png"))[: count // 2]]
    shots = pictures(CRAWLS[0])
    decoded = [picture.decode(content) for content in [*stamps, *shots[:: -(-len(shots) // (count // 2))]]]
    images: list[tuple[str, int, float]] = []
    sentences: list[tuple[str, int, float]] = []
    least: dict[str, float] = {}

    def engines(name: str, exact: Towers, fast: Towers) -> None:
        pixels = np.stack([picture.framed(each, exact.frame, clip.resized) for each in decoded])
        seen: list[np.ndarray] = []

        def see(model: Towers) -> int:
            seen.append(model.images(pixels))
            return len(pixels)

        images.append((f"{name}, torch", *timed(lambda: see(exact))))
        images.append((f"{name}, onnx_int8", *timed(lambda: see(fast))))
        sentences.append((f"{name}, torch", *timed(lambda: len(exact.texts(texts)))))
        least[name] = float((seen[0] * seen[1]).sum(axis=1).min())

    for name, model, pretrained in (("stand-in", standin.build(), None), ("ViT-B-32, random", "ViT-B-32", weights())):
        engines(name, clip.load(model, pretrained, device="cpu"), int8.load(model, pretrained))
    table(images)
    print()
    table(sentences, "sentences")
    print(f"\nleast cosine of both engines over {len(decoded)} real pictures: "
          + ", ".join(f"{name} {value:.5f}" for name, value in least.items()))  # fmt: skip


def weights() -> str:
    """A file of random weights of ViT-B-32, always the same ones: as fast as trained ones."""
    from omnicorpus import clip

    path = Path(tempfile.gettempdir()) / "omnicorpus-bench-vit-b-32.pt"
    if not path.is_file():
        clip.torch.manual_seed(0)
        clip.torch.save(clip.open_clip.create_model("ViT-B-32").state_dict(), path)
    return str(path)


def bench_captions() -> None:
    """The right caption's rank for ../shared/data/captions, with the stand-in, and how well 8 bits keep its vectors."""
    from omnicorpus import clip, int8, standin

    folder = Path("../shared/data/captions")
    if not folder.is_dir():
        print("no ../shared/data/captions")
        return
    entries = json.loads((folder / "captions.json").read_text())
    captions = {entry["file"]: entry["captions"]["en"] for entry in entries if "en" in entry["captions"]}
    exact, fast = clip.load(standin.build(), device="cpu"), int8.load(standin.build())
    pixels = np.stack([picture.framed(picture.decode((folder / name).read_bytes()), exact.frame) for name in captions])
    texts = list(captions.values())
    seen, read = exact.images(pixels), exact.texts(texts)
    for name, images, words in (("torch", seen, read), ("onnx_int8", fast.images(pixels), fast.texts(texts))):
        gains = images @ words.T
        own = gains.diagonal()[:, None]
        first = float(((gains >= own).sum(axis=1) == 1).mean())
        beaten = float(((gains < own).sum(axis=1) / (len(texts) - 1)).mean())
        least = float(min((images * seen).sum(axis=1).min(), (words * read).sum(axis=1).min()))
        print(f"{name}: {len(texts)} captions, first among all {first:.2f}, beats a wrong one {beaten:.2f}, "
              f"least cosine with torch {least:.5f}")  # fmt: skip


Asked = tuple[float, str, str, float]
"""When, of which host, for what, and the seconds of rest that were asked for with the answer."""

Log = tuple[float, list[Asked]]
"""The processor seconds of the server, and what it was asked."""


class Wild(Answers):
    """A host of a simulated web, by its number: dead, slow, busy at times, redirecting, closed by robots.txt."""

    log: ClassVar[list[Asked]] = []

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head, self.waiting = self.waiting[:end].decode(), self.waiting[end + 4 :]
            path = head.split(" ", 2)[1]
            host = head.lower().split("host: ", 1)[1].split("\r\n", 1)[0].split(":")[0]
            Wild.log.append((time.monotonic(), host, path, self.answer(host, path)))

    def answer(self, host: str, path: str) -> float:
        """Seconds of rest that the answer asks for."""
        kind = int(host[1:].split(".")[0]) % 20
        loop = asyncio.get_running_loop()
        if kind in (0, 1):
            self.transport.close()
        elif path == "/robots.txt":
            rule = b"User-agent: *\nDisallow: /closed" if kind == 2 else b"User-agent: *\nDisallow:"
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(rule), rule))
        elif kind in (3, 4):
            loop.call_later(1.0, self.transport.write, self.good)
        elif kind == 5 and random.random() < 0.5:
            self.transport.write(b"HTTP/1.1 429 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
            return 1.0
        elif kind == 6 and not path.endswith("?moved"):
            target = f"http://{host}{path}?moved".encode()
            self.transport.write(b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n")
        else:
            self.transport.write(self.good)
        return 0.0


def run_wild(port: multiprocessing.Queue[int], log: multiprocessing.Queue[Log], stop: object, body: bytes) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        running = await loop.create_server(lambda: Wild(body), "127.0.0.1", 0, backlog=4_096)
        port.put(running.sockets[0].getsockname()[1])
        while not stop.is_set():  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)

    asyncio.run(serve())
    log.put((processor(), Wild.log))


def bench_web(hosts: int, each: int, rate: float) -> None:
    """A web of many hosts of which a tenth is dead and a tenth slow, with its rules checked from the server's own
    log."""
    body = jpeg(24_000)
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    log: multiprocessing.Queue[Log] = multiprocessing.Queue()
    stop = multiprocessing.Event()
    process = multiprocessing.Process(target=run_wild, args=(port, log, stop, body), daemon=True)
    process.start()
    settings = FetchSettings(contact=CONTACT, test_server=f"127.0.0.1:{port.get()}", host_rate=rate, connections=512)
    urls = [f"http://h{number}.test/{'closed' if index % 5 == 0 else 'open'}/{index}.jpg"
            for number in range(hosts) for index in range(each)]  # fmt: skip
    got: list[Fetched] = []
    began, used = time.monotonic(), processor()
    Fetcher(settings).fetch(urls, got.append)
    wall, used = time.monotonic() - began, processor() - used
    stop.set()
    served, entries = log.get()
    process.join()
    reasons: dict[str, int] = {}
    for item in got:
        reasons[item.error or "fetched"] = reasons.get(item.error or "fetched", 0) + 1
    print(f"{len(urls):,} addresses, {hosts:,} hosts: {wall:.1f} s, {used:.1f} s of processor, the server "
          f"{served:.1f}; {reasons}")  # fmt: skip
    by_host: dict[str, list[Asked]] = {}
    for entry in sorted(entries):
        by_host.setdefault(entry[1], []).append(entry)
    closed = [
        entry for entry in entries if entry[2].startswith("/closed") and int(entry[1][1:].split(".")[0]) % 20 == 2
    ]
    fastest = max((len(asked) - 1) / (asked[-1][0] - asked[0][0]) for asked in by_host.values() if len(asked) > each)
    disturbed = sum(
        later[0] - earlier[0] < 0.9 * earlier[3] for asked in by_host.values() for earlier, later in pairwise(asked)
    )
    print(f"asked against robots.txt: {len(closed)}; fastest host: {fastest:.2f} requests/s with a limit of {rate}; "
          f"asked while at rest: {disturbed}")  # fmt: skip
    # The limits themselves: the longest host has its pictures, its robots.txt, its redirects and its second tries to
    # wait for at the rate, and the rests that it asks for. The wait behind the last of them is nobody's.
    bound = max(sum(max(rest, 1 / rate) for _, _, _, rest in asked[:-1]) for asked in by_host.values())
    paces = max(len(asked) - 1 for asked in by_host.values()) / rate
    print(
        f"the limits alone take {bound:.1f} s, {paces:.1f} without the rests; ours over the first: {wall / bound:.2f}"
    )


class Both(io.TextIOBase):
    """What is written goes to two files."""

    def __init__(self, *files: TextIO) -> None:
        self.files = files

    def write(self, text: str) -> int:
        for file in self.files:
            file.write(text)
            file.flush()
        return len(text)


def bench_all() -> None:
    from picture_runs import captions, crawl

    def in_folder(part: Callable[[Path], None]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            part(Path(folder))

    parts: tuple[tuple[str, Callable[[], None]], ...] = (
        ("Fetch: 20,000 JPEGs of 24 kB over 200 host names", lambda: bench_fetch(20_000, 200)),
        ("Measure: decode, hash and the rest", lambda: bench_measure(CRAWLS)),
        ("Hashes: beside imagehash's, every picture", lambda: bench_hashes(CRAWLS)),
        ("Score: one core", lambda: bench_score(64)),
        ("Captions: the stand-in alone", bench_captions),
        ("Captions: through the whole pipeline", lambda: in_folder(captions)),
        ("A simulated web, 0.8 requests a second and host", lambda: bench_web(2_000, 20, 0.8)),
        ("A simulated web, 2 requests a second and host", lambda: bench_web(2_000, 20, 2.0)),
        ("The crawl of freedombox, fetched over HTTP", lambda: in_folder(lambda folder: crawl(folder, CRAWLS[0]))),
    )
    began = time.monotonic()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    for title, part in parts:
        print(f"\n## {title}\n")
        part()
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes, load {os.getloadavg()[0]:.1f} at the end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch")
    fetch.add_argument("--count", type=int, default=20_000)
    fetch.add_argument("--hosts", type=int, default=200)
    measure = commands.add_parser("measure")
    measure.add_argument("--crawl", action="append", help="a WARC file with pictures; by default three of ../shared")
    score = commands.add_parser("score")
    score.add_argument("--count", type=int, default=64)
    web = commands.add_parser("web")
    web.add_argument("--hosts", type=int, default=2_000)
    web.add_argument("--each", type=int, default=20)
    web.add_argument("--rate", type=float, default=0.8)
    commands.add_parser("captions")
    commands.add_parser("hashes")
    whole = commands.add_parser("all")
    whole.add_argument("--out", help="a file for what is printed")
    given = parser.parse_args()
    if given.command == "all":
        if given.out is None:
            bench_all()
        else:
            with Path(given.out).open("w") as file, redirect_stdout(Both(sys.stdout, file)):
                bench_all()
    elif given.command == "captions":
        bench_captions()
    elif given.command == "hashes":
        bench_hashes(CRAWLS)
    elif given.command == "fetch":
        bench_fetch(given.count, given.hosts)
    elif given.command == "measure":
        bench_measure(given.crawl or CRAWLS)
    elif given.command == "score":
        bench_score(given.count)
    else:
        bench_web(given.hosts, given.each, given.rate)


if __name__ == "__main__":
    main()
