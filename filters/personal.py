"""Personal data in texts, masked with typed placeholders: e-mail addresses, telephone numbers, IP addresses, payment
cards, bank accounts, resident identity numbers.

What has check digits is masked only where they are right (cards: Luhn, ISO/IEC 7812; IBAN: ISO 7064 mod 97, lengths
from the SWIFT registry; Chinese resident identity numbers: GB 11643). Addresses that belong to nobody stay: the example
domains of RFC 2606 and 6761, and IP addresses that are private, local, reserved or for documentation. What was masked
is counted, and written down nowhere. Names and postal addresses are not looked for.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from omnicorpus.document import Document, Drop, Image, Part

_ANY = re.compile(r"[\d@]")
"""All that is masked holds one of these: an IPv6 address of the public internet begins with 2 or 3."""
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9.+-])[A-Za-z0-9.+_-]{1,64}@(?P<domain>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}"
    r"\.(?:[a-z]{2,63}|[A-Z]{2,63}))(?!\w)",
    re.ASCII,
)
# Names that are no domain: of RFC 2606, 6761, 6762, of a network at home, of systemd's units, of files ("logo@2x.png").
_NOBODYS = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost|local|lan|internal|service|socket|timer|target|mount|"
    r"slice|scope|device|png|jpe?g|gif|webp|svg|css|js|py|html?)$",
    re.I,
)
_IN_ADDRESS = re.compile(r"://[^\s/@]*$")
# What each number holds for sure, so that most texts need no search for it. Eight digits are the fewest of a telephone
# number; what stands between two of them is at most " (", ") " or " / ".
_NEAR_DIGITS = re.compile(r"\d(?:[ ()./-]{0,3}\d){7}")
_IPV4_MIDDLE = re.compile(r"\.\d{1,3}\.\d")
_IPV6_MIDDLE = re.compile(":[0-9a-fA-F]{0,4}:")
_IBAN_START = re.compile(r"[A-Z][A-Z]\d\d")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d|/\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:]|\.\d|/\d)", re.I)
_VERSION = re.compile(r"(?<!\w)(?:version|release|ver\.?|v|版本?|バージョン|버전|версия)\s{0,2}$|\w[/_-]$", re.I)
_CARD = re.compile(
    r"(?<![\w.+-])(?:\d{4}(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?![\w-]|\.\d)"
)
_CARD_START = re.compile(r"4|5[1-5]|2[2-7]|3[47]|35|6011|62|64[4-9]|65")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_IBAN_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ", 24: "AD CZ ES MD PK RO SA SE SK TN", 25: "PT", 26: "IS TR",
    27: "FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB PL", 29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT",
}  # fmt: skip
_IBAN_LENGTHS = {country: length for length, countries in _IBAN_COUNTRIES.items() for country in countries.split()}
_RESIDENT = re.compile(r"(?<![\w.])[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)")
_INTERNATIONAL = re.compile(r"(?<![\w.+])(?:\+|(?<!\d )00(?=[1-9]\d?[ -]))[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\w|\.\d)")
_NATIONAL = {
    "BR": r"\(\d{2}\) ?9?\d{4}-\d{4}",
    "CN": r"1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}-\d{7,8}",
    "DE": r"0[1-9]\d{1,4} ?[/-] ?(?:\d{5,9}|\d{3,4}(?: \d{2,4}){1,2})|01[567]\d[ /-]?\d{7,8}",
    "ES": r"[679]\d{2}(?:[ .-]\d{3}){2}|[679]\d{2}(?:[ .-]\d{2}){3}",
    "FR": r"0[1-9](?:[ .-]\d{2}){4}",
    "GB": r"0[1-9]\d{1,3}[ -]\d{3,4}[ -]\d{3,4}|07\d{3}[ -]?\d{6}",
    "IN": r"[6-9]\d{4} \d{5}",
    "IT": r"3\d{2}[ .-]\d{3}[ .-]?\d{4}|0\d{1,3}[ -]\d{6,8}",
    "JP": r"0\d-\d{4}-\d{4}|0\d{2}-\d{3,4}-\d{4}|0\d{3}-\d{2}-\d{4}|0\d{4}-\d-\d{4}",
    "KR": r"01[016-9]-\d{3,4}-\d{4}|0\d{1,2}-\d{3,4}-\d{4}",
    "RU": r"8 ?\(\d{3,5}\) ?\d{1,3}(?:[ -]\d{2}){2}",
    "US": r"(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}",
}
COUNTRIES = tuple(sorted(_NATIONAL))
"""Countries whose national way of writing telephone numbers is known; US stands for all of the North American plan."""


@dataclass(frozen=True, slots=True)
class PersonalSettings:
    """What is masked. The placeholder of a kind is its name: <EMAIL>, <PHONE>, <IP>, <CARD>, <IBAN>, <RESIDENT_ID>.

    phone: numbers in international form, and in the national form of `phone_countries` (ISO 3166 codes of `COUNTRIES`;
        another one is a ValueError).
    alternatives: whether alternative texts and captions of images are masked too.
    """

    email: bool = True
    phone: bool = True
    phone_countries: tuple[str, ...] = COUNTRIES
    ip: bool = True
    card: bool = True
    iban: bool = True
    resident_id: bool = True
    alternatives: bool = True

    def __post_init__(self) -> None:
        unknown = [country for country in self.phone_countries if country not in _NATIONAL]
        if unknown:
            raise ValueError(f"no telephone format is known for {', '.join(unknown)}; known: {', '.join(COUNTRIES)}")


def mask(document: Document, settings: PersonalSettings) -> tuple[Document, list[tuple[int, Drop]]]:
    """The document with placeholders, and for each part how many of each kind were masked: rule `personal.KIND`."""
    parts: list[Part] = []
    drops: list[tuple[int, Drop]] = []
    for place, part in enumerate(document.parts):
        counts: Counter[str] = Counter()
        if not isinstance(part, Image):
            text = mask_text(part.text, settings, counts)
            parts.append(part if text == part.text else replace(part, text=text))
        else:
            parts.append(mask_image(part, settings, counts))
        drops.extend((place, drop) for drop in verdicts(counts))
    masked = document.with_parts(tuple(parts)) if drops else document
    return mask_facts(masked, settings), drops


def verdicts(counts: Counter[str]) -> list[Drop]:
    """How many of each kind were masked, as drops of rule `personal.KIND`; the threshold is what may stay."""
    return [Drop(f"personal.{kind}", number, 0) for kind, number in sorted(counts.items())]


def mask_image(image: Image, settings: PersonalSettings, counts: Counter[str]) -> Image:
    """The image with placeholders in its alternative text and caption, and in the sentences it was measured beside.

    The sentences are copies of the document's text, so what is masked in them is counted there.
    """
    alt, caption = image.alt, image.caption
    if settings.alternatives:
        alt, caption = alt and mask_text(alt, settings, counts), caption and mask_text(caption, settings, counts)
    copies: Counter[str] = Counter()
    best = image.best_sentence and mask_text(image.best_sentence, settings, copies)
    matched = image.matched_sentence and mask_text(image.matched_sentence, settings, copies)
    if (alt, caption, best, matched) == (image.alt, image.caption, image.best_sentence, image.matched_sentence):
        return image
    return replace(image, alt=alt, caption=caption, best_sentence=best, matched_sentence=matched)


def mask_facts(document: Document, settings: PersonalSettings) -> Document:
    """The document with placeholders in what its page says of its title and author."""
    facts, counts = document.facts, Counter[str]()
    title = facts.title and mask_text(facts.title, settings, counts)
    author = facts.author and mask_text(facts.author, settings, counts)
    return replace(document, facts=replace(facts, title=title, author=author)) if counts else document


def mask_text(text: str, settings: PersonalSettings, counts: Counter[str]) -> str:
    """The text with placeholders; `counts` is added to, by kind.

    The order is from what is surest to what is least: what has been masked is not looked at again. Numbers that stand
    together without a space show themselves one after the other, so this is repeated until nothing more is found.
    """
    if not _ANY.search(text):
        return text
    while (masked := _once(text, settings, counts)) != text:
        text = masked
    return text


def _once(text: str, settings: PersonalSettings, counts: Counter[str]) -> str:
    if settings.email and "@" in text:
        text = _masked(text, _EMAIL, "email", _is_mail, counts)
    for kind, pattern, is_one in _numbers(text, settings):
        text = _masked(text, pattern, kind, is_one, counts)
    return text


Check = Callable[[re.Match[str]], bool]


def _numbers(text: str, settings: PersonalSettings) -> Iterator[tuple[str, re.Pattern[str], Check]]:
    """The kinds that a text may hold by a first look, what one looks like, and what it must be."""
    near = _NEAR_DIGITS.search(text) is not None
    if settings.iban and _IBAN_START.search(text):
        yield "iban", _IBAN, lambda match: is_iban(match.group())
    if settings.resident_id and near:
        yield "resident_id", _RESIDENT, lambda match: is_resident_id(match.group())
    if settings.card and near:
        yield "card", _CARD, lambda match: is_card(match.group())
    if settings.ip:
        if text.count(".") >= 3 and _IPV4_MIDDLE.search(text):
            yield "ip", _IPV4, lambda match: not _is_numbering(match) and _is_someones(match.group())
        if text.count(":") >= 2 and _IPV6_MIDDLE.search(text):
            yield "ip", _IPV6, lambda match: _is_someones(match.group())
    if settings.phone and near:
        yield "phone", _INTERNATIONAL, lambda _: True
        if settings.phone_countries:
            yield "phone", _national(settings.phone_countries), lambda _: True


def _masked(text: str, pattern: re.Pattern[str], kind: str, is_one: Check, counts: Counter[str]) -> str:
    def placeholder(match: re.Match[str]) -> str:
        if not is_one(match):
            return match.group()
        counts[kind] += 1
        return f"<{kind.upper()}>"

    return pattern.sub(placeholder, text)


def _is_mail(match: re.Match[str]) -> bool:
    """Whether what looks like an e-mail address is one, and no user in a web address and no name of a file."""
    before = match.string[max(0, match.start() - 64) : match.start()]
    return not _NOBODYS.search(match["domain"]) and not _IN_ADDRESS.search(before)


def _is_numbering(match: re.Match[str]) -> bool:
    """Whether four numbers are a version's or a section's: named so, in a name, or all small, as one in 6,000 is."""
    before = match.string[max(0, match.start() - 12) : match.start()]
    return max(map(int, match.group().split("."))) < 30 or _VERSION.search(before) is not None


@cache
def _national(countries: tuple[str, ...]) -> re.Pattern[str]:
    pattern = "|".join(_NATIONAL[country] for country in countries)
    return re.compile(rf"(?<![\w.+/-])(?:{pattern})(?![\w]|[.-]\d)")


def is_card(digits: str) -> bool:
    """Whether the digits, spaces and hyphens aside, are a payment card's: 13 to 19, a known start, Luhn's sum."""
    numbers = [int(digit) for digit in digits if digit.isdigit()]
    if not 13 <= len(numbers) <= 19 or len(set(numbers)) == 1 or not _CARD_START.match(digits):
        return False
    doubled = [2 * number - 9 * (number > 4) for number in numbers[-2::-2]]
    return (sum(numbers[::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether the text, spaces aside, has the length of its country's IBANs and the right check digits."""
    bare = text.replace(" ", "")
    if _IBAN_LENGTHS.get(bare[:2]) != len(bare):
        return False
    return int("".join(str(int(letter, 36)) for letter in bare[4:] + bare[:4])) % 97 == 1


def is_resident_id(text: str) -> bool:
    """Whether 18 characters are a Chinese resident identity number with the right check character."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_someones(text: str) -> bool:
    """Whether an IP address is well-formed and of the public internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast
