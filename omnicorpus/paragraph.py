"""Paragraphs that a site repeats: what stands in several documents of one registered domain is cut from all of them.

Runs after the deduplication of documents: before it, every paragraph of a copied document would count as repeated.

    paragraph_keys (shard by shard) -> paragraph_counts (a call for each partition) -> paragraphs (shard by shard)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from omnicorpus import address, exact, node, schema, signature, table, watch
from omnicorpus.document import Drop
from omnicorpus.schema import dropped_document, dropped_part
from omnicorpus.stage import Call, Counts, Need, Stage

RULE = "repeated_paragraph"

KINDS = ("text", "list", "quote", "table", "detail")
"""Kinds of text that are looked at. Headings ("Introduction") repeat on good pages, code and formulas are short and
alike."""

VERSION = 2
"""Of the first stage and the last."""

LOST = pa.schema([("row", pa.int64()), ("lost", schema.VERDICT)])
"""Documents of a shard whose paragraphs killed what looked at them."""

KEYS = pa.schema([("key_high", pa.uint64()), ("key_low", pa.uint64()), ("row", pa.uint32()), ("position", pa.int32())])
CUTS = pa.schema([("node", pa.int64()), ("position", pa.int32()), ("documents", pa.int64())])


@dataclass(frozen=True, slots=True)
class ParagraphSettings:
    """`documents`: of one registered domain in which a paragraph must stand to be cut. Default 3: OBELICS (09_05)."""

    documents: int = 3


@dataclass(frozen=True, slots=True)
class _Settings:
    documents: int
    partitions: int


def stages(documents: Need, settings: ParagraphSettings, *, partitions: int) -> tuple[Stage, ...]:
    """The stages over `documents`; the last is "paragraphs", with tables "documents" and "drops".

    Every document stays, perhaps without text: judge it again afterwards. One that kills its worker is dropped.
    """
    values = _Settings(settings.documents, partitions)
    parts = tuple(f"part-{index:05d}" for index in range(partitions))
    keys, cuts = Need("paragraph_keys", "keys", "all"), Need("paragraph_counts", "cuts", "all")
    lost = Need("paragraph_keys", "lost")
    return (
        Stage(
            "paragraph_keys",
            _send_keys,
            values,
            ("keys", "lost"),
            (documents,),
            version=VERSION,
            exchanges=("keys",),
            in_funnel=False,
            records=True,
        ),
        Stage("paragraph_counts", _count, values, ("cuts",), (keys,), parts, exchanges=("cuts",), in_funnel=False),
        Stage("paragraphs", _cut, values, ("documents", "drops"), (documents, lost, cuts), version=VERSION),
    )


def _send_keys(call: Call, _: None) -> Counts:
    """A key for each paragraph of a shard, of the site and the words, by partition."""
    settings: _Settings = call.settings
    (path,) = node.files(call, "documents")
    done, parts = 0, [KEYS.empty_table()]
    losses: list[tuple[int, Drop]] = []
    for group in table.groups(path, ["url", "texts", "kinds"]):
        documents = list(enumerate(group.to_pylist(), done))
        verdicts = watch.tried(call, documents, lambda each: _keyed([each]), first=done)
        told = list(zip(documents, verdicts, strict=True))
        losses += [(row, lost) for (row, _), lost in told if lost is not None]
        parts.append(_keyed([each for each, lost in told if lost is None]))
        done += len(documents)
    exact.send(call, "keys", pa.concat_tables(parts), settings.partitions)
    rows = [{"row": row, "lost": schema.verdict_row(lost)} for row, lost in losses]
    table.write(call.path("lost"), pa.Table.from_pylist(rows, schema=LOST))
    rules = Counter(lost.rule for _, lost in losses)
    return Counts(done, done - len(losses), dict(sorted(rules.items())))


def _keyed(documents: Sequence[tuple[int, Mapping[str, Any]]]) -> pa.Table:
    """Rows of `KEYS` of (row, document) pairs."""
    sites, texts, rows, positions = [], [], [], []
    for row, document in documents:
        site = address.registered_domain(document["url"])
        for position, (text, kind) in enumerate(zip(document["texts"], document["kinds"], strict=True)):
            if text is not None and kind in KINDS:
                sites.append(site)
                texts.append(text)
                rows.append(row)
                positions.append(position)
    found = signature.tokens(texts)
    words = signature.text_keys(found)
    keys = signature.keys([f"{site} {high:x} {low:x}" for site, (high, low) in zip(sites, words.tolist(), strict=True)])
    columns = {"key_high": keys[:, 0], "key_low": keys[:, 1], "row": rows, "position": positions}
    return pa.table(columns, schema=KEYS).filter(pa.array(np.diff(found.bounds) > 0))


def _count(call: Call, _: None) -> Counts:
    """Paragraphs of a partition that stand in enough documents, by the document's home."""
    settings: _Settings = call.settings
    rows = node.gather(node.files(call, "keys"), call.index, KEYS)
    high, low, nodes = rows["key_high"].to_numpy(), rows["key_low"].to_numpy(), node.column(rows, "node")
    order = np.lexsort((nodes, low, high))
    high, low, nodes = high[order], low[order], nodes[order]
    new_key = np.ones(len(order), bool)
    new_key[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    new_document = new_key.copy()
    new_document[1:] |= nodes[1:] != nodes[:-1]
    of_key = np.cumsum(new_key) - 1
    documents = np.bincount(of_key, weights=new_document).astype(np.int64)[of_key] if len(order) else of_key
    chosen = documents >= settings.documents
    position = rows["position"].to_numpy()[order][chosen]
    cuts = pa.table({"node": nodes[chosen], "position": position, "documents": documents[chosen]}, schema=CUTS)
    table.scatter(call.path("cuts"), cuts, node.home(nodes[chosen], call.shards), call.shards)
    return Counts(len(rows), len(cuts))


def _cut(call: Call, _: None) -> Counts:
    """The documents of a shard without their repeated paragraphs."""
    settings: _Settings = call.settings
    (path,) = node.files(call, "documents")
    rows = table.read(path).cast(schema.DOCUMENTS)
    cuts = table.gather(node.files(call, "cuts"), call.index % settings.partitions, CUTS)
    cuts = cuts.filter(pa.array(node.shard(node.column(cuts, "node")) == call.index))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    places = node.row(node.column(cuts, "node")).tolist()
    for place, position, documents in zip(
        places, cuts["position"].to_pylist(), cuts["documents"].to_pylist(), strict=True
    ):
        found[place][position] = documents
    lost = table.read(call.one("paragraph_keys.lost"))
    gone = node.column(lost, "row")
    touched = np.array(sorted(found), np.int64)
    drops = [
        dropped_document(document, verdict, call.stage)
        for document, verdict in zip(
            schema.documents(rows.take(pa.array(gone))), schema.verdicts(lost["lost"]), strict=True
        )
        if verdict is not None
    ]
    changed = []
    for place, document in zip(touched.tolist(), schema.documents(rows.take(pa.array(touched))), strict=True):
        for position in sorted(found[place]):
            drop = Drop(RULE, float(found[place][position]), float(settings.documents))
            drops.append(dropped_part(document, position, drop, call.stage))
        left = (part for position, part in enumerate(document.parts) if position not in found[place])
        changed.append(document.with_parts(tuple(left)))
    whole = np.setdiff1d(np.arange(len(rows)), np.concatenate((touched, gone)))
    mixed = pa.concat_tables([rows.take(pa.array(whole)), schema.documents_table(changed)])
    order = np.argsort(np.concatenate((whole, touched)), kind="stable")
    table.write(call.path("documents"), mixed.take(pa.array(order)).combine_chunks())
    call.write_drops(drops)
    return Counts.of(len(rows), len(rows) - len(gone), drops)
