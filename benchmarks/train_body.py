"""Learn the weights of `omnicorpus/body.json` from the gold pages, with figures that are cross-validated by site.

    python benchmarks/manual_pages.py FOLDER                   once: fetches the manuals
    python benchmarks/web_pages.py FOLDER                      once: fetches other pages of the web
    python benchmarks/train_body.py FOLDER --validate          five folds, no site in two; scores on unseen sites;
                                                               with --scripts, also rewritten in other scripts;
                                                               with --without-web, learning from no web pages
    python benchmarks/train_body.py FOLDER --write             all pages; writes omnicorpus/body.json

It learns from the gold pages, from pages of the web that packages hold (`web_pages`), from pages of free manuals
(`manual_pages`), from pages made at random around the texts of the gold pages that it learns from (`made_pages`) and
from pages mixed of their parts (`mixed_pages`). Gold pages are scored, and the web's apart; a fold's made and mixed
pages come from the pages that it learns from.

A text's label is the share of it that the gold text of its page holds. The loss is 2 (1 - soft F1 of the page) plus
cross-entropy, so that a page counts once however long it is; `SAMPLED` says how often each set is drawn. The weights
are a mean over the later steps. About a minute of one core for each fold.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import made_pages
import manual_pages
import mixed_pages
import numpy as np
import other_scripts
import torch
import web_pages
from extraction_score import SETS, gold, gold_publisher, publisher, scorer
from torch import nn

from filters import image_address
from omnicorpus.blocks import Block, Page, read
from omnicorpus.body import Network, kept_texts
from omnicorpus.document import Image
from omnicorpus.features import Floats, Measured, hints, measure, picture_rows
from omnicorpus.parts import images_of
from omnicorpus.tree import parse

SAMPLED = {
    "article": 1.0,
    "forum": 1.3,
    "scrapinghub": 1.0,
    "readability": 1.0,
    "site-gimp": 0.35,
    "site-handbook": 0.35,
    "web-article": 2.0,
    "web-forum": 0.6,
    "manual": 1.8,
    "made-article": 0.6,
    "made-forum": 1.0,
    "mixed-article": 1.0,
    "mixed-forum": 1.3,
    "mixed-scrapinghub": 1.0,
    "mixed-readability": 1.0,
}
"""How often a page of each set is drawn, per set."""

PICTURED = {"readability": 1.0, "web-article": 0.2, "web-forum": 0.2, "made-article": 0.3, "made-forum": 0.1}
"""What the pictures of a set count for; the others 0.12, as manuals have the same few pictures on hundreds of pages."""

MADE = 1_500
"""Pages made for a training."""

MIXED = 2_000
"""Pages mixed for a training."""

STEPS = 2_700
"""Batches of a training."""

AVERAGED = 0.998
"""What a step leaves of the mean of the weights, from a third of the steps on."""

SCORER = scorer()


@dataclass(slots=True)
class Example:
    """One page. `label` and `words` are per item; `truth` is the page's gold tokens, `wanted` its gold images.

    No site is in two folds; `publisher` also joins sites that sets name in different ways (see `validate`).
    """

    group: str
    site: str
    page: Page
    measured: Measured
    images: dict[int, Image]
    label: Floats
    words: list[list[str]]
    truth: list[str]
    wanted: set[object] | None
    publisher: str = ""


def examples() -> list[Example]:
    """All gold pages that have any text."""
    found = []
    for group in SETS:
        for record in gold(group):
            url = str(record["url"])
            images = record.get("images")
            example = _example(
                group,
                _site(group, str(record["id"]), url),
                url,
                str(record["html"]),
                str(record["text"]),
                images if isinstance(images, list) else None,
            )
            if example is not None:
                example.publisher = gold_publisher(group, record)
                found.append(example)
    return found


def _example(
    group: str, site: str, url: str, html: str, text: str, images: Sequence[str] | None, script: str | None = None
) -> Example | None:
    """None where the page has neither text nor picture. With `script`, the page rewritten in it, labelled as it was
    before; None where it has other items then."""
    tree = parse(html)
    page = read(tree.body)
    if not page.items:
        return None
    words = _words(page)
    truth = _tokens(text)
    labels = _labels(words, truth)
    if script:
        tree = parse(other_scripts.rewritten(html, script))
        page = read(tree.body)
        if len(page.items) != len(words):
            return None
        words = _words(page)
    return Example(
        group,
        site,
        page,
        measure(page, hints(tree, url)),
        images_of(page, urljoin(url, tree.base or "")),
        labels,
        words,
        truth,
        None if images is None else {SCORER.norm(each) for each in images},
    )


def _words(page: Page) -> list[list[str]]:
    return [_tokens(item.text) if isinstance(item, Block) else [] for item in page.items]


def rewritten(script: str | None) -> list[Example]:
    """The gold pages in Latin letters of the sets with many sites, rewritten in another script, or as they are."""
    found = []
    for group in SETS:
        for record in gold(group) if f"mixed-{group}" in SAMPLED else ():
            text = str(record["text"])
            if other_scripts.is_latin(text):
                url = str(record["url"])
                site = _site(group, str(record["id"]), url)
                found.append(_example(group, site, url, str(record["html"]), text, None, script))
    return [example for example in found if example is not None]


def web(folder: Path) -> list[Example]:
    """The pages of `web_pages`. Of the addresses that a labelled picture may have, the one that reading finds."""
    found = []
    for page in web_pages.pages(folder):
        group = f"web-{page.kind}"
        name = publisher(page.host)
        example = _example(group, f"web/{name}", page.url, page.html, page.text, None)
        if example is None:
            raise ValueError(f"nothing is read of {page.url}")
        example.publisher = name
        seen = {SCORER.norm(image.url) for image in example.images.values()}
        own = [[SCORER.norm(address) for address in addresses] for addresses in page.images if addresses]
        example.wanted = {next((address for address in each if address in seen), each[0]) for each in own}
        found.append(example)
    return found


def manuals(folder: Path) -> list[Example]:
    """The pages of `manual_pages`."""
    found = (
        _example("manual", page.site, page.url, page.html, page.text, page.images)
        for page in manual_pages.pages(folder)
    )
    return [example for example in found if example is not None]


def made(pages: list[Example], count: int = MADE) -> list[Example]:
    """Pages made around the texts of `pages`."""
    texts = made_pages.pools(
        (
            page.group,
            [
                (item.text, label > 0.5)
                for item, label in zip(page.page.items, page.label.tolist(), strict=True)
                if isinstance(item, Block)
            ],
        )
        for page in pages
        if page.group in SETS
    )
    found = []
    for seed in range(count):
        page = made_pages.make(texts, seed)
        found.append(_example(f"made-{page.kind}", f"made/{seed}", page.url, page.html, page.text, page.images))
    return [example for example in found if example is not None]


def mixed(pages: list[Example], count: int = MIXED) -> list[Example]:
    """Pages mixed of the parts of those gold pages whose sites `pages` hold, where a set has many sites."""
    sites = {(page.group, page.site) for page in pages if f"mixed-{page.group}" in SAMPLED}
    frames = [
        mixed_pages.take_apart(mixed_pages.Labelled(group, url, str(record["html"]), str(record["text"])))
        for group in SETS
        for record in gold(group)
        if (group, _site(group, str(record["id"]), url := str(record["url"]))) in sites
    ]
    chance = random.Random(0)
    found = []
    for number in range(count):
        page = mixed_pages.mix(frames, chance.randrange(len(frames)), chance)
        found.append(_example(f"mixed-{page.kind}", f"mixed/{number}", page.url, page.html, page.text, None))
    return [example for example in found if example is not None]


def _tokens(text: str) -> list[str]:
    return [sys.intern(token.lower()) for token in SCORER.TOKEN.findall(text)]


def _site(group: str, page_id: str, url: str) -> str:
    if group == "readability":  # every page has the same made-up host; ids are "site-number"
        return "readability/" + page_id.rsplit("-", 1)[0]
    return ".".join((urlsplit(url).hostname or url).split(".")[-2:])


def _labels(words: list[list[str]], truth: list[str]) -> Floats:
    """The share of each item that belongs to the gold text. Long items first: each gold token is given away once."""
    labels = np.zeros(len(words), dtype=np.float32)
    phrase = f" {' '.join(truth)} "
    shingles = set(zip(truth, truth[1:], truth[2:], truth[3:], strict=False))
    left = Counter(truth)

    def share(item: list[str], *, take: bool) -> float:
        common = Counter(item) & left
        if take:
            left.subtract(common)
        return common.total() / len(item)

    for index in sorted((i for i, item in enumerate(words) if len(item) >= 8), key=lambda i: -len(words[i])):
        item = words[index]
        own = list(zip(item, item[1:], item[2:], item[3:], strict=False))
        held = sum(each in shingles for each in own) / len(own)
        if held > 0.3:
            labels[index] = min(1.0 if held > 0.8 else held, share(item, take=True))
    anchors = np.flatnonzero(labels > 0.5)
    if not len(anchors):
        anchors = np.array([len(words) // 2])
    short = [i for i, item in enumerate(words) if 0 < len(item) < 8 and f" {' '.join(item)} " in phrase]
    for index in sorted(short, key=lambda i: (int(np.abs(anchors - i).min()) // 3, -len(words[i]))):
        if share(words[index], take=False) > 0.99:
            share(words[index], take=True)
            labels[index] = 1
    return labels


class _Net(nn.Module):
    def __init__(self, columns: int, hidden: int = 64) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            (nn.Linear(columns, hidden), nn.Linear(hidden, hidden // 2), nn.Linear(hidden // 2, 1))
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        rows = nn.functional.dropout(rows, 0.25, self.training)
        for layer in list(self.layers)[:-1]:
            rows = nn.functional.dropout(torch.relu(layer(rows)), 0.45, self.training)
        return self.layers[-1](rows)[:, 0]


def train_texts(pages: list[Example], *, seed: int = 0, batch: int = 16) -> Network:
    """A text network from the texts of `pages`."""
    torch.manual_seed(seed)
    chance = np.random.RandomState(seed)
    every = np.concatenate([page.measured.rows for page in pages])
    mean, scale = every.mean(0), every.std(0) + 1e-2
    rows = [torch.tensor(np.clip((page.measured.rows - mean) / scale, -4, 4)) for page in pages]
    labels = [torch.tensor(page.label) for page in pages]
    tokens = [torch.tensor([float(len(item)) for item in page.words]) for page in pages]
    counts = Counter(page.group for page in pages)
    drawn = np.array([SAMPLED[page.group] / counts[page.group] for page in pages])
    drawn /= drawn.sum()
    net = _Net(len(mean))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS)
    mean_net = copy.deepcopy(net)
    for step in range(STEPS):
        chosen = chance.choice(len(pages), batch, p=drawn)
        label, weight = torch.cat([labels[i] for i in chosen]), torch.cat([tokens[i] for i in chosen])
        owner = torch.cat([torch.full((len(labels[i]),), k) for k, i in enumerate(chosen)])
        output = net(torch.cat([rows[i] for i in chosen]))
        probability = torch.sigmoid(output)

        def by_page(values: torch.Tensor, owner: torch.Tensor = owner) -> torch.Tensor:
            return torch.zeros(batch).index_add(0, owner, values)

        soft = 2 * by_page(probability * label * weight) / (by_page(probability * weight) + by_page(label * weight) + 1)
        entropy = nn.functional.binary_cross_entropy_with_logits(output, label, reduction="none") * weight.sqrt()
        loss = 2 * (1 - soft).mean() + (by_page(entropy) / (by_page(weight.sqrt()) + 1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        left = AVERAGED if step > STEPS // 3 else 0.0
        with torch.no_grad():
            for kept, now in zip(mean_net.parameters(), net.parameters(), strict=True):
                kept.lerp_(now, 1 - left)
    layers = tuple(
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
        for layer in mean_net.layers
        if isinstance(layer, nn.Linear)
    )
    return Network(mean.astype(np.float32), scale.astype(np.float32), layers)


def _pictures(page: Example, kept: Floats) -> tuple[Floats, Floats]:
    """Positions and rows of the pictures that no address rule drops."""
    if not page.images:
        return np.zeros(0, dtype=int), np.zeros((0, 0))
    positions, rows = picture_rows(page.page, page.measured, page.images, kept)
    fit = [image_address.judge(page.images[position]) is None for position in positions.tolist()]
    return positions[fit], rows[fit]


def train_pictures(pages: list[Example], kept: list[Floats], *, decay: float = 30.0) -> Network:
    """A logistic model of the pictures, by Newton steps with an L2 penalty of `decay`."""
    every, labels, weights = [], [], []
    for page, texts in zip(pages, kept, strict=True):
        if page.wanted is None:
            continue
        positions, rows = _pictures(page, texts)
        if not len(positions):
            continue
        every.append(rows)
        labels.append([SCORER.norm(page.images[position].url) in page.wanted for position in positions.tolist()])
        weights.append(np.full(len(positions), len(positions) ** -0.5 * PICTURED.get(page.group, 0.12)))
    rows, label = np.concatenate(every), np.concatenate(labels).astype(float)
    weight = np.concatenate(weights)
    weight *= len(weight) / weight.sum()
    mean, scale = rows.mean(0), rows.std(0) + 1e-2
    scaled = np.concatenate([np.clip((rows - mean) / scale, -4, 4), np.ones((len(rows), 1))], axis=1).astype(float)
    penalty = np.full(scaled.shape[1], decay)
    penalty[-1] = 1e-3
    solution = np.zeros(scaled.shape[1])
    for _ in range(25):
        probability = 1 / (1 + np.exp(-scaled @ solution))
        gradient = scaled.T @ (weight * (probability - label)) + penalty * solution
        curvature = (scaled * (weight * probability * (1 - probability))[:, None]).T @ scaled + np.diag(penalty)
        solution -= np.linalg.solve(curvature, gradient)
    layer = (solution[:-1, None].astype(np.float32), solution[-1:].astype(np.float32))
    return Network(mean.astype(np.float32), scale.astype(np.float32), (layer,))


def report(pages: list[Example], kept: list[Floats], picture_probability: list[Floats], threshold: float) -> None:
    """Print text and image scores by set; the means are the gold sets'."""
    text: dict[str, list[tuple[float, float, float]]] = {}
    image = {page.group: [0, 0, 0] for page in pages}
    for page, texts, probability in zip(pages, kept, picture_probability, strict=True):
        chosen = Counter(token for index in np.flatnonzero(texts) for token in page.words[index])
        truth = Counter(page.truth)
        common = (chosen & truth).total()
        precision, recall = common / max(1, chosen.total()), common / max(1, truth.total())
        both = precision + recall
        text.setdefault(page.group, []).append((precision, recall, 2 * precision * recall / both if both else 0.0))
        if page.wanted is not None:
            positions, _ = _pictures(page, texts)
            found = {
                SCORER.norm(page.images[position].url)
                for position, sure in zip(positions.tolist(), probability, strict=True)
                if sure >= threshold
            }
            counts = image[page.group]
            counts[0] += len(found & page.wanted)
            counts[1] += len(found - page.wanted)
            counts[2] += len(page.wanted - found)
    f1s, image_f1s = [], []
    for group, rows in text.items():
        precision, recall, f1 = np.mean(rows, axis=0)
        line = f"{group:14} text {precision:.3f} {recall:.3f} {f1:.3f}"
        right, wrong, missed = image[group]
        if right + missed:
            image_f1 = 2 * right / (2 * right + wrong + missed)
            line += f"   image {right / max(1, right + wrong):.3f} {right / (right + missed):.3f} {image_f1:.3f}"
            if group in SETS:
                image_f1s.append(image_f1)
        if group in SETS:
            f1s.append(f1)
        print(line)
    print(f"mean text F1 {np.mean(f1s):.4f}   mean image F1 {np.mean(image_f1s):.4f}", flush=True)


