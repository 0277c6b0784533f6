from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import line as rules
from filters.detailed import DetailedSettings, judge_line
from filters.line import Line
from omnicorpus.document import Drop

CUT = [
    ("social_media", "en", "Share on Facebook"),
    ("social_media", "en", "1.2k shares | Tweet this | Pin it"),
    ("social_media", "zh", "分享到朋友圈"),
    ("social_media", "zh", "扫一扫关注我们"),
    ("social_media", "de", "Auf Facebook teilen"),
    ("social_media", "fr", "Partager sur Facebook"),
    ("social_media", "es", "Compartir en WhatsApp"),
    ("social_media", "ja", "ツイートする シェア"),
    ("social_media", "ko", "페이스북 공유하기"),
    ("social_media", "ru", "Поделиться в Telegram"),
    ("social_media", "ar", "شارك على فيسبوك"),
    ("read_more", "en", "Continue reading →"),
    ("read_more", "en", "Related articles"),
    ("read_more", "zh", "相关阅读：港口改造完成"),
    ("read_more", "zh", "猜你喜欢"),
    ("read_more", "de", "Lesen Sie auch: Der Hafen wird saniert"),
    ("read_more", "fr", "À lire aussi : le port rénové"),
    ("read_more", "es", "Te puede interesar: El puerto"),
    ("read_more", "ja", "続きを読む"),
    ("read_more", "ko", "관련 기사"),
    ("read_more", "ru", "Читайте также: порт обновят"),
    ("read_more", "ar", "اقرأ أيضا: الميناء القديم"),
    ("account", "en", "You must be logged in to post a comment."),
    ("account", "en", "Subscribe to our newsletter"),
    ("account", "zh", "登录后才能评论"),
    ("account", "de", "Jetzt anmelden"),
    ("account", "fr", "Mot de passe oublié ?"),
    ("account", "es", "Iniciar sesión"),
    ("account", "ja", "コメントを書く"),
    ("account", "ko", "댓글 쓰기"),
    ("account", "ru", "Оставить комментарий"),
    ("account", "ar", "تسجيل الدخول"),
    ("copyright_notice", "en", "© 2023 Harbour News Ltd. All rights reserved."),
    ("copyright_notice", "zh", "未经书面授权，不得转载、摘编本网内容，违者必究。"),
    ("copyright_notice", "zh", "本文不代表本站观点"),
    ("copyright_notice", "de", "Alle Rechte vorbehalten"),
    ("copyright_notice", "fr", "© Le Port. Tous droits réservés"),
    ("copyright_notice", "es", "Todos los derechos reservados"),
    ("copyright_notice", "ja", "記事・写真の無断転載を禁じます"),
    ("copyright_notice", "ko", "무단 전재 및 재배포 금지"),
    ("copyright_notice", "ru", "Все права защищены"),
    ("copyright_notice", "ar", "جميع الحقوق محفوظة للموقع"),
    ("byline", "en", "By Nathan Willis"),
    ("byline", "de", "Von Anna Müller und Karl Schmidt"),
    ("credit_line", "en", "Photo: Ada Smith / Getty Images"),
    ("credit_line", "zh", "来源：新华网"),
    ("credit_line", "zh", "责任编辑：王小明"),
    ("credit_line", "zh", "本报记者 李四 摄"),
    ("credit_line", "de", "Foto: Daniel Müller / dpa"),
    ("credit_line", "fr", "Mis à jour le 12 mai 2021"),
    ("credit_line", "es", "Fuente: Europa Press"),
    ("credit_line", "ja", "写真：山田太郎"),
    ("credit_line", "ko", "사진=연합뉴스"),
    ("credit_line", "ru", "Фото: Иван Петров"),
    ("credit_line", "ar", "المصدر: وكالات"),
    ("page_turn", "en", "« Previous page | Next page »"),
    ("page_turn", "en", "Page 2 of 7"),
    ("page_turn", "zh", "上一篇：港口的历史"),
    ("page_turn", "zh", "（下转第3版）"),
    ("page_turn", "de", "Nächste Seite »"),
    ("page_turn", "ja", "次の記事へ"),
    ("page_turn", "ru", "Следующая страница"),
    ("keyword_line", "en", "Tags: harbour, boats, history"),
    ("keyword_line", "zh", "关键词：港口 渔船"),
    ("keyword_line", "de", "Schlagwörter: Hafen, Boote"),
    ("keyword_line", "ja", "タグ：港 船"),
    ("keyword_line", "ko", "태그: 항구, 배"),
    ("keyword_line", "ar", "الوسوم: ميناء، سفن"),
    ("advertisement", "en", "Advertisement"),
    ("advertisement", "en", "This post may contain affiliate links."),
    ("advertisement", "zh", "立即购买"),
    ("advertisement", "fr", "Publicité"),
    ("advertisement", "pt", "Continua após a publicidade"),
    ("advertisement", "ja", "スポンサーリンク"),
    ("advertisement", "ru", "На правах рекламы"),
    ("video_player", "en", "Video Player is loading."),
    ("video_player", "zh", "点击观看视频"),
    ("video_player", "ko", "동영상 재생"),
    ("thanks", "en", "Thanks for reading!"),
    ("thanks", "zh", "感谢您的阅读"),
    ("thanks", "ja", "最後までお読みいただきありがとうございました"),
    ("thanks", "ru", "Спасибо за внимание!"),
    ("fraud", "zh", "加微信：abc12345 日赚500元"),
    ("fraud", "en", "Earn $500 per day, no experience needed"),
    ("contact_line", "en", "Phone: +1 (555) 010-7788"),
    ("contact_line", "zh", "咨询电话：010-58779988"),
    ("timestamp_line", "en", "Nov. 19, 2019, 8:41 AM UTC"),
    ("timestamp_line", "zh", "2024-05-23 20:45:41"),
    ("url_line", "en", "https://example.org/a/long/path?x=1"),
    ("hashtag_line", "en", "#harbour #boats #sunset"),
    ("empty_item", "en", "- ."),
    ("flagged_words", "en", "Free porn: milf sex videos and hentai"),
    ("flagged_words", "zh", "成人电影 激情视频 免费观看"),
]
KEPT = [
    ("en", "Share the folder with the other computers of your network before you start the backup."),
    ("en", "The Subscribe button opens a dialog in which the address of the feed is typed."),
    ("en", "YouTube was founded by three former employees of PayPal and bought by Google a year later."),
    ("en", "- By using the keyboard shortcut M."),
    ("en", "- By clicking on the tool icon"),
    ("en", "By Color"),
    ("en", "By default, the filter works on the active layer."),
    ("en", "Copyright protects the form of a work and never its idea, as the court found in 1879."),
    ("en", "The ferry leaves at 10:30 in the morning and comes back in the evening."),
    ("en", "See https://example.org/manual for what the options of this command mean and how they are set."),
    ("en", "Related articles of faith were added to the creed by the council in the fourth century."),
    ("en", "Call 555-0107 if the engine fails on the open sea; the coast guard answers day and night on that number."),
    ("en", "Choose File > Print to open the dialog."),
    ("en", "Thanks for the memory was his signature tune on radio and television for fifty years."),
    ("en", "Figure 4.15. Installation complete"),
    ("zh", "记者昨天在码头看到，渔船陆续返航，码头上一片繁忙的景象。"),
    ("zh", "他在微信上分享了自己的照片，并且写下了这一天的经历和感受。"),
    ("zh", "作者在这本书里描写了港口居民三十年间的生活变化。"),
    ("zh", "点击“文件”菜单中的“打印”命令，打开打印对话框。"),
    ("zh", "这部法律规定，未成年人的作品同样受到保护，任何人都应当尊重作者的劳动成果。"),
    ("de", "Teilen Sie den Kuchen in zwölf gleich große Stücke und bestäuben Sie ihn mit Zucker."),
    ("de", "Abbildung 4.14. Wahlmöglichkeiten"),
    ("fr", "Le port fut construit l’année de la grande tempête et sert depuis aux pêcheurs."),
    ("es", "Disponible desde: versión 21.15"),
    ("ja", "写真を開くには、メニューから「ファイル」を選びます。"),
    ("ko", "사진을 여는 방법은 다음과 같습니다."),
    ("ru", "Фото можно открыть из меню «Файл», если оно хранится на этом компьютере."),
    ("ar", "يمكن فتح الصورة من قائمة الملف إذا كانت محفوظة على هذا الحاسوب."),
]


