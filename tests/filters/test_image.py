from dataclasses import replace

import pytest

from filters.image import ImageSettings, judge
from omnicorpus.document import Drop, Image, Measures

GOOD = Measures(
    bytes=20_000, width=640, height=480, format="JPEG", p_hash_count=1, d_hash_count=1, nsfw=0.01, aesthetic=5.0
)


def image(measures: Measures | None = GOOD, clip_similarity: float | None = None) -> Image:
    return Image("https://example.org/a.jpg", measures=measures, clip_similarity=clip_similarity)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        (GOOD, None),
        (Measures(error="timeout after 10 s"), Drop("decodable", detail="timeout after 10 s")),
        (replace(GOOD, width=150, height=150), None),
        (replace(GOOD, width=149, height=150), Drop("min_side", 149, 150)),
        (replace(GOOD, width=20_001, height=20_000), Drop("max_side", 20_001, 20_000)),
        (replace(GOOD, width=400, height=200), None),
        (replace(GOOD, width=401, height=200), Drop("aspect_ratio", 2.005, 2.0)),
        (replace(GOOD, width=200, height=401), Drop("aspect_ratio", 0.4988, 0.5)),
        (replace(GOOD, p_hash_count=10, d_hash_count=10), None),
        (replace(GOOD, p_hash_count=11), Drop("p_hash_count", 11, 10)),
        (replace(GOOD, d_hash_count=11), Drop("d_hash_count", 11, 10)),
        (replace(GOOD, sharpness=0.0, entropy=0.0, main_colour=1.0, brisque=150.0), None),
        (replace(GOOD, nsfw=0.8), None),
        (replace(GOOD, nsfw=0.81), Drop("nsfw", 0.81, 0.8)),
        (replace(GOOD, aesthetic=3.7), None),
        (replace(GOOD, aesthetic=3.6), Drop("aesthetic", 3.6, 3.7)),
    ],
)
def test_the_rules_of_the_paper(measures: Measures, expected: Drop | None) -> None:
    assert judge(image(measures), ImageSettings()) == expected


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge(image(None), ImageSettings()) is None
    assert judge(image(Measures(width=640, height=480)), ImageSettings()) is None


def test_similarity_is_judged_only_where_a_threshold_is_set() -> None:
    assert judge(image(clip_similarity=0.1), ImageSettings()) is None
    assert judge(image(clip_similarity=0.1), ImageSettings(clip_similarity=0.15)) == Drop("clip_similarity", 0.1, 0.15)
    assert judge(image(None, 0.1), ImageSettings(clip_similarity=0.15)) == Drop("clip_similarity", 0.1, 0.15)
    assert judge(image(clip_similarity=None), ImageSettings(clip_similarity=0.15)) is None


def test_rules_that_are_off_keep() -> None:
    off = ImageSettings(
        decodable=False, min_side=None, max_side=None, aspect_ratio=None, nsfw=None, aesthetic=None,
        p_hash_count=None, d_hash_count=None,
    )  # fmt: skip
    bad = Measures(width=1, height=30_000, p_hash_count=99, d_hash_count=99, nsfw=1.0, aesthetic=1.0)
    assert judge(image(bad), off) is None
    assert judge(image(Measures(error="404")), off) is None


@pytest.mark.parametrize(
    ("settings", "measures", "drop"),
    [
        (ImageSettings(sharpness=100.0), replace(GOOD, sharpness=99.0), Drop("sharpness", 99.0, 100.0)),
        (ImageSettings(sharpness=100.0), replace(GOOD, sharpness=100.0), None),
        (ImageSettings(entropy=1.0), replace(GOOD, entropy=0.5), Drop("entropy", 0.5, 1.0)),
        (ImageSettings(main_colour=0.99), replace(GOOD, main_colour=1.0), Drop("main_colour", 1.0, 0.99)),
        (ImageSettings(brisque=80.0), replace(GOOD, brisque=80.5), Drop("brisque", 80.5, 80.0)),
        (ImageSettings(brisque=80.0), GOOD, None),
    ],
)
def test_rules_that_are_off_by_default_judge_where_they_are_asked_for(
    settings: ImageSettings, measures: Measures, drop: Drop | None
) -> None:
    assert judge(image(measures), settings) == drop