def probabilities(pages: list[Example], kept: list[Floats], network: Network) -> list[Floats]:
    found = []
    for page, texts in zip(pages, kept, strict=True):
        positions, rows = _pictures(page, texts)
        found.append(network.probability(rows) if len(positions) else np.zeros(0))
    return found


def folds(pages: list[Example], count: int = 5, seed: int = 0) -> Floats:
    """The fold of each page: no site in two folds, the two manuals in two different ones."""
    fold: dict[str, int] = {}
    for is_gold in (True, False):  # apart, so that the gold's folds stay what they are when other pages come
        sites = sorted({page.site for page in pages if (page.group in SETS) is is_gold})
        order = np.random.RandomState(seed).permutation(len(sites)) % count
        fold |= dict(zip(sites, order.tolist(), strict=True))
    for index, site in enumerate(sorted({page.site for page in pages if page.group.startswith("site-")})):
        fold[site] = index
    return np.array([fold[page.site] for page in pages])


def validate(pages: list[Example], others: list[Example], *, scripts: bool, seed: int, learn_web: bool) -> None:
    """Print what networks make of the pages of publishers that they haven't learnt from.

    Of the web's pages those are scored whose publishers the gold doesn't have: who learns from them is the same with
    `learn_web` and without.
    """
    networks = []
    kept: list[Floats] = [np.zeros(0)] * len(pages)
    sure: list[Floats] = [np.zeros(0)] * len(pages)
    fold = folds(pages)
    known = {page.publisher for page in pages if page.group in SETS}

    def scored(page: Example) -> bool:
        return page.group in SETS or page.publisher not in known

    for out in range(5):
        started = time.process_time()
        unseen = {page.publisher for page, number in zip(pages, fold, strict=True) if number == out and scored(page)}
        inside = [
            page
            for page, number in zip(pages, fold, strict=True)
            if number != out and page.publisher not in unseen and (learn_web or page.group in SETS)
        ]
        inside += others + made(inside) + mixed(inside)
        network = train_texts(inside, seed=seed)
        networks.append(network)
        pictures = train_pictures(inside, [kept_texts(page.measured, network) for page in inside])
        for index in np.flatnonzero(fold == out):
            kept[index] = kept_texts(pages[index].measured, network)
            sure[index] = probabilities([pages[index]], [kept[index]], pictures)[0]
        print(f"fold {out}: {time.process_time() - started:.0f} s", flush=True)
    told = [index for index, page in enumerate(pages) if scored(page)]
    for threshold in (0.3, 0.4, 0.5):
        print("pictures from", threshold)
        report([pages[i] for i in told], [kept[i] for i in told], [sure[i] for i in told], threshold)
    if scripts:
        unseen_by = {(page.group, page.site): networks[number] for page, number in zip(pages, fold, strict=True)}
        for script in (None, *other_scripts.SCRIPTS):
            report_script(script or "as they are", rewritten(script), unseen_by)


