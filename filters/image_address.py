"""Images that are not content, by their address, their declared size and the names around them.

Each rule takes one image and returns None to keep it, or a Drop. `judge` runs them in order. Nothing is fetched here;
an image is cut before any request is made for it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from omnicorpus.document import Drop, Image


def _words(*words: str) -> re.Pattern[str]:
    """Any of the words, standing alone: no letter before or behind."""
    return re.compile(r"(?<![a-z])(?:" + "|".join(words) + r")(?![a-z])")


_TRACKER_HOSTS = re.compile(
    r"(?:^|\.)(?:doubleclick\.net|scorecardresearch\.com|quantserve\.com|google-analytics\.com|googletagmanager\.com|"
    r"facebook\.com|hm\.baidu\.com|cnzz\.com|imrworldwide\.com|statcounter\.com|sitemeter\.com|chartbeat\.net|"
    r"omtrdc\.net|2o7\.net|bat\.bing\.com|histats\.com|mc\.yandex\.ru|(?:top|counter|top-fwz1)\.mail\.ru|adnxs\.com|taboola\.com|outbrain\.com|"
    r"amazon-adsystem\.com|googlesyndication\.com|feedburner\.com|stats\.wordpress\.com|pixel\.wp\.com|"
    r"rubiconproject\.com|criteo\.com|demdex\.net|bluekai\.com|crwdcntrl\.net|everesttech\.net|alexametrics\.com)$"
)
_TRACKER_PATH = _words("pixel", "beacon", "tracker", "tracking", "impression", "webbug", "counter", "analytics")
_AD = _words(
    "ads", "adserver", "adservice", "adsense", "advert", "adverts", "advertisement", "advertisements", "advertising",
    "adbanner", "adimg", "doubleclick", "sponsor", "sponsors", "affiliate", "smartadserver",
)  # fmt: skip
_AD_HOST = re.compile(r"(?:^|\.)(?:ads?|adserver|adimg|smartadserver|adform|adition|adtech)(?:\d*\.|$)")
_AD_CONTEXT = _words(
    "ads", "adsbygoogle", "advert", "adverts", "advertisement", "advertising", "adslot", "adunit", "adbox",
    "sponsored", "promoted",
)  # fmt: skip
_ICON = re.compile(
    r"^(?:apple-touch-)?(?:fav|share-?|social-?|rss-?|menu-?|search-?)?icons?(?:[-_]?\d+(?:x\d+)?)?\.\w+$"
    r"|^(?:bullet|arrow|button|btn|badge)s?(?:[-_]?\d+)?\.\w+$"
)
_NETWORK = (
    "facebook|fb|twitter|whatsapp|linkedin|pinterest|reddit|telegram|instagram|youtube|tumblr|weibo|wechat|weixin|qzone|vk|"
    "e?-?mail|rss|print"
)
_AFFIX = "icons?|ico|share|social|follow|btn|button|logo"
_SHARE = re.compile(
    rf"^(?:(?:{_AFFIX})[-_]+(?:{_NETWORK})|(?:{_NETWORK})[-_]+(?:{_AFFIX}))(?:[-_]?\d+(?:x\d+)?)?\.\w+$"
)
_AVATAR = _words(
    "avatar", "avatars", "gravatar", "userpic", "profilepic", "headshot", "useravatar", "faceimg", "noavatar"
)
_EMOTICON = _words(
    "smiley", "smileys", "smilies", "smilie", "emoticon", "emoticons", "emoji", "emojis", "twemoji", "face"
)
_PLACEHOLDER = re.compile(
    r"^(?:blank|spacer|transparent|placeholder|lazy-?load(?:ing|er)?|loading|loader|1x1|clear|dummy)\d*\.(?:gif|png|svg|jpe?g|webp)$"
)
_FORMULA = re.compile(r"/math/render/|latex\.php\?|(?:^|[/.])codecogs\.com/|/(?:mimetex|mathtex)\.cgi")
_FORMULA_CONTEXT = _words("mwe-math-fallback-image-inline", "mwe-math-fallback-image-display")
_SPRITE = _words("sprite", "sprites", "spritesheet")


def unsupported_scheme(image: Image) -> Drop | None:
    """Addresses that no server answers: anything but http and https, or without a host."""
    scheme, _, rest = image.url.partition(":")
    if scheme.lower() == "data":
        return Drop("image_address.data", detail=image.url[:40])
    if scheme.lower() not in ("http", "https") or not rest.lstrip("/"):
        return Drop("image_address.unsupported_scheme", detail=image.url[:40])
    return None


def tracker(image: Image) -> Drop | None:
    """Counting pixels, by host or by address."""
    host, path = _address(image)
    if _TRACKER_HOSTS.search(host):
        return Drop("image_address.tracker", detail=host)
    return _found("tracker", _TRACKER_PATH, path)


def icon(image: Image) -> Drop | None:
    """Icons and the marks of networks, by the whole name of the file: "icon-of-the-virgin.jpg" is a picture,
    "icon-32x32.png" and "icon_whatsapp.png" are none."""
    name = _address(image)[1].split("?")[0].rsplit("/", 1)[-1]
    return _found("icon", _ICON, name) or _found("icon", _SHARE, name)


def placeholder(image: Image) -> Drop | None:
    """Blanks that a script replaces by the picture itself, by the name of the file."""
    name = _address(image)[1].split("?")[0].rsplit("/", 1)[-1]
    return _found("placeholder", _PLACEHOLDER, name)


def declared_size(image: Image, *, pixels: int = 32) -> Drop | None:
    """A declared shorter side under `pixels` CSS pixels. Default 32: the largest usual icon."""
    sides = [side for side in (image.declared_width, image.declared_height) if side is not None]
    if sides and min(sides) < pixels:
        return Drop("image_address.declared_size", float(min(sides)), float(pixels))
    return None


def ad(image: Image) -> Drop | None:
    """Advertisements, by a word of their address or of the names around them."""
    host, path = _address(image)
    if _AD_HOST.search(host):
        return Drop("image_address.ad", detail=host)
    return _found("ad", _AD, path) or _found("ad", _AD_CONTEXT, image.context)


def avatar(image: Image) -> Drop | None:
    """Pictures of users, by a word of their address or of the names around them."""
    return _found("avatar", _AVATAR, "".join(_address(image))) or _found("avatar", _AVATAR, image.context)


def emoticon(image: Image) -> Drop | None:
    """Emoticons and emoji, by a word of their address or of the names around them."""
    return _found("emoticon", _EMOTICON, _address(image)[1]) or _found("emoticon", _EMOTICON, image.context)


def formula(image: Image) -> Drop | None:
    """Pictures of formulas, by the address of the service that draws them or by the names around them."""
    host, path = _address(image)
    return _found("formula", _FORMULA, host + path) or _found("formula", _FORMULA_CONTEXT, image.context)


def sprite(image: Image) -> Drop | None:
    """Sprite sheets, by a word of their address."""
    return _found("sprite", _SPRITE, _address(image)[1])


def _address(image: Image) -> tuple[str, str]:
    """Host and path with query of an image, lower case, percent signs resolved."""
    return _host_and_path(image.url)


@lru_cache(maxsize=1)  # eight rules ask this of the same image, one after the other: half of their time
def _host_and_path(url: str) -> tuple[str, str]:
    try:
        split = urlsplit(url)
    except ValueError:
        return "", url.lower()
    return split.netloc.lower(), unquote(f"{split.path}?{split.query}").lower()


def _found(rule: str, words: re.Pattern[str], text: str) -> Drop | None:
    match = words.search(text)
    return Drop(f"image_address.{rule}", detail=match[0]) if match else None


def judge(image: Image, *, pixels: int = 32) -> Drop | None:
    """The first verdict of all rules on one image. Video and audio posters are judged by their scheme alone."""
    verdict = unsupported_scheme(image)
    if verdict is not None or image.kind != "image":
        return verdict
    return (
        placeholder(image)
        or icon(image)
        or tracker(image)
        or declared_size(image, pixels=pixels)
        or ad(image)
        or avatar(image)
        or emoticon(image)
        or formula(image)
        or sprite(image)
    )
