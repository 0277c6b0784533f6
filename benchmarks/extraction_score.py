"""Our engine over the gold pages, scored with the formulae of ../shared/bench/score_extraction.py.

    python benchmarks/extraction_score.py [SET ...] [--worst N]

Prints one row for each set: text precision, recall, F1, image precision, recall, F1, processor ms a page.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from filters import image_address
from omnicorpus.document import Image, Part, Text
from omnicorpus.extraction import extract

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT / "../shared"
SETS = ("article", "forum", "scrapinghub", "readability", "site-gimp", "site-handbook")


def scorer() -> ModuleType:
    """The scoring script that judges, as a module."""
    spec = importlib.util.spec_from_file_location("score_extraction", SHARED / "bench/score_extraction.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gold(name: str) -> list[dict[str, object]]:
    with gzip.open(SHARED / f"data/gold/{name}.jsonl.gz", "rt", encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


_SECOND = frozenset(("ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"))
_ALSO = {"theguardian": "guardian", "wapo": "washingtonpost", "ars": "arstechnica", "x": "twitter", "go": "abcnews"}


def publisher(host: str) -> str:
    """Whose page it is, by one name in all sets: `qq` for new.qq.com."""
    labels = host.split(".")
    long = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND
    name = labels[-3 if long else -2] if len(labels) > 1 else host
    return _ALSO.get(name, name)


def gold_publisher(group: str, record: Mapping[str, object]) -> str:
    """The publisher of a gold page. The set readability has names in its ids, no hosts."""
    if group == "readability":
        return publisher(str(record["id"]).rsplit("-", 1)[0])
    return publisher(urlsplit(str(record["url"])).hostname or "")


def predicted(parts: tuple[Part, ...]) -> dict[str, object]:
    """Text and images of a page as the scorer takes them; images that a filter drops are left out."""
    return {
        "text": "\n".join(part.text for part in parts if isinstance(part, Text)),
        "images": [part.url for part in parts if isinstance(part, Image) and image_address.judge(part) is None],
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("sets", nargs="*", default=SETS)
    arguments.add_argument("--worst", type=int, default=0)
    options = arguments.parse_args()
    score = scorer().score
    rows = []
    for name in options.sets or SETS:
        pages = gold(name)
        results, spent = {}, []
        for page in pages:
            started = time.process_time()
            parts = extract(page["html"], page["url"]).parts
            spent.append(time.process_time() - started)
            results[page["id"]] = predicted(parts)
        row = score(pages, results)
        rows.append(row)
        spent.sort()
        print(
            f"{name:14}",
            *(
                f"{row.get(key, float('nan')):.3f}"
                for key in ("text_p", "text_r", "text_f1", "img_p", "img_r", "img_f1")
            ),
            f"{1000 * sum(spent) / len(spent):.2f} ms, most {1000 * spent[-1]:.0f} ms",
        )
        if options.worst:
            each = sorted((score([page], results)["text_f1"], page["id"]) for page in pages)
            for f1, page_id in each[: options.worst]:
                alone = score([page for page in pages if page["id"] == page_id], results)
                print(f"    {f1:.3f} p {alone['text_p']:.2f} r {alone['text_r']:.2f} {page_id[:90]}")
    print(f"mean text F1 {sum(row['text_f1'] for row in rows) / len(rows):.4f}", end="  ")
    images = [row["img_f1"] for row in rows if "img_f1" in row]
    if images:
        print(f"mean image F1 {sum(images) / len(images):.4f}")


if __name__ == "__main__":
    main()
