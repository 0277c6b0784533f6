# ruff: noqa: E501 - numbers read better unbroken

from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.personal import COUNTRIES, PersonalSettings, is_card, is_iban, is_resident_id, mask, mask_text
from omnicorpus.document import Document, Drop, Image, Locator, Part, Text

SETTINGS = PersonalSettings()


def masked(text: str, settings: PersonalSettings = SETTINGS) -> str:
    return mask_text(text, settings, Counter())


def doc(*parts: Part) -> Document:
    return Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), parts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Write to ada.smith+news@mail.harbour.co.uk today.", "Write to <EMAIL> today."),
        ("Write to help@harbour.com.What are you waiting for?", "Write to <EMAIL>.What are you waiting for?"),
        ("Server 93.184.216.34, and 2606:4700:4700::1111 too.", "Server <IP>, and <IP> too."),
        ("Card 4111 1111 1111 1111 or 4111-1111-1111-1111.", "Card <CARD> or <CARD>."),
        ("Card 378282246310005", "Card <CARD>"),
        ("网站地图fyzw88@126.com郑重声明", "网站地图<EMAIL>郑重声明"),
        ("IBAN DE89 3704 0044 0532 0130 00, GB82WEST12345698765432", "IBAN <IBAN>, <IBAN>"),
        ("身份证 11010519491231002X", "身份证 <RESIDENT_ID>"),
        ("Call +44 20 7946 0958 or +1 (555) 234-5678.", "Call <PHONE> or <PHONE>."),
        ("Call (212) 555-0188 or 212-555-0188", "Call <PHONE> or <PHONE>"),
        ("电话：13912345678，010-58779988", "电话：<PHONE>，<PHONE>"),
        ("電話 03-1234-5678", "電話 <PHONE>"),
        ("전화 010-1234-5678", "전화 <PHONE>"),
        ("Tél. 01 42 68 53 00", "Tél. <PHONE>"),
        ("Telefon 030 / 901820", "Telefon <PHONE>"),
        ("Тел. 8 (495) 123-45-67", "Тел. <PHONE>"),
    ],
)
def test_what_is_masked(before: str, after: str) -> None:
    assert masked(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "Write to webmaster@example.com or root@localhost.",
        "The router has 192.168.0.1, the loopback is 127.0.0.1 and ::1, the mask 255.255.255.0.",
        "See section 12.3.2.1 and version 93.184.216.34 of the program, released at 12:30:45.",
        "Card 4111 1111 1111 1112",
        "IBAN GB82WEST12345698765431",
        "身份证 110105194912310021",
        "In 1914-1918 and 2020-2023, pages 123-4567, ISBN 979-10-91414-21-0.",
        "The order 20231128120000 came on 2023-11-28 at 12:00:00, priced 1,234,567.89.",
        "pi is 3.14159265358979 and e is 2.718281828459045",
        "std::vector<int> and a:b:c",
        "@harbour and #news",
        "Four cores A53@1.4Ghz, inet:10002@127.0.0.1",
        "Ports 65001-65535, open 0200-0330, number 008-14-1935",
        "modprobe@module.service, logo@2x.png, printer@office.local, https://user:secret@box.harbour.org/git",
        "Networks 93.184.0.0/16 and 2001:0bc8:31a0::/48",
        "Loopback 127.0.0.53, link-local 169.254.1.1 and fe80::1, carrier 100.64.0.1, this host 0.0.0.0, multicast 224.0.0.251.",
        "Documentation 192.0.2.1, 198.51.100.7, 203.0.113.9 and 2001:db8::1.",
        "Version 10.15.7.1, release 95.0.4638.54, v. 8.8.8.8 and Firefox/115.0.1.2 stand in logs.",
        "OID 1.3.6.1.4.1.311, 256.300.1.2 and 8.8.8.8.8 are no addresses.",
        "ISBN 978-0-306-40615-7, ISBN 9780306406157, ISSN 2049-3630, EAN 4006381333931.",
        "DOI 10.1000/182, arXiv 2406.08418, PMID 31452104, RFC 2606, CVE-2021-44228, bug #1234567.",
        "UUID 123e4567-e89b-12d3-a456-426614174000, MD5 d41d8cd98f00b204e9800998ecf8427e, MAC 00:1a:2b:3c:4d:5e.",
        "From 10:30-12:45 on 2024-05-23, 23/05/2024, 05-23-2024; coordinates 48.858370, 2.294481.",
        "1 2 3 4 5 6 7 8 9 10 11 12 and 100 200 300 400; 1,000,000 people, 192 168 pages",
        "0000 0000 0000 0000 and 1234 5678 9012 3456 are on every specimen.",
        "Unix time 1700000000, bytes 4294967296, π 3.14159265, 0.1234567890123456",
        "GB29 is a road, FR76 a room, and DE12 3456 7890 1234 5678 90 fails its check.",
        "Twitter @harbour, an e-mail is written name@, ssh git@localhost, a@b",
        "第12条第345款，编号2023-0456-7890，2008年11月11日11时11分",
        "身份证号码为11010119900307771X的格式不对，区号0086以外",
        "平成23年3月11日14時46分、〒100-0001、第1-23-456号",
    ],
)
def test_what_belongs_to_nobody_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "ada@harbour.uk"),
        ("phone", "+44 20 7946 0958"),
        ("ip", "93.184.216.34"),
        ("card", "4111111111111111"),
        ("iban", "GB82WEST12345698765432"),
        ("resident_id", "11010519491231002X"),
    ],
)
def test_each_kind_is_switched_by_its_name(kind: str, text: str) -> None:
    others: Any = {field.name: False for field in fields(SETTINGS) if field.name not in (kind, "phone_countries")}
    alone = replace(SETTINGS, **others)
    counts: Counter[str] = Counter()
    assert mask_text(text, alone, counts) == f"<{kind.upper()}>"
    assert counts == {kind: 1}
    none: Any = {kind: False}
    assert masked(text, replace(alone, **none)) == text


