"""Which items of a page are its main body."""

from __future__ import annotations

from omnicorpus.blocks import Page, Picture

_CHROME = frozenset(("nav", "footer", "aside", "form", "header", "menu"))


def choose(page: Page) -> list[bool]:
    """One truth value for each item of the page: whether it belongs to the main body."""
    nodes = page.nodes
    chrome = [False] * len(nodes)
    for index in range(1, len(nodes)):
        node = nodes[index]
        chrome[index] = chrome[node.parent] or node.tag in _CHROME or node.hidden
    chosen = []
    for item in page.items:
        if chrome[item.node] or isinstance(item, Picture):
            chosen.append(not chrome[item.node] and not item.silent if isinstance(item, Picture) else False)
        else:
            chosen.append(
                item.linked < len(item.text) / 2 and (len(item.text) > 25 or nodes[item.node].tag in ("p", "h1"))
            )
    return chosen
