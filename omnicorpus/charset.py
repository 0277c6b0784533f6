"""Bytes of a page to text, as browsers and the real web have it. Detection is resiliparse's."""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import detect_encoding

PRESCAN = 4_096
"""Bytes searched for a declaration. HTML asks for 1,024; pages with long heads declare later."""

_META = re.compile(rb"""<meta[^>]{0,512}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.I)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})["']""", re.I)

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# WHATWG Encoding: these labels mean the larger code page that browsers use for them.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_STATEFUL = ("iso2022_jp", "hz", "utf-7", "utf-16", "utf-32")


def decode(body: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text of a page and the name of the charset used. `declared` is the HTTP header's charset.

    In order: a byte order mark; valid UTF-8 (bytes above 127 that form valid UTF-8 are practically never anything else,
    and headers lie more often than that); the header; the page's own declaration; detection. What can't be decoded
    becomes U+FFFD.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    named = _codec(declared) or _declaration(body)
    if named is None or not named.startswith(_STATEFUL):
        try:
            return body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    if named is None or named == "utf-8":
        named = _codec(detect_encoding(body)) or "cp1252"
    return body.decode(named, "replace"), named


def utf8(body: bytes, declared: str | None = None) -> bytes:
    """The page of `decode` in UTF-8: most pages are in it already, and nothing is written anew for them (0.05 ms)."""
    if not body.startswith(tuple(mark for mark, _ in _BOMS)):
        named = _codec(declared) or _declaration(body)
        if named is None or not named.startswith(_STATEFUL):
            try:
                body.decode("utf-8")
                return body
            except UnicodeDecodeError:
                pass
    return decode(body, declared)[0].encode("utf-8", "replace")


def _declaration(body: bytes) -> str | None:
    head = body[:PRESCAN]
    found = _XML.search(head) or _META.search(head)
    name = _codec(found[1].decode("ascii")) if found else None
    # A declaration that could be read as ASCII can't be in a 16-bit charset (WHATWG HTML, prescan).
    return "utf-8" if name is not None and name.startswith(("utf-16", "utf-32")) else name


def _codec(label: str | None) -> str | None:
    """Python's name of a text charset, None for a label that names none."""
    if not label:
        return None
    try:
        info = codecs.lookup(label.strip().strip("\"'").lower())
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True):
        return None
    return _SUPERSETS.get(info.name, info.name)
