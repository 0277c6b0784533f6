from __future__ import annotations

import pytest

from filters.image_address import declared_size, judge
from omnicorpus.document import Drop, Image


def image(url: str = "http://example.test/river.jpg", **known: object) -> Image:
    return Image(url, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.test/river.jpg",
        "https://example.test/uploads/header-of-a-river.png",
        "https://upload.example.test/a/ad/Queen.jpg",
        "https://example.test/adventure/reader/shadow.jpg",
        "https://example.test/iconic/logout.jpg",
        "https://example.test/facebook-headquarters.jpg",
        "https://example.test/share-prices.png",
        "https://example.test/i?id=7&w=640",
        "https://example.test/latex-gloves.jpg",
    ],
)
def test_pictures_are_kept(url: str) -> None:
    assert judge(image(url)) is None


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("data:image/gif;base64,R0lGOD", "data"),
        ("blob:http://example.test/7", "unsupported_scheme"),
        ("file:///etc/river.png", "unsupported_scheme"),
        ("http://", "unsupported_scheme"),
        ("https://www.facebook.com/tr?id=7&ev=PageView", "tracker"),
        ("https://hm.baidu.com/hm.gif?x", "tracker"),
        ("https://example.test/stats/pixel.gif", "tracker"),
        ("https://ads.example.test/1.jpg", "ad"),
        ("https://example.test/img/sponsor/1.jpg", "ad"),
        ("https://secure.gravatar.com/avatar/7?s=60", "avatar"),
        ("https://example.test/smilies/wink.png", "emoticon"),
        ("https://example.test/css/sprite.png", "sprite"),
        ("https://example.test/api/rest_v1/media/math/render/svg/7f", "formula"),
        ("https://s0.example.test/latex.php?latex=x^2", "formula"),
        ("https://latex.codecogs.com/gif.latex?x", "formula"),
        ("https://example.test/static/blank.gif?v=2", "placeholder"),
        ("https://example.test/favicon.ico", "icon"),
        ("https://example.test/apple-touch-icon-152x152.png", "icon"),
        ("https://example.test/img/arrow.gif", "icon"),
        ("https://example.test/img/icon_whatsapp.png", "icon"),
        ("https://example.test/img/twitter-share-32x32.svg", "icon"),
        ("https://example.test/img/1x1.png", "placeholder"),
    ],
)
def test_what_is_no_content_is_dropped_by_its_rule(url: str, rule: str) -> None:
    verdict = judge(image(url))
    assert verdict is not None
    assert verdict.rule == f"image_address.{rule}"


def test_a_declared_side_under_the_threshold_is_dropped_with_its_measure() -> None:
    assert declared_size(image(declared_width=600, declared_height=31)) == Drop(
        "image_address.declared_size", 31.0, 32.0
    )
    assert declared_size(image(declared_width=32)) is None
    assert declared_size(image()) is None
    assert declared_size(image(declared_width=99), pixels=100) == Drop("image_address.declared_size", 99.0, 100.0)


def test_the_names_around_an_image_count() -> None:
    assert judge(image(context="post-author avatar")) == Drop("image_address.avatar", detail="avatar")
    assert judge(image(context="adsbygoogle slot")) == Drop("image_address.ad", detail="adsbygoogle")
    assert judge(image(context="mwe-math-fallback-image-inline")) is not None
    assert judge(image(context="readable shadow")) is None


def test_posters_of_videos_are_judged_by_their_scheme_alone() -> None:
    assert judge(image("http://example.test/pixel.gif", kind="video")) is None
    assert judge(image("data:image/gif;base64,R0", kind="video")) is not None