def test_national_numbers_are_those_of_the_countries_asked_for() -> None:
    german = replace(SETTINGS, phone_countries=("DE",))
    assert masked("030 / 901820 and (212) 555-0188", german) == "<PHONE> and (212) 555-0188"
    assert masked("030 / 901820", replace(SETTINGS, phone_countries=())) == "030 / 901820"
    assert "DE" in COUNTRIES
    with pytest.raises(ValueError, match="no telephone format is known for XX"):
        masked("030 / 901820", replace(SETTINGS, phone_countries=("XX",)))


def test_drops_count_by_part_and_kind_and_hold_no_data() -> None:
    picture = Image("https://example.org/a.png", alt="Ask ada@harbour.uk", caption="The quay")
    document, drops = mask(doc(Text("a@harbour.uk, b@harbour.uk, 93.184.216.34"), Text("nothing"), picture), SETTINGS)
    assert document.parts == (Text("<EMAIL>, <EMAIL>, <IP>"), Text("nothing"), replace(picture, alt="Ask <EMAIL>"))
    assert drops == [
        (0, Drop("personal.email", 2, 0)),
        (0, Drop("personal.ip", 1, 0)),
        (2, Drop("personal.email", 1, 0)),
    ]
    untouched = doc(picture)
    assert mask(untouched, replace(SETTINGS, alternatives=False)) == (untouched, [])


@given(st.integers(10**14, 10**15 - 1))
def test_one_last_digit_makes_a_card(number: int) -> None:
    valid = [digit for digit in range(10) if is_card(f"4{number}"[:15] + str(digit))]
    assert len(valid) <= 1 and (valid or len(set(f"4{number}"[:15])) == 1)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=18, max_size=18))
def test_check_digits_make_an_iban(account: str) -> None:
    digits = "".join(str(int(letter, 36)) for letter in account + "DE00")
    check = 98 - int(digits) % 97
    assert is_iban(f"DE{check:02d}{account}")
    assert not is_iban(f"DE{(check % 97) + 1:02d}{account}") or (check % 97) + 1 == check


@given(st.integers(0, 999))
def test_one_check_character_makes_a_resident_id(order: int) -> None:
    start = f"11010519900307{order:03d}"
    assert sum(is_resident_id(start + last) for last in "0123456789X") == 1


PIECES = st.sampled_from(
    [
        "ada@harbour.uk",
        "93.184.216.34",
        "+44 20 7946 0958",
        "4111111111111111",
        "DE89370400440532013000",
        "12",
        " ",
        "-",
        ".",
        "/",
        "@",
        "v",
    ]
)


@given(st.lists(PIECES | st.text(max_size=6), max_size=12).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = masked(text)
    counts: Counter[str] = Counter()
    assert mask_text(once, SETTINGS, counts) == once
    assert not counts


@given(st.text(alphabet=st.characters(exclude_categories=("Nd", "Nl", "No"), exclude_characters="@:")))
def test_without_digits_and_at_signs_nothing_is_masked(text: str) -> None:
    assert masked(text) == text