@pytest.mark.parametrize(("rule", "language", "text"), CUT)
def test_furniture_is_cut_and_the_rule_is_named(rule: str, language: str, text: str) -> None:
    drop = judge_line(Line.of(text, "text", language), DetailedSettings())
    assert drop is not None and drop.rule == rule


@pytest.mark.parametrize(("language", "text"), KEPT)
def test_sentences_that_mention_such_words_stay(language: str, text: str) -> None:
    assert judge_line(Line.of(text, "text", language), DetailedSettings()) is None


@pytest.mark.parametrize(("rule", "language", "text"), CUT)
def test_a_long_good_paragraph_is_never_cut_for_one_phrase(rule: str, language: str, text: str) -> None:
    if rule == "flagged_words":
        return
    good = (
        "The harbour of the town was built in the year of the great storm, and it has served the fishing boats since. "
        "Visitors walk along the old wall to see them return with their catch, and in winter the quay lies quiet."
    )
    assert judge_line(Line.of(f"{good} {text}", "text", language), DetailedSettings()) is None


@given(st.text(max_size=200), st.sampled_from(["en", "zh", "de", "ja", "ko", "ru", "ar", "fi", None]))
def test_every_line_has_a_verdict(text: str, language: str | None) -> None:
    line = Line.of(text, "text", language)
    for rule in (rules.many_digits, rules.many_capitals, rules.over_short, rules.caption_noise):
        drop = rule(line)
        assert drop is None or drop.rule == rule.__name__
    drop = judge_line(line, DetailedSettings())
    assert drop is None or hasattr(DetailedSettings(), drop.rule)


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (rules.many_digits, "1234 5678 90 12", Drop("many_digits", 1.0, 0.8)),
        (rules.many_digits, "In 1879 the court met", None),
        (rules.many_capitals, "CLICK HERE FOR THE BEST OFFERS", Drop("many_capitals", 1.0, 0.8)),
        (rules.many_capitals, "NASA and ESA", None),
        (rules.many_capitals, "使用 GIMP 打开 XCF 文件并保存", None),
        (rules.over_short, "Harbour news today", Drop("over_short", 3, 4)),
        (rules.over_short, "It was over.", None),
        (rules.over_short, "港口新闻", Drop("over_short", 2.5, 4)),
        (rules.caption_noise, "Ada Smith/Getty Images", Drop("caption_noise", 4, 8)),
        (rules.caption_noise, "The old quay in winter", None),
    ],
)
def test_shapes(rule: Callable[[Line], Drop | None], text: str, expected: Drop | None) -> None:
    assert rule(Line.of(text, "text", "en")) == expected
