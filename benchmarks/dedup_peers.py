"""The peers of deduplication, in their own environment (.venv-bench: datatrove, py-data-juicer, matplotlib).

dedup_peers.py pairs TEXTS.jsonl OUT.json       clusters of each peer's default settings
dedup_peers.py speed TEXTS.jsonl FOLDER OUT.json   datatrove's whole MinHash pipeline, processor seconds by step
dedup_peers.py plot CURVES.json OUT.png
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from pathlib import Path


def clusters(bands: list[list[object]]) -> list[list[int]]:
    """Documents that share a band, and whatever hangs together by that: one item of `bands` a document."""
    parent = list(range(len(bands)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for band in range(len(bands[0])):
        first: dict[object, int] = {}
        for index, of_document in enumerate(bands):
            if of_document[band] is not None:
                parent[root(index)] = root(first.setdefault(of_document[band], index))
    found = defaultdict(list)
    for index in range(len(bands)):
        found[root(index)].append(index)
    return [members for members in found.values() if len(members) > 1]


def datatrove(texts: list[str]) -> list[list[int]]:
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    step = MinhashDedupSignature("/tmp/unused-datatrove")
    bands: list[list[object]] = []
    for text in texts:
        shingles = step.get_shingles(text)
        bands.append([tuple(band) for band in step.get_signature(shingles)] if shingles.size else [None] * 14)
    return clusters(bands)


def data_juicer(texts: list[str]) -> list[list[int]]:
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator
    from data_juicer.utils.constant import HashKeys

    step = DocumentMinhashDeduplicator()
    print(f"data-juicer: {step.num_bands} bands of {step.num_rows_per_band} rows")
    return clusters([list(step.compute_hash({step.text_key: text})[HashKeys.minhash]) for text in texts])


def pairs(source: str, output: str) -> None:
    batches = [json.loads(line) for line in Path(source).read_text().splitlines()]
    found = {}
    for name, method in (("datatrove", datatrove), ("data-juicer", data_juicer)):
        try:
            found[name] = [method(batch) for batch in batches]
        except ImportError as error:
            print(f"{name} can't be measured here: {error}")
    Path(output).write_text(json.dumps(found))


def speed(source: str, folder: str, output: str) -> None:
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    def reader() -> JsonlReader:
        return JsonlReader(source, glob_pattern="*.jsonl")

    steps = {
        "signature": [reader(), MinhashDedupSignature(f"{folder}/signatures")],
        "buckets": [MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets")],
        "cluster": [MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove")],
        "filter": [reader(), MinhashDedupFilter(f"{folder}/remove"), JsonlWriter(f"{folder}/out", compression="zstd")],
    }
    seconds = {}
    for name, step in steps.items():
        # One task in this process, so that its processor time is all there is; buckets take a task each by design.
        tasks = 14 if name == "buckets" else 1
        start = time.process_time()
        LocalPipelineExecutor(step, tasks=tasks, workers=1, logging_dir=f"{folder}/logs/{name}").run()
        seconds[name] = time.process_time() - start
    Path(output).write_text(json.dumps(seconds))


def plot(source: str, output: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    curves = json.loads(Path(source).read_text())
    figure, axes = pyplot.subplots(figsize=(7, 4.2), dpi=150)
    axes.axvspan(0.75, 0.8, color="0.9", label="0.75 to 0.8: either is right")
    for name, curve in curves.items():
        axes.plot([point[0] for point in curve], [point[1] for point in curve], marker="o", markersize=3, label=name)
    axes.set_xlabel("true Jaccard similarity of the pair (word 5-grams)")
    axes.set_ylabel("share of pairs joined")
    axes.set_xlim(0.5, 1.0)
    axes.set_ylim(-0.02, 1.02)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", fontsize=8)
    figure.tight_layout()
    figure.savefig(output)


if __name__ == "__main__":
    {"pairs": pairs, "speed": speed, "plot": plot}[sys.argv[1]](*sys.argv[2:])
