from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import trim

TRIMS: list[Callable[[str], str]] = [
    trim.composed,
    trim.control_characters,
    trim.line_breaks,
    trim.underscore_runs,
    trim.citation_marks,
    trim.ending_marks,
    trim.credit_ending,
    trim.teaser_ending,
    trim.text_urls,
]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (trim.composed, "cafe\u0301", "café"),
        (trim.control_characters, "zero\u200bwidth\u00ad and\x07 bell", "zerowidth and bell"),
        (trim.control_characters, "می\u200cخواهم 👩\u200d🚀", "می\u200cخواهم 👩\u200d🚀"),
        (trim.control_characters, "a\u200db and a\u200cb", "ab and ab"),
        (trim.control_characters, "\u200cabc \u200d", "abc "),
        (
            trim.control_characters,
            "क्\u200dष र्\u200cक 👩🏽\u200d🚀 ❤\ufe0f\u200d🔥",
            "क्\u200dष र्\u200cक 👩🏽\u200d🚀 ❤\ufe0f\u200d🔥",
        ),
        (trim.control_characters, "港\u200d口\u2060今\ufeff天\u3164", "港口今天"),
        (trim.control_characters, "tag\U000e0041ged", "tagged"),
        (
            trim.control_characters,
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        (trim.compatibility_forms, "ＡＢＣ１２３ ﬁnd oﬀer ｶﾞﾅ ﻻ", "ABC123 find offer ガナ لا"),
        (trim.compatibility_forms, "m² ½ ™ ，（一）！ ② ㎏", "m² ½ ™ ，（一）！ ② ㎏"),
        (trim.text_urls, "See the page (https://a.test/b) there. https://t.test/c", "See the page there."),
        (trim.text_urls, "港口开放（https://a.test/b）。", "港口开放。"),
        (trim.text_urls, "See https://a.test/b for more", "See https://a.test/b for more"),
        (trim.text_urls, "The address is https://a.test/b", "The address is https://a.test/b"),
        (trim.text_urls, "Если это не так, см. https://a.test/b", "Если это не так, см. https://a.test/b"),
        (trim.text_urls, "- Use: https://2019.www.harbour.test/docs", "- Use: https://2019.www.harbour.test/docs"),
        (trim.text_urls, "The root (https://domainname/) leads on", "The root (https://domainname/) leads on"),
        (trim.text_urls, "New (www.*.com) patterns", "New (www.*.com) patterns"),
        (trim.line_breaks, "one\n \n\n\ntwo\n\nthree", "one\n\ntwo\n\nthree"),
        (trim.underscore_runs, "Name: _______________ Date", "Name:\nDate"),
        (trim.underscore_runs, "snake_case and __init__", "snake_case and __init__"),
        (trim.citation_marks, "It was built in 1879.[12][13, 14] It stands.", "It was built in 1879. It stands."),
        (trim.citation_marks, "The year is unknown.[citation needed]", "The year is unknown."),
        (trim.citation_marks, "港口建于那一年[3]，至今仍在使用。", "港口建于那一年，至今仍在使用。"),
        (trim.citation_marks, "History[edit]", "History"),
        (trim.citation_marks, "Historia[editar | modificar o codigo]", "Historia"),
        (trim.citation_marks, "The element array[1] is the second.", "The element array[1] is the second."),
        (trim.ending_marks, "港口今天重新开放。（完）", "港口今天重新开放。"),
        (trim.ending_marks, "The quay is open again. ■", "The quay is open again."),
        (trim.ending_marks, "The quay is open again. -END-", "The quay is open again."),
        (trim.ending_marks, "This is the end", "This is the end"),
        (trim.credit_ending, "The old quay. (Photo: Ada Smith)", "The old quay."),
        (trim.credit_ending, "The old quay (the image on the left)", "The old quay (the image on the left)"),
        (trim.credit_ending, "游客在公园赏花。新华社记者 张三 摄", "游客在公园赏花。"),
        (trim.credit_ending, "港口重新开放。（责任编辑：王小明）", "港口重新开放。"),
        (trim.teaser_ending, "The quay is open. It has been rebu... Read more", "The quay is open."),
        (trim.teaser_ending, "The quay is open. It has been [...]", "The quay is open."),
        (trim.teaser_ending, "The quay is open. Read more »", "The quay is open."),
        (trim.teaser_ending, "Harbour reopens after the storm Read More", "Harbour reopens after the storm"),
        (trim.teaser_ending, "See the manual to learn more.", "See the manual to learn more."),
        (trim.teaser_ending, "He waited, and waited...", "He waited, and waited..."),
        (trim.teaser_ending, "港口今天重新开放。阅读全文", "港口今天重新开放。"),
    ],
)
def test_what_is_taken_out(rule: Callable[[str], str], before: str, after: str) -> None:
    assert rule(before) == after


@pytest.mark.parametrize("rule", TRIMS)
@given(text=st.text(alphabet=st.sampled_from("ab.[1]{}()_\n …■（完）#-\u200b\u0301摄记者张三Read more"), max_size=80))
def test_nothing_is_ever_added(rule: Callable[[str], str], text: str) -> None:
    assert len(rule(text)) <= len(text)


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "The quay is open. It was built by the", "The quay is open."),
        ("en", "The quay is open. It was built of stone,", "The quay is open."),
        ("en", "It was built by the", ""),
        ("en", "The quay is open. It was built", "The quay is open. It was built"),
        ("en", "The quay is open. Photo taken from", "The quay is open."),
        ("en", "This is what it was for", "This is what it was for"),
        ("de", "Der Kai ist offen. Er wurde von der", "Der Kai ist offen."),
        ("fr", "Le quai est ouvert. Il fut construit par les", "Le quai est ouvert."),
        ("zh", "码头开放了。它建于那一年，", "码头开放了。"),
        ("zh", "码头开放了。它建于那一年", "码头开放了。它建于那一年"),
        ("ar", "الميناء مفتوح. بني في", "الميناء مفتوح."),
        (None, "It was built by the", "It was built by the"),
    ],
)
def test_a_sentence_that_breaks_off_is_taken_out(language: str | None, before: str, after: str) -> None:
    assert trim.broken_ending(before, language) == after


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))
def test_repairs_are_made_once(text: str) -> None:
    for repair in (trim.composed, trim.control_characters, trim.compatibility_forms):
        once = repair(text)
        assert repair(once) == once