def report_script(name: str, pages: list[Example], networks: Mapping[tuple[str, str], Network]) -> None:
    """Print mean F1 by set of pages, each read by the network that hasn't learnt from its site. The gold text is not
    rewritten, so that what counts are the words of texts and the shares of them that are gold."""
    scores: dict[str, list[float]] = {}
    for page in pages:
        words = np.array([len(item) for item in page.words])
        kept = words * kept_texts(page.measured, networks[page.group, page.site])
        right, every = float(kept @ page.label), float(kept.sum() + words @ page.label)
        scores.setdefault(page.group, []).append(2 * right / max(every, 1.0))
    print(f"{name:12}", *(f"{group} {np.mean(f1s):.3f} ({len(f1s)})" for group, f1s in scores.items()), flush=True)


def write(pages: list[Example], others: list[Example], path: Path, *, threshold: float) -> None:
    everything = pages + others + made(pages) + mixed(pages)
    text = train_texts(everything)
    picture = train_pictures(everything, [kept_texts(page.measured, text) for page in everything])
    kept = [kept_texts(page.measured, text) for page in pages]
    report(pages, kept, probabilities(pages, kept, picture), threshold)
    data = {"text": _plain(text), "picture": _plain(picture), "picture_threshold": threshold}
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n", "ascii")


def _plain(network: Network) -> dict[str, object]:
    def rounded(values: Floats) -> list[float]:
        return [float(f"{value:.4g}") for value in values.ravel().tolist()]

    return {
        "mean": rounded(network.mean),
        "scale": rounded(network.scale),
        "weights": [rounded(weight) for weight, _ in network.layers],
        "biases": [rounded(bias) for _, bias in network.layers],
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="of manual_pages.py and web_pages.py")
    arguments.add_argument("--validate", action="store_true")
    arguments.add_argument("--scripts", action="store_true", help="with --validate: unseen pages in ten scripts, too")
    arguments.add_argument("--seed", type=int, default=0, help="with --validate: of first weights and drawn batches")
    arguments.add_argument("--without-web", action="store_true", help="with --validate: not learnt from, only scored")
    arguments.add_argument("--write", action="store_true")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    others = manuals(options.folder)
    pages = examples() + web(options.folder)
    if options.validate:
        validate(pages, others, scripts=options.scripts, seed=options.seed, learn_web=not options.without_web)
    if options.write:
        write(pages, others, Path(__file__).resolve().parents[1] / "omnicorpus/body.json", threshold=0.3)


if __name__ == "__main__":
    main()
