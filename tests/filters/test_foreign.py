# ruff: noqa: E501 - texts read better unbroken

import pytest

from filters.foreign import are_alike, foreign_paragraphs, is_plainly
from filters.words import Words
from omnicorpus.document import Drop
from omnicorpus.language import identify

TEXTS = {
    "en": "The harbour of the town was built in the year of the great storm, and it has served the fishing boats since, as "
    "visitors see who walk along the old wall.",
    "de": "Der Hafen der Stadt wurde im Jahr des großen Sturms gebaut und dient seitdem den Fischern, die am Abend mit ihrem "
    "Fang zurückkehren und ihn auf dem Markt verkaufen.",
    "fr": "Le port de la ville fut construit l’année de la grande tempête, et depuis il sert aux pêcheurs qui rentrent le soir "
    "avec leurs prises et les vendent sur le marché.",
    "es": "El puerto de la ciudad se construyó el año de la gran tormenta y desde entonces sirve a los pescadores que vuelven "
    "por la noche con su captura y la venden en el mercado.",
    "ru": "Порт города был построен в год великой бури и с тех пор служит рыбакам, которые вечером возвращаются с уловом и "
    "продают его на рынке у старой стены, где гуляют гости города.",
    "zh": "这座城市的港口建于大风暴的那一年，从那以后一直为渔船服务。游客沿着古老的城墙散步，看着渔民们带着收获归来，傍晚的码头十分热闹。",
    "ja": "この町の港は大嵐の年に造られ、それ以来、漁船のために使われてきました。夕方になると、漁師たちは獲物を持って帰り、市場で売ります。訪れる人は古い壁に沿って歩きます。",
    "ko": "이 도시의 항구는 큰 폭풍이 있던 해에 지어졌고 그 이후로 어선들이 이용해 왔다. 저녁이면 어부들이 잡은 물고기를 가지고 돌아와 시장에서 판다. "
    "방문객들은 오래된 성벽을 따라 걷는다.",
    "ar": "بني ميناء المدينة في عام العاصفة الكبرى، ومنذ ذلك الحين يخدم الصيادين الذين يعودون في المساء بصيدهم ويبيعونه في السوق قرب السور القديم حيث "
    "يتنزه زوار المدينة كل يوم.",
}


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("other", TEXTS)
def test_a_paragraph_of_another_language_is_found(language: str, other: str) -> None:
    own = Words(TEXTS[language], language)
    found = foreign_paragraphs([own] * 5 + [Words(TEXTS[other], language)], language, identify)
    if are_alike(language, other):
        assert found == {}
    else:
        assert [(place, drop.rule, drop.detail) for place, drop in found.items()] == [(5, "foreign_paragraph", other)]


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("other", TEXTS)
def test_what_is_plain_is_right(language: str, other: str) -> None:
    assert not is_plainly(language, Words(TEXTS[other], language)) or are_alike(language, other)


def test_short_paragraphs_and_pages_of_two_languages_keep_theirs() -> None:
    german, english = Words(TEXTS["de"]), Words(TEXTS["en"])
    assert foreign_paragraphs([german] * 3 + [Words("This is a short line.")], "de", identify) == {}
    assert foreign_paragraphs([german, english], "de", identify) == {}
    assert list(foreign_paragraphs([german, english], "de", identify, share=0.6)) == [1]
    assert foreign_paragraphs([german] * 3 + [english], None, identify) == {}


def test_the_least_certainty_decides() -> None:
    paragraphs = [Words("a b c d e f " * 5)] * 3 + [Words("x y z " * 8)]

    def said(text: str) -> tuple[str | None, float]:
        return ("fi", 0.8) if "x" in text else ("tr", 0.99)

    assert foreign_paragraphs(paragraphs, "tr", said) == {}
    assert foreign_paragraphs(paragraphs, "tr", said, certainty=0.8) == {3: Drop("foreign_paragraph", 0.8, 0.8, "fi")}


def test_neighbours_are_taken_for_one() -> None:
    assert are_alike("no", "da") and are_alike("zh", "yue") and not are_alike("de", "en")
