"""What the furniture of web pages says, by family and language: buttons, credits, notices, offers.

A family has *marks*, of which a line must hold at least one, and *filler*, which may stand beside them; a rule measures
how much of a line the two make up, so that a sentence that merely mentions a mark stays. Some families have *notices*
too: phrases so particular that a short line which holds one is nothing else. All are regular expressions over
lower-case text. English is tried for every language: pages mix.
"""

# ruff: noqa: E501 - a table of patterns, one language a line as far as it goes

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

_PLATFORMS = (
    "facebook|twitter|instagram|pinterest|linked ?in|whats ?app|telegram|reddit|tumblr|you ?tube|tik ?tok|snapchat|"
    "mastodon|bluesky|flipboard|weibo|vkontakte|odnoklassniki|line|hatena|xing|threads|messenger|google ?\\+|rss|"
    "e-?mail|x|微博|微信|qq空间|朋友圈|вконтакте|одноклассники|فيسبوك|تويتر|واتساب|페이스북|트위터|카카오톡|카카오스토리|네이버밴드|"
    "フェイスブック|ツイッター|はてな"
)
_UNSPACED = frozenset({"zh", "ja", "th", "ko"})


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The patterns of one family by language. Filler of the empty language belongs to all. Compared by identity."""

    marks: dict[str, str]
    filler: dict[str, str]
    notices: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phrases:
    """A family as one language needs it; a pattern that has nothing to find matches nothing."""

    marks: re.Pattern[str]
    filler: re.Pattern[str]
    notices: re.Pattern[str]


_SHARING_FILLER = {
    "": rf"{_PLATFORMS}|\d[\d.,]*[km]?",
    "en": r"share|tweet|like|likes|follow|print|email|comments?|save|send|on|us|this|via|with|your|friends|and|the|to|"
    r"social media|more|by|or|for|click|here|channel|page|find|join|connect|me|pin",
    "de": r"auf|drucken|per|mail|kommentare?|und|merken|oder|uns|teilen|folgen",
    "fr": r"sur|imprimer|par|envoyer|commentaires?|et|ou|partager|suivre|nous",
    "es": r"en|imprimir|por|correo|enviar|comentarios?|y|redes sociales|compartir|seguir",
    "ru": r"в|на|печать|комментари\w+|и|соцсетях|нас|поделиться|нравится",
    "zh": r"到|至|打印|收藏|评论|我们|更多|分享|关注|点赞|在看|转发",
    "ja": r"で|する|印刷|コメント|シェア|フォロー|いいね",
    "ko": r"공유|인쇄|댓글|좋아요|팔로우",
    "ar": r"على|عبر|طباعة|و",
}

SOCIAL = Family(
    marks={
        "en": rf"(?:share|tweet|pin|post)(?: (?:this|it|now))?(?: (?:article|post|page|story|link))?(?: (?:on|via|to|with|by))? (?:{_PLATFORMS})|"
        r"share (?:this|on|via|with)(?: (?:article|post|page|story|link|friends|your friends))?|click to (?:share|tweet|email)|tweet this|pin it|"
        r"retweet|copy link|add to any|share buttons?|"
        r"[\d.,]+ ?[km]? (?:shares?|likes?|retweets?|followers|views|reposts)|(?:shares?|likes?|retweets?|views) ?: ?\d+",
        "zh": r"分享(?:到|至|给)?(?:朋友圈|微信|微博|qq空间|qq好友)?|扫一扫|扫描二维码|长按识别二维码|"
        r"转发|收藏本文|微信扫码|阅读(?:量|数)?[:：]? ?[\d.]+万?",
        "de": rf"(?:auf|per|via|bei) (?:{_PLATFORMS}) (?:teilen|posten)|(?:jetzt |beitrag |artikel )?teilen|twittern|weiterempfehlen|"
        r"[\d.,]+ (?:mal geteilt|aufrufe)|geteilt ?: ?\d+",
        "fr": rf"partager (?:sur|par|via) (?:{_PLATFORMS})|partage[rz](?: (?:cet article|la page))?|tweeter|épingler|[\d.,]+ (?:partages?|vues)",
        "es": rf"(?:compart[ie]r?|compartir) (?:en|por|vía) (?:{_PLATFORMS})|compart(?:ir|e)(?: (?:esta|este) \w+)?|tuitear|twittear|"
        r"[\d.,]+ (?:compartidos?|visitas|visualizaciones)",
        "pt": rf"compartilh(?:ar|e) (?:no|via|por|em) (?:{_PLATFORMS})|compartilh(?:ar|e)|partilhar|tweetar|[\d.,]+ (?:compartilhamentos|visualizações)",
        "it": rf"condividi (?:su|via|con) (?:{_PLATFORMS})|condividi|twitta|[\d.,]+ (?:condivisioni|visualizzazioni)",
        "ja": r"シェア(?:する|ボタン)?|ツイート(?:する)?|ブックマークに追加|はてなブックマーク|(?:line|ライン)で送る|このエントリーを|"
        r"\d[\d,]*(?:シェア|ツイート|回視聴|ビュー)",
        "ko": r"공유(?:하기)?|트윗|페이스북 공유|카카오톡 공유|url ?복사|조회(?:수)? ?[:：]? ?[\d,]+",
        "ru": rf"поделиться(?: (?:в|на|через)? ?(?:{_PLATFORMS}))?|твитнуть|рассказать друзьям|репост|[\d ]+ (?:просмотр\w*|репост\w*)",
        "ar": r"شارك(?:ها)?(?: (?:على|عبر|المقال))?|مشاركة(?: (?:على|عبر))?|غرد|[\d.,]+ (?:مشاركة|مشاهدة|مشاهدات)",
    },
    filler=_SHARING_FILLER,
)

FOLLOW = Family(
    marks={
        "en": rf"(?:like|follow|find|join|connect with)(?: (?:us|me|him|her|them|@\w+))?(?: (?:on|via))? (?:{_PLATFORMS})|follow us(?: on)?|like us(?: on)?|"
        r"follow @\w+|(?:like|follow) (?:this|our) (?:page|channel|blog)",
        "zh": r"关注(?:我们|公众号|微信公众号)|(?:扫一?扫|扫码)?关注(?:我们|公众号|微信公众号)|点击上方.{0,12}关注|点赞|在看|加关注",
        "de": rf"(?:auf|via|bei) (?:{_PLATFORMS}) folgen|folgen sie uns|folge uns|gefällt mir",
        "fr": r"suivez[- ]nous|j['’]aime|suivre sur",
        "es": r"s[ií]guenos|me gusta",
        "pt": r"siga-nos|curtir",
        "it": r"seguici|mi piace",
        "ja": r"フォロー(?:する|してください)?|いいね[!！]?|友だち追加",
        "ko": r"팔로우(?:하기)?|좋아요|구독하기|공감",
        "ru": r"подпис(?:аться|ывайтесь)(?: на нас)?|мне нравится",
        "ar": r"تابعنا(?: على)?|أعجبني|إعجاب",
    },
    filler=_SHARING_FILLER,
)

POST = Family(
    marks={
        "en": r"view this post on instagram|a post shared by .*|view on (?:instagram|x|twitter|facebook|tiktok)|"
        r"replying to @\w+.{0,60}|rt @\w+ ?:.*|show this thread|(?:view|see) (?:more )?(?:replies|tweets?) (?:by|from) .{0,40}|"
        r"pic\.twitter\.com/\w+|tweets? by @?\w+",
        "zh": r"查看推文|在 ?instagram ?查看这篇帖子.*|转发微博[:：]?|@[^\s@]{1,20} ?的微博(?:视频)?|来自(?:微博|iphone|android)(?:客户端|网页)?",
        "de": r"(?:sieh dir )?(?:diesen beitrag|dieser beitrag) auf instagram(?: an(?:sehen)?)?.*|ein beitrag geteilt von .*",
        "fr": r"voir cette publication sur instagram|une publication partagée par .*",
        "es": r"ver esta publicación en instagram|una publicación compartida (?:de|por) .*",
        "pt": r"ver (?:essa foto|esta publicação) no instagram|uma publicação compartilhada por .*",
        "it": r"visualizza questo post su instagram|un post condiviso da .*",
        "ja": r"この投稿をinstagramで見る|.{0,40}がシェアした投稿.*",
        "ko": r"instagram에서 이 게시물 보기|.{0,40}님의 공유 게시물.*",
        "ru": r"посмотреть эту публикацию в instagram|публикация от .*",
        "ar": r"عرض هذا المنشور على instagram|تمت مشاركة منشور بواسطة .*",
    },
    filler={"": rf"\d+|{_PLATFORMS}|@\w+"},
    notices={"en": r"\(@\w{1,20}\) (?:on )?\w{3,9} \d{1,2}, \d{4}$"},
)

FOLLOW_ON = Family(
    marks={
        "en": r"(?:read|see|learn|find out|show|view|discover|click(?: here)? (?:to|for)(?: read)?) more(?: (?:about|on|at|here|from)"
        r".{0,60})?|continue reading(?:.{0,60})?|keep reading|read (?:the )?(?:full|whole|entire|complete|rest of the) "
        r"(?:story|article|post|text|interview)|full (?:story|article)|(?:related|recommended|similar|popular|trending|latest|recent|more)"
        r" (?:articles?|posts?|stories|news|reading|content|links|topics|videos|coverage)(?: from .{0,40})?|you (?:may|might) also "
        r"(?:like|enjoy|be interested in)|you['’]ll also like|(?:also read|don['’]t miss|must read|up next|related|more stories|read also) ?: .*|"
        r"recommended for you|more (?:from|on|in) (?:this|the) (?:author|topic|section|series)|what to read next|most (?:read|popular|viewed)|"
        r"sponsored stories|around the web",
        "zh": r"相关(?:阅读|推荐|新闻|文章|链接|报道|专题)[:：]?.*|推荐阅读[:：]?.*|延伸阅读[:：]?.*|猜你喜欢|热门(?:推荐|文章|评论|新闻)|"
        r"阅读(?:原文|全文|更多)|点击(?:查看|阅读)(?:更多|原文|全文)|查看(?:更多|全文)|更多(?:精彩|内容|新闻|资讯)(?:内容|请关注|点击)?.*|展开全[部文]|往期(?:回顾|精彩|推荐).*",
        "de": r"(?:mehr|weiter)(?:lesen| lesen| erfahren| dazu| zum thema)(?: ?[:»].*)?|lesen sie (?:auch|mehr|hier).*|lesen sie weiter.*|"
        r"(?:ähnliche|verwandte|weitere|neueste|beliebte|passende) (?:artikel|beiträge|themen|nachrichten|meldungen)|das könnte (?:sie|dich) auch "
        r"interessieren|meistgelesen|zum (?:artikel|thema)|auch interessant",
        "fr": r"lire (?:la suite|aussi|également|plus)(?: ?:.*)?|(?:en savoir|voir|afficher) plus|à lire (?:aussi|également).*|articles? "
        r"(?:similaires|liés|connexes|récents|populaires)|sur le même (?:sujet|thème)|vous aimerez aussi|les plus lus",
        "es": r"(?:leer|ver|saber|seguir) (?:más|leyendo)|lee también.*|te puede interesar.*|(?:artículos|noticias|entradas|contenidos?) "
        r"(?:relacionad[oa]s?|similares|recientes)|también te puede.*|lo más (?:leído|visto)|sigue leyendo.*",
        "pt": r"(?:leia|ler|saiba|ver|veja) (?:mais|também)(?: ?:.*)?|(?:artigos|notícias|posts) relacionad[oa]s|você também pode gostar.*|"
        r"mais lidas|continue lendo.*",
        "it": r"(?:leggi|continua a leggere|scopri|vedi) (?:anche|tutto|di più).*|articoli correlati|potrebbe interessarti.*|i più letti",
        "ja": r"(?:続き|つづき)(?:を読む|はこちら)|もっと(?:見る|読む)|(?:関連|おすすめ|人気|最新|新着)(?:記事|ニュース|リンク|情報|コンテンツ)(?:一覧)?|"
        r"(?:あわせて|合わせて)読みたい|詳しくはこちら|詳細はこちら|この記事を読んだ.{0,12}|アクセスランキング",
        "ko": r"더 ?보기|계속 ?읽기|자세히 ?보기|(?:관련|추천|인기|최신|많이 본) ?(?:기사|뉴스|글|포스트)|이전 ?기사|기사 ?전문 ?보기|전체 ?보기",
        "ru": r"читать (?:далее|дальше|полностью|также|ещ[её]).*|подробнее|читайте (?:также|ещ[её]|далее).*|(?:похожие|другие|последние|"
        r"популярные|связанные) (?:статьи|новости|материалы|записи|публикации)|(?:по теме|материалы по теме)(?: ?:.*)?|"
        r"(?:вам может быть|может быть) интересно.*|самое читаемое",
        "ar": r"اقرأ (?:المزيد|أيضا|أيضاً|ايضا).*|(?:قراءة|عرض|شاهد) المزيد|(?:مقالات|مواضيع|أخبار|مواد) (?:ذات صلة|مشابهة|متعلقة|مقترحة)|"
        r"قد يعجبك.*|الأكثر قراءة|تابع القراءة",
    },
    filler={"": r"\d+|[»›>→…]+", "en": r"the|about|this|here|and|of|on"},
)

ACCOUNT = Family(
    marks={
        "en": r"(?:log|sign)(?:ged)? ?(?:in|out|up)(?: (?:to|or|with|for|now|here|free))*(?: (?:comment|reply|continue|register|your account|post|"
        r"sign up|log in|subscribe|our newsletters?|newsletters?|free|google|facebook))?|register (?:now|here|for free)|create (?:an|your) "
        r"(?:free )?account|subscribe(?: (?:now|today|here))?(?: (?:to|for) (?:our|the|my)? ?(?:[a-z]+ )?(?:newsletters?|mailing list|channel|podcast|"
        r"feed|updates|blog|magazine))?|newsletters?|forgot (?:your )?password|(?:enter|your) e-?mail(?: address)?|"
        r"get (?:the|our) (?:latest|newsletter|best).{0,60}(?:inbox|newsletter)|already (?:a (?:member|subscriber)|have an account|registered)\??|"
        r"(?:leave|post|add|write) a (?:comment|reply)|(?:your )?email address will not be published.*|required fields are marked.*|"
        r"(?:no|\d+|view|all|show|load) (?:more )?comments?(?: yet| so far)?|cancel reply|reply to .{0,30}|notify me of .{0,60}|skip to (?:main )?content|"
        r"back to top|toggle navigation|download (?:our|the) app|you must be logged in.*|report (?:abuse|a problem|this ad)|"
        r"please (?:log|sign) in.*",
        "zh": r"(?:立即|免费)?(?:登录|注册|登陆)(?:后(?:可|才能)?(?:评论|查看|发表).*)?|忘记密码|发表(?:评论|回复)|我要评论|(?:查看|全部|最新|网友)评论|暂无评论|"
        r"返回(?:首页|顶部|列表|目录)|订阅(?:我们|本刊)?|(?:下载|打开)(?:客户端|app)|请输入.{0,12}|用户名|验证码|设为首页|加入收藏|网站地图|举报",
        "de": r"(?:jetzt )?(?:anmelden|einloggen|registrieren|abonnieren)|newsletter(?: abonnieren)?|passwort vergessen\??|"
        r"kommentar (?:schreiben|verfassen|hinterlassen)|(?:\d+|keine) kommentare?|nach oben|zum seitenanfang|zum inhalt springen|"
        r"deine e-mail-adresse wird nicht veröffentlicht.*",
        "fr": r"s['’](?:inscrire|abonner|identifier)|se connecter|connexion|inscription|(?:notre )?newsletter|abonnez[- ]vous(?: à.{0,40})?|"
        r"mot de passe oublié ?\??|(?:laisser|ajouter|écrire) un commentaire|(?:\d+|aucun) commentaires?|haut de (?:la )?page|"
        r"votre adresse (?:e-?mail|de messagerie) ne sera pas publiée.*",
        "es": r"(?:iniciar|inicia) sesión|reg[ií]str(?:arse|ate|o)|suscr[ií]b(?:ete|irse|ase)(?: a.{0,40})?|bolet[ií]n(?: de noticias)?|"
        r"(?:deja|dejar|escribe|añadir) un comentario|(?:\d+|sin|no hay) comentarios?|volver arriba|has olvidado.{0,20}contraseña.*|"
        r"tu dirección de correo electrónico no será publicada.*",
        "ja": r"(?:ログイン|会員登録|新規登録|無料登録|メルマガ登録|購読する|ログアウト)(?:は?こちら|する)?|コメント(?:を(?:書く|残す|投稿する)|する|\(?\d+\)?)|"
        r"(?:トップ|ページ(?:の)?先頭|ページトップ|ホーム)(?:へ|に)(?:戻る)?|パスワードを忘れた.*|サイトマップ|お問い合わせ(?:は?こちら)?",
        "ko": r"로그인|회원 ?가입|로그아웃|댓글(?: ?(?:쓰기|달기|남기기|보기|\d+개?))?|구독(?: ?신청)?|뉴스레터|비밀번호 ?찾기|맨 ?위로|목록(?:으로)?|사이트맵",
        "ru": r"войти|вход|регистрация|зарегистрироваться|забыли пароль\??|(?:оставить|добавить|написать) комментарий|(?:\d+|нет) комментари\w+|"
        r"наверх|подпис(?:аться|ка)(?: на (?:рассылку|новости|канал))?|ваш (?:e-?mail|адрес).{0,20}не будет опубликован.*",
        "ar": r"تسجيل (?:الدخول|الخروج)|إنشاء حساب|اشترك(?: (?:الآن|في.{0,30}))?|النشرة (?:البريدية|الإخبارية)|(?:أضف|اترك|اكتب) (?:تعليق\w*|رد)|"
        r"نسيت كلمة (?:المرور|السر)|العودة (?:إلى|الى) (?:الأعلى|الرئيسية)",
    },
    filler={
        "": r"\d+",
        "en": r"home|search|login|or|to|and|with|your|for|free|help|contact(?: us)?|about(?: us)?|faq|account|today|now|our|the|email|"
        r"advertise|sitemap|comments?|reply|daily|weekly",
        "de": r"oder|und|startseite|suche|kontakt|hilfe|konto",
        "fr": r"ou|et|accueil|recherche|contact|aide",
        "es": r"o|y|inicio|buscar|contacto|ayuda",
        "zh": r"首页|搜索|关于我们|联系我们|帮助|中心|或",
        "ja": r"または|ホーム|検索|お問い合わせ",
    },
)

_FOOTER_FILLER = {
    "": r"\d+|©",
    "en": r"inc|ltd|llc|co|the|and|contact(?: us)?|about(?: us)?|sitemap|accessibility|advertise(?: with us)?|by|help|home",
    "zh": r"关于我们|联系我们|网站地图|首页",
    "de": r"kontakt|über uns|startseite|und",
    "fr": r"contact|accueil|plan du site|à propos|et",
    "es": r"contacto|inicio|mapa del sitio|y",
    "ja": r"会社概要|お問い合わせ|サイトマップ",
    "ko": r"회사 ?소개|문의|사이트맵",
    "ru": r"контакты|о нас|карта сайта|и",
}

FOOTER = Family(
    marks={
        "en": r"(?:proudly )?powered by.{0,60}|(?:privacy|cookie) (?:policy|notice|statement)|terms (?:of (?:use|service)|and conditions|& conditions)|"
        r"theme by .*|designed by .*|do not sell my (?:personal )?(?:info|information|data)",
        "zh": r"网站备案号?.*|(?:隐私|用户)(?:政策|协议|条款)|服务条款|技术支持[:：].{0,20}|友情链接[:：]?.*",
        "de": r"impressum|datenschutz(?:erklärung|hinweise)?|agb|nutzungsbedingungen",
        "fr": r"mentions légales|politique de (?:confidentialité|cookies)|conditions (?:générales )?d['’]utilisation",
        "es": r"aviso legal|política de (?:privacidad|cookies)|términos (?:y condiciones|de uso)",
        "pt": r"política de privacidade|termos de uso",
        "it": r"informativa (?:sulla )?privacy|cookie policy",
        "ja": r"プライバシー(?:ポリシー|保護方針)|利用規約|特定商取引法.{0,20}",
        "ko": r"개인정보 ?(?:처리|취급) ?방침|이용 ?약관|저작권 ?보호 ?정책",
        "ru": r"политика конфиденциальности|пользовательское соглашение",
        "ar": r"سياسة (?:الخصوصية|ملفات تعريف الارتباط)|(?:شروط|اتفاقية) (?:الاستخدام|الخدمة)",
    },
    filler=_FOOTER_FILLER,
)

COOKIE = Family(
    marks={
        "en": r"(?:accept|reject|allow|decline|manage) (?:all )?cookies(?: and (?:close|continue))?|(?:accept|reject) all|cookie (?:settings|preferences|consent)|(?:manage|your) (?:privacy|cookie) (?:settings|preferences|choices)",
        "zh": r"(?:接受|拒绝|管理)(?:所有|全部)? ?cookies?|cookie ?设置",
        "de": r"(?:alle (?:cookies )?|cookies )(?:akzeptieren|ablehnen|zulassen)|cookie-einstellungen",
        "fr": r"tout (?:accepter|refuser)|(?:accepter|refuser) (?:tout|les cookies|tous les cookies)|gérer (?:les|mes) cookies|continuer sans accepter",
        "es": r"(?:aceptar|rechazar) (?:todo|todas|las cookies|todas las cookies|cookies)|configurar cookies",
        "pt": r"(?:aceitar|rejeitar) (?:tudo|todos|cookies|todos os cookies)",
        "it": r"(?:accetta|rifiuta) (?:tutto|tutti|i cookie|tutti i cookie)",
        "ja": r"(?:すべて(?:の)?)?(?:cookie|クッキー)(?:を|に)?(?:同意|許可|拒否)(?:する)?|すべて(?:同意|許可|拒否)する?|クッキー設定",
        "ko": r"(?:모두|모든) ?(?:쿠키 ?)?(?:허용|동의|거부)|쿠키 ?설정",
        "ru": r"(?:принять|отклонить) (?:все|все cookies?|все файлы cookie)|настройки cookies?",
        "ar": r"(?:قبول|رفض) (?:الكل|جميع ملفات تعريف الارتباط)|إعدادات ملفات تعريف الارتباط",
    },
    filler={"": r"cookies?|ok|x", "en": r"all|and|or|settings|continue|close|i agree|agree|learn more"},
    notices={
        "en": r"(?:we|site|website) uses? cookies|by (?:continuing|using) .{0,40}you (?:agree|consent) to .{0,30}cookies|consent to (?:the use of|our) cookies",
        "zh": r"(?:本网站|本站|我们)使用 ?cookies?|同意.{0,12}使用 ?cookies?",
        "de": r"(?:webseite|website|seite) (?:verwendet|nutzt|benutzt) cookies|wir (?:verwenden|nutzen|setzen) cookies",
        "fr": r"(?:ce site|nous) utilis(?:e|ons) des cookies|acceptez l['’]utilisation (?:de|des) cookies",
        "es": r"(?:este sitio|esta web|utilizamos|usamos).{0,20}cookies",
        "pt": r"(?:este site|utilizamos|usamos).{0,20}cookies",
        "it": r"(?:sito utilizza|utilizziamo|questo sito).{0,20}cookie",
        "ja": r"(?:サイト|ウェブサイト)(?:で)?は.{0,8}(?:クッキー|cookie)を(?:使用|利用)",
        "ko": r"(?:사이트|웹사이트)(?:는|에서는).{0,12}쿠키를? ?(?:사용|이용)",
        "ru": r"использу\w+ (?:файлы )?cookie",
        "ar": r"(?:يستخدم|نستخدم).{0,20}ملفات تعريف الارتباط",
    },
)

COPYRIGHT = Family(
    marks={
        "en": r"(?:copyright )?(?:©|ⓒ|\(c\)) ?(?:copyright )?\d{4}.*|copyright \d{4}.*|© ?[^.]{0,60}$",
        "zh": r"(?:免责|版权|郑重)(?:声明|说明)[:：]?.*",
        "ja": r"免責事項",
    },
    filler=_FOOTER_FILLER,
    notices={
        "en": r"all rights reserved|reprinted with permission|(?:material|article|content|story) may not be (?:published|reproduced|copied|republished)|"
        r"not necessarily (?:reflect|represent|those of)|licensed under (?:a )?creative commons|"
        r"article (?:was )?(?:originally|first) (?:published|appeared) (?:on|in|at)",
        "zh": r"版权所有|版权归.{0,20}所有|未经.{0,14}(?:授权|许可|允许|同意).{0,14}(?:转载|使用|复制)|违者必究|转载请(?:注明|联系)|"
        r"不代表本(?:站|网|平台|报|公众号).{0,12}(?:观点|立场)|如有侵权|仅供参考.{0,20}不构成|icp(?:备|证)|公网安备|增值电信业务|广播电视节目制作|互联网新闻信息服务许可",
        "de": r"alle rechte vorbehalten",
        "fr": r"tous droits réservés|reproduction interdite",
        "es": r"(?:todos los )?derechos reservados|prohibida (?:su|la) reproducción",
        "pt": r"todos os direitos reservados",
        "it": r"tutti i diritti riservati|riproduzione riservata",
        "ja": r"無断(?:転載|複製|転用)|転載を禁じ",
        "ko": r"무단 ?(?:전재|복제|배포)|재배포 ?금지",
        "ru": r"все права защищены|копирование материалов|при (?:использовании|перепечатке|цитировании) материалов",
        "ar": r"(?:جميع|كل) الحقوق محفوظة|حقوق (?:الطبع|النشر) محفوظة",
    },
)

CREDIT = Family(
    marks={
        "en": r"(?:photo(?:graph)?s?)(?: (?:credits?|courtesy|source|via|by|from|of))* ?[:/] ?.{0,80}$|(?:photo(?:graph)?s?|image|picture|illustration|video|graphic|cover|"
        r"featured image|screenshot)s? (?:by|via|courtesy(?: of)?|credits?|source)(?: by| of)? ?:? .{0,80}$|(?:getty images|shutterstock|istock(?:photo)?|associated press|"
        r"reuters|afp|unsplash|pexels|wikimedia commons|alamy|depositphotos|flickr)(?: images)?|(?:author|editor|source|via|hat tip) ?: \S+(?: \S+){0,3}$|"
        r"(?:last )?(?:updated|modified|published|posted)(?: (?:on|at))? ?:?[^\d]{0,16}\d.{0,40}$|(?:click|tap)(?: (?:on|here))?(?: (?:the )?(?:image|photo|picture))? "
        r"(?:to|for) (?:enlarge|zoom|view|expand|a larger)(?: image| version)?|enlarge(?: this)? image",
        "zh": r"(?:[（(【\[]? ?)?(?:来源|消息来源|文章来源|稿源|图片来源|图源|作者|文|图|文/图|图/文|摄影|记者|本报记者|通讯员|编辑|责编|责任编辑|校对|审核|监制|编审|值班编辑|"
        r"实习生|供图|配图|翻译|译者|出品|撰稿|投稿|总编|主编|策划|制图)[:：丨|/／].*|(?:本报|新华社)?(?:记者|通讯员) [^\s,，。]{2,8}(?: [^\s,，。]{2,8}){0,2} ?(?:摄|文|供图|报道)?[)）】\]]?|"
        r"(?:摄影报道|新华社发|视觉中国|资料图片?|图片来自.{0,20}|网络(?:配|供)?图)[)）]?|(?:发布|更新|发表)(?:时间|日期) ?[:：].{0,24}|"
        r"\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}日?(?: ?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?.{0,16}(?:来源|编辑|作者|阅读|浏览).*|字号.{0,8}",
        "de": r"(?:foto|bild|quelle|fotos|bilder|text|autor|autorin|grafik|bildquelle|bildrechte|redaktion)s? ?[:/] ?.*|von .{3,40} \| .*|"
        r"(?:zuletzt )?(?:aktualisiert|veröffentlicht)(?: am)? ?:?.{0,40}|(?:dpa|imago images|picture alliance|getty images).{0,40}",
        "fr": r"(?:photo|crédits?(?: photos?)?|source|image|illustration|auteur|publié par|©) ?[:/] ?.*|(?:publié|mis à jour|modifié) le .{0,40}|par .{3,40} le \d.*",
        "es": r"(?:foto|fotos|fuente|imagen|autor|redacción|texto|crédito) ?[:/] ?.*|(?:publicado|actualizado)(?: el| por)? .{0,40}|(?:efe|europa press)\b.{0,20}",
        "pt": r"(?:foto|fonte|imagem|autor|texto|crédito)s? ?[:/] ?.*|(?:publicado|atualizado) (?:em|por|às) .{0,40}",
        "it": r"(?:foto|fonte|immagine|autore|testo) ?[:/] ?.*|(?:pubblicato|aggiornato) (?:il|da) .{0,40}|di .{3,30} \| .*",
        "ja": r"(?:写真|画像|出典|出所|提供|撮影|文|著者|執筆|取材|編集|引用元|参照元|情報元)[:：／/=＝].*|(?:更新|公開|投稿|掲載)日?時?[:：]?.{0,24}|【(?:写真|画像)】.{0,30}|"
        r"(?:記者|特派員|撮影)[)）]",
        "ko": r"(?:사진|출처|글|기자|자료|이미지|편집|그래픽)(?:[:：=/]| ?제공).*|기자(?: .{0,40}@.*)|(?:입력|수정|등록|작성|기사입력|최종수정) ?(?:일|시간)? ?[:：]?.{0,30}|\[?사진=.*",
        "ru": r"(?:фото|источник|автор|текст|иллюстрация|изображение|редактор|опубликовано|обновлено) ?[:/—] ?.*|(?:риа новости|тасс|интерфакс).{0,20}",
        "ar": r"(?:المصدر|الكاتب|تصوير|الصورة|صورة|بقلم|تحرير|كتب|المحرر|نشر(?: في)?|آخر تحديث) ?[:/].*|(?:رويترز|فرانس برس|الأناضول).{0,20}",
    },
    filler={"": r"\d+|\d{1,2}[:.]\d{2}", "en": r"and|staff|am|pm|edt|est|gmt|utc|et"},
)

PAGE_TURN = Family(
    marks={
        "en": r"(?:previous|next|prev|older|newer|first|last)(?: (?:page|post|posts|article|story|chapter|slide|photo|entry|entries))(?: ?[:»›→].*)?|"
        r"page \d+ of \d+|\d+ ?(?:/|of) ?\d+ (?:pages|photos|images|slides)|(?:continued|see) (?:on|from) (?:page )?[a-z]?\d+|(?:«|‹|←) ?(?:previous|prev|older).*|"
        r"(?:next|newer) ?(?:»|›|→)|jump to (?:page|comments).*|back to (?:the )?(?:list|index|overview|previous page)|post navigation|pages? ?: ?\d[\d ]*",
        "zh": r"上一(?:篇|页|版|条|章|张|则)[:：]?.*|下一(?:篇|页|版|条|章|张|则)[:：]?.*|[（(]?(?:下转|上接|转|接)(?:第)? ?[a-z]?\d+ ?版.*[)）]?|"
        r"共 ?\d+ ?页.*|返回(?:目录|版面|首版)|往期回顾|末页|尾页",
        "de": r"(?:vorherige|nächste|ältere|neuere)[rs]? (?:seite|beitrag|beiträge|artikel|kapitel)(?: ?[:»].*)?|seite \d+ (?:von|/) \d+|zurück zur übersicht|weiter ?[»›→]|[«‹←] ?zurück",
        "fr": r"(?:page|article|billet) (?:précédente?|suivante?)(?: ?[:»].*)?|page \d+ (?:sur|/) \d+|(?:précédent|suivant) ?[»›→]|retour (?:à la liste|au sommaire|à l['’]accueil)",
        "es": r"(?:página|artículo|entrada|noticia) (?:anterior|siguiente)(?: ?[:»].*)?|página \d+ de \d+|(?:anterior|siguiente) ?[»›→]|volver (?:al índice|a la lista)",
        "ja": r"(?:前|次)の(?:ページ|記事|投稿|画像|話)(?:へ)?(?: ?[:：»].*)?|(?:一覧|目次)(?:へ|に)戻る|\d+ ?/ ?\d+ ?ページ|(?:前|次)へ",
        "ko": r"(?:이전|다음) ?(?:글|페이지|기사|포스트)(?: ?[:：].*)?|목록 ?보기",
        "ru": r"(?:предыдущ|следующ)\w+ (?:страниц\w|стать\w|запис\w|новост\w|глав\w)(?: ?[:»].*)?|страница \d+ из \d+|вернуться (?:назад|к списку)",
        "ar": r"(?:الصفحة|المقال|الموضوع|الخبر) (?:السابقة?|التالية?).*|صفحة \d+ من \d+",
    },
    filler={
        "": r"\d+|[«»‹›←→<>.…]+",
        "en": r"previous|next|prev|first|last|page|home|back|up",
        "zh": r"首页|返回|上|下",
    },
)

KEYWORD_LINE = Family(
    marks={
        "en": r"(?:tags?|tagged(?: with| under| as)?|keywords?|key words|labels?|categor(?:y|ies)|filed under|posted in|topics?|hashtags?|in this (?:article|story)) ?[:：] ?.*|"
        r"(?:filed under|posted in|tagged(?: with| under| as)) .*",
        "zh": r"[【\[]?(?:关键词|关键字|标签|分类|所属分类|文章分类|类别|栏目|专题)[】\]]? ?[:：].*|(?:#[^#\s]{1,20}# ?)+",
        "de": r"(?:schlagw[oö]rte?r?|stichw[oö]rte?r?|tags|kategorien?|themen|abgelegt unter|schlagwörter) ?: ?.*",
        "fr": r"(?:mots[- ]clés?|étiquettes|tags|catégories?|classé dans|thèmes?) ?: ?.*",
        "es": r"(?:etiquetas?|palabras clave|categorías?|temas?|archivado en|tags) ?: ?.*",
        "pt": r"(?:etiquetas?|palavras-chave|categorias?|tags|marcadores) ?: ?.*",
        "it": r"(?:tag|parole chiave|categori[ae]|argomenti|etichette) ?: ?.*",
        "ja": r"(?:タグ|キーワード|カテゴリー?|ジャンル|ハッシュタグ)(?: ?[:：/]).*",
        "ko": r"(?:태그|키워드|분류|카테고리|해시태그) ?[:：].*|(?:#\S{1,20} ?){3,}",
        "ru": r"(?:теги|метки|ключевые слова|рубрик[аи]|категори[яи]|темы) ?: ?.*",
        "ar": r"(?:الوسوم|وسوم|كلمات (?:مفتاحية|دلالية)|الكلمات (?:المفتاحية|الدلالية)|التصنيفات?|تصنيفات) ?:? ?.*",
    },
    filler={"": r"[,|·]+"},
)

ADVERT = Family(
    marks={
        "en": r"advertisements?|advertising|sponsored(?: (?:content|post|by .{0,40}|links?))?|promoted(?: (?:content|by .{0,40}))?|"
        r"story continues below(?: advertisement)?|article continues (?:below|after).{0,30}|continue reading below|"
        r"(?:this (?:post|article|page|site) (?:may )?contains?|contains) affiliate links.*|as an amazon associate.*|"
        r"(?:we|i) (?:may )?earn (?:a )?(?:small )?(?:commission|affiliate).*|buy (?:it )?(?:now|here|on amazon|tickets)(?: for .{0,20})?|"
        r"shop now|add to (?:cart|basket|wishlist)|order (?:now|yours|here)|get (?:it|yours) (?:now|here)|limited time offer|"
        r"free shipping(?: on .{0,40})?|use (?:promo|coupon|discount) code.*|(?:taboola|outbrain|by taboola|by outbrain)|ad(?: feedback)?|report this ad|"
        r"(?:support|donate to) (?:us|our work|this site)(?: .{0,30})?|donate(?: now)?|become a (?:patron|member|supporter)(?: .{0,20})?",
        "zh": r"广告|推广|赞助商?(?:链接|内容)?|(?:立即|马上|点击)(?:购买|抢购|领取|下单|咨询|报名|预约|下载).{0,20}|(?:全国|免费)(?:服务|咨询)?热线.{0,30}|加盟热线.*|限时(?:优惠|抢购|特价).*|"
        r"优惠券.{0,12}|加入购物车|包邮|咨询电话.{0,30}",
        "de": r"(?:werbung|anzeige)(?: .{0,20})?|gesponsert(?: von .{0,30})?|jetzt (?:kaufen|bestellen|shoppen|buchen|sichern)|in den warenkorb|"
        r"affiliate-?links?.*|(?:unterstützen sie|spenden).{0,20}",
        "fr": r"publicité|sponsorisé(?: par .{0,30})?|annonces?|contenu sponsorisé|(?:acheter|commander|réserver) maintenant|ajouter au panier|la suite après (?:la|cette) publicité",
        "es": r"publicidad|patrocinado(?: por .{0,30})?|anuncios?|contenido patrocinado|(?:comprar|compra|reserva) ahora|añadir al carrito|continúa después de.*",
        "pt": r"publicidade|patrocinad[oa]|continua após a publicidade|(?:comprar|compre) agora|adicionar ao carrinho|anúncios?",
        "it": r"pubblicità|sponsorizzato|annunci|acquista ora|aggiungi al carrello",
        "ja": r"(?:広告|スポンサー(?:ド)?リンク|スポンサー)|(?:今すぐ)?(?:購入|注文|申し込)(?:する|む|はこちら|みはこちら)|カートに入れる|送料無料.{0,20}",
        "ko": r"광고|스폰서(?: ?링크)?|협찬|구매하기|장바구니(?: ?담기)?|바로 ?구매|무료 ?배송.{0,12}",
        "ru": r"реклама|на правах рекламы|спонсор(?:ский материал)?|партн[её]рский материал|(?:купить|заказать)(?: (?:сейчас|билет\w*|онлайн))?|в корзину|добавить в корзину",
        "ar": r"إعلان(?:ات)?|اعلان(?:ات)?|محتوى (?:ممول|دعائي)|برعاية .{0,30}|(?:اشتر|اطلب|احجز) الآن|أضف (?:إلى|الى) السلة",
    },
    filler={"": r"\d+|[-–—:]+", "en": r"now|here|today|the|on|to|for|link|close|skip|this|ad"},
)

_VIDEO_FILLER = {
    "": r"\d+|\d{1,2}:\d{2}|[%/▶►]+",
    "en": r"play|video|live|duration|hd|share|chapters|captions|settings|fullscreen|volume",
}

PLAYER = Family(
    marks={
        "en": r"video player(?: is loading)?.*|(?:current|remaining) time.{0,20}|loaded ?: ?[\d.]+%|stream type ?live.*|playback rate.*|"
        r"picture-in-picture.*|this is a modal window.*|(?:media|embedded video).{0,40}(?:caption|playback|not supported).*|your browser does not support.*|"
        r"(?:please )?enable javascript.*|javascript (?:is|must be) .*|embed ?(?:code|video).*|advertisement ?skip ad.*|seek to live.*|\d{1,2}:\d{2} ?/ ?\d{1,2}:\d{2}",
        "zh": r"(?:视频|音频)(?:加载中|播放失败).{0,20}|正在播放.*|播放器.{0,16}|您的浏览器不支持.*|倍速|重播",
        "de": r"ihr browser unterstützt.*|javascript (?:ist|muss).*|video wird geladen.*",
        "fr": r"votre navigateur ne.*|chargement de la vidéo.*",
        "es": r"(?:tu|su) navegador no.*|cargando (?:el )?v[ií]deo.*",
        "ja": r"お使いのブラウザ.{0,30}|javascriptを有効に.*|再生(?:時間|速度).{0,8}|(?:動画|音声)プレーヤー.{0,12}",
        "ko": r"브라우저(?:가|에서).{0,20}지원.*|(?:동영상|영상) ?플레이어.{0,12}|재생 ?(?:시간|속도).{0,8}",
        "ru": r"ваш браузер не.*|видео загружается.*",
        "ar": r"متصفحك لا.*|مشغل الفيديو.{0,12}",
    },
    filler=_VIDEO_FILLER,
)

VIDEO = Family(
    marks={
        "en": r"(?:play|watch|pause|mute|unmute|replay)(?: (?:the|this|full|our))? (?:video|audio|clip|trailer|episode)(?: (?:below|above|here|now|on .{0,30}))?.{0,40}|"
        r"(?:watch|listen)(?: (?:live|now|here|below|above|more|it|again))? ?[:▶].*|(?:scroll down|see below) (?:for|to watch).{0,30}video.*",
        "zh": r"(?:视频|音频)(?:播放|回放|来源|链接|地址).{0,20}|(?:点击|戳)(?:观看|播放|上方|下方|收听).{0,12}(?:视频|音频)?|观看视频|播放视频.{0,16}|(?:直播|视频)[:：].{0,40}",
        "de": r"(?:video|audio) (?:abspielen|ansehen|starten|laden).{0,30}|(?:sehen|hören) sie (?:hier|im video).{0,40}",
        "fr": r"(?:lire|voir|regarder|écouter) (?:la|cette|en|le) (?:vidéo|podcast|audio).{0,30}",
        "es": r"(?:ver|reproducir|mira|escuchar)(?: (?:el|este|la))? (?:vídeo|video|audio).{0,30}",
        "ja": r"(?:動画|ビデオ|音声)(?:を(?:見る|再生|視聴)|はこちら).{0,12}|【動画】.*|再生する",
        "ko": r"(?:동영상|영상|비디오)(?: ?(?:보기|재생|더보기|뉴스)).{0,12}|\[영상\].*",
        "ru": r"(?:смотреть|смотрите|воспроизвести|слушать)(?: (?:это|онлайн))? ?(?:видео|трейлер|аудио).{0,20}",
        "ar": r"(?:شاهد|مشاهدة|تشغيل)(?: ال)? ?(?:الفيديو|فيديو|المقطع).{0,20}",
    },
    filler=_VIDEO_FILLER,
)

THANKS = Family(
    marks={
        "en": r"thank(?:s| you) (?:so much |very much )?for (?:reading|watching|visiting|listening|stopping by|your (?:support|feedback|comment|interest)).*|"
        r"(?:happy|keep) reading[!.]?|stay tuned(?: for .{0,40})?|(?:did you (?:like|enjoy|find) this).{0,50}|(?:was this|is this) (?:article|page|information|answer) (?:helpful|useful).*|"
        r"(?:let (?:me|us) know|tell us)(?: what you think)? in the comments.*|what do you think\?.{0,40}(?:comments?).*|don['’]t forget to (?:like|share|subscribe).*|see you (?:soon|next time).{0,10}|"
        r"rate this (?:post|article|page|recipe).*|\d+ (?:people|users|readers) found this.*",
        "zh": r"(?:感谢|谢谢)(?:您|你|大家|各位)?(?:的)?(?:阅读|观看|收看|收听|关注|支持|耐心).{0,16}|欢迎(?:大家)?(?:关注|点赞|转发|留言|评论|投稿|订阅).{0,30}|(?:喜欢|觉得不错).{0,12}(?:点赞|收藏|关注|转发).{0,16}|"
        r"(?:敬请|请)(?:期待|关注|持续关注).{0,16}|(?:本文|文章)(?:完|结束)|未完待续|更多.{0,12}请关注.*|以上就是.{0,30}(?:全部内容|希望对.{0,10}有.{0,2}帮助).*",
        "de": r"(?:vielen )?dank (?:fürs|für (?:das|ihr|euer|ihren|deinen)).{0,30}(?:lesen|interesse|besuch|unterstützung).*|war (?:dieser|diese) \w+ hilfreich.*",
        "fr": r"merci (?:d['’]avoir lu|de votre (?:lecture|visite|attention)|pour votre lecture).*|cet article vous a[- ].{0,30}",
        "es": r"gracias por (?:leer|tu visita|su visita|visitarnos|vernos).*|¿?te (?:ha )?(?:gustado|gustó).{0,30}",
        "ja": r"(?:最後まで)?(?:お読み|ご覧|読んで|見て)いただき.{0,8}ありがとうござい.*|この記事(?:は|が)(?:役に立ち|気に入).*",
        "ko": r"(?:끝까지 )?(?:읽어|봐|시청해|방문해) ?주셔서 감사.*|구독과 좋아요.*",
        "ru": r"спасибо за (?:внимание|прочтение|просмотр|визит|чтение).*|(?:понравилась|была ли полезна) (?:статья|эта статья).*",
        "ar": r"شكرا(?:ً)? (?:على|ل)\s?(?:القراءة|قراءتكم|المتابعة|زيارتكم|متابعتكم).*|هل (?:كان|أعجبك) (?:هذا|هذه|المقال).*",
    },
    filler={"": r"\d+"},
)

FRAUD = Family(
    marks={},
    filler={},
    notices={
        "en": r"(?:earn|make|win) (?:up to )?[$€£]\d[\d,]*(?:k| dollars)? (?:a|per|every|each|in one) (?:day|week|hour)|work from home and earn|guaranteed (?:profit|returns|winnings)|"
        r"double your (?:money|bitcoin|investment)|(?:send|transfer) (?:bitcoin|btc|usdt) to|no credit check loans?|(?:casino|free spins).{0,60}(?:bonus|deposit)|"
        r"buy (?:cheap )?(?:viagra|cialis|followers|essays?)|contact (?:me|us) (?:on|via) (?:whatsapp|telegram) ?:?.{0,10}\d{6,}",
        "zh": r"(?:加|添加)我?的?(?:微信|qq|v信|薇信)(?:号|群)? ?[:：]? ?[a-z0-9_-]{5,}|日赚\d+|月入(?:过)?\d?万|轻松赚钱|刷单|代开发票|办证|无抵押贷款|稳赚不赔|彩票(?:群|平台|计划)|"
        r"棋牌(?:平台|游戏下载)|六合彩|时时彩|在家兼职|招聘?兼职|扫码(?:领|抢)(?:红包|现金)|高仿(?:手表|包包|鞋)|一对一裸聊",
        "de": r"schnelles geld ohne|sofortkredit ohne schufa|kredit trotz schufa|garantierter? gewinn",
        "fr": r"gagnez \d[\d ]*(?:€|euros) par (?:jour|semaine)|crédit sans justificatif|argent facile et rapide",
        "es": r"gan[ae]r? (?:[$€])?\d[\d.]*(?: ?€| euros| dólares)? (?:al|por) (?:día|semana)|préstamos? (?:rápidos? )?sin aval|dinero fácil y rápido",
        "ja": r"即金可能|日給\d+万円?(?:保証|以上)|必ず儲かる|誰でも簡単に稼げる",
        "ko": r"급전 ?대출|먹튀 ?검증|바카라 ?사이트|토토 ?사이트|하루 ?\d+만원 ?(?:수익|보장)",
        "ru": r"заработок без вложений|займы? на карту без отказа|казино вулкан|гарантированный выигрыш",
        "ar": r"اربح \d+ دولار(?:ا)? (?:يوميا|في اليوم)|قروض? بدون كفيل|ربح مضمون",
    },
)

FLAGGED = Family(
    marks={
        "en": r"porn(?:o|hub|star|stars|ography)?|milfs?|blowjobs?|cumshots?|gangbangs?|hentai|nudes|camgirls?|escort (?:girls?|service)|anal sex|threesomes?|creampies?|"
        r"deepthroat|handjobs?|bdsm|sex (?:tube|cams?|chat|videos?|toys?)|naked (?:girls?|teens?)|pussy|cocks?|dildos?|fetish|hookups?",
        "zh": r"色情|成人(?:电影|视频|网站|小说)|裸聊|一夜情|援交|约炮|情色|av女优|无码|有码|自慰|口交|肛交|性爱(?:视频|图片)|激情(?:视频|小说)|淫|乱伦|偷拍自拍",
        "de": r"porno\w*|sexkontakte|sexcam\w*|fickkontakte|huren|nutten",
        "fr": r"porno\w*|plan cul|escort girls?|sexe amateur",
        "es": r"porno\w*|putas|sexo (?:gratis|anal|oral)|escorts?",
        "ru": r"порно\w*|проститутк\w+|секс[- ](?:видео|чат|услуги)|шлюх\w+|эротическ\w+ массаж",
        "ja": r"アダルト(?:動画|サイト)|無修正|エロ(?:動画|漫画|画像)|風俗嬢|デリヘル|援助交際|中出し|素人動画",
        "ko": r"야동|포르노|조건만남|출장(?:안마|마사지)|성인(?:사이트|동영상)|오피스걸",
        "ar": r"سكس|افلام اباحية|نيك|بورن",
    },
    filler={},
)


NEWSPAPER = Family(
    marks={
        "zh": r"第 ?[a-z]?\d{1,3} ?版 ?[:：].{0,16}|[a-z]?\d{1,3} ?版 ?[:：].{0,12}|版面(?:导航|概览|目录)|标题导航|本版(?:新闻|导读|责编|编辑).*|pdf ?版(?:本|下载)?|"
        r"数字报(?:纸|刊)?(?:首页)?|(?:放大|缩小|默认|朗读)(?:[ +\-＋－|｜/]*(?:放大|缩小|默认|朗读|打印|字体))+|国内统一(?:连续出版物号|刊号).*|邮发代号.*|零售(?:每份|价).*|"
        r"(?:本报|报社)(?:地址|电话|热线|邮编).*|广告(?:经营)?许可证.*|今日\d+版|\d{4}年\d{1,2}月\d{1,2}日 ?星期[一二三四五六日天](?:.{0,12}版.*)?|农历.{2,16}|按日期(?:查找|检索)|往期(?:报纸|查询)",
        "en": r"page [a-z]\d{1,2}(?: ?[|:,].{0,40})?|e-?paper(?: edition)?|today['’]s (?:e-?)?paper|print edition|(?:a|this) version of this article appears? in print .*",
        "de": r"e-?paper(?: lesen)?|zur (?:digitalen|heutigen) ausgabe|aus der (?:druck|print)ausgabe.*",
        "fr": r"(?:lire|voir) le journal|édition (?:papier|du jour|numérique)",
        "es": r"edición (?:impresa|del día|digital)|ver (?:el )?periódico",
        "ja": r"紙面(?:ビューアー?|イメージ)(?:で(?:見る|読む))?|(?:朝刊|夕刊)(?:・|/| )?\d{1,3}(?:面|ページ)",
        "ko": r"지면 ?보기|[a-z]\d{1,2}면|(?:종이|디지털) ?신문(?: ?보기)?",
        "ru": r"(?:печатная|электронная) версия(?: газеты)?|газета №.{0,30}|выпуск №.{0,30}",
        "ar": r"(?:النسخة|الطبعة) (?:الورقية|المطبوعة|الرقمية).{0,20}|العدد ?\d+.{0,20}",
    },
    filler={"": r"[-|+·/]+", "zh": r"打印|字体|字号|大|中|小|上一版|下一版|返回|首页|收藏|分享|要闻|新闻|版|星期."},
)

ENCYCLOPEDIA = Family(
    marks={
        "en": r"[\^↑] ?.*|from wikipedia,? the free encyclopa?edia|jump to ?:?(?: navigation)?(?:,| or)?(?: search)?|retrieved from .*|this page was last (?:edited|modified) on.*|(?:main articles?|see also|further information) ?: ?.{0,80}|"
        r"(?:for other uses|for the .{0,60}),? see .{0,80}|not to be confused with .{0,80}|coordinates ?: ?\d.*|hidden categor(?:y|ies) ?: ?.*",
        "zh": r".{1,80}\[(?:m|j|n|d|c|r|s|p|z|eb/ol|db/ol|j/ol)\] ?[.．:：].*|词条(?:标签|统计|图册|贡献者)[:：]?.*|本词条.{0,40}|(?:百科名片|义项描述|多义词|同义词[:：]?.{0,30})|更多(?:图册|义项).{0,10}|(?:编辑|锁定|讨论|上传视频|查看我的收藏|收藏|有用\+1|已投票|历史版本)"
        r"(?:[ |｜]*(?:编辑|锁定|讨论|上传视频|查看我的收藏|收藏|有用\+1|已投票|历史版本|\d+))*|(?:浏览|编辑)次数[:：].*|(?:最近更新|创建者|创建时间)[:：].*|“?科普中国”?.{0,40}|解读词条背后的知识|"
        r"维基百科，自由的百科全书|跳转(?:到|至)[:：].*|(?:导航、搜索|导航，搜索)|本页面最后(?:修订|编辑)于.*|(?:取自|检索自)[“\"]?http.*|隐藏分类[:：].*|此条目.{0,40}(?:来源|小作品|扩充|改善|参考文献).*|主条目[:：].{0,40}|坐标[:：]\d.*",
        "de": r"aus wikipedia, der freien enzyklopädie|hauptartikel ?: ?.{0,80}|diese seite wurde zuletzt .*|(?:dieser artikel|diese seite) (?:behandelt|erläutert) .{0,120}(?:siehe|zu|begriffsklärung).*",
        "fr": r"articles? détaillés? ?: ?.{0,80}|la dernière modification de cette page.*|cet article est une ébauche.*|pour (?:les articles homonymes|un article plus général), voir .*",
        "es": r"artículos? principal(?:es)? ?: ?.{0,80}|esta página se editó por última vez.*|de wikipedia, la enciclopedia libre|para otros usos.{0,20}, véase .*",
        "pt": r"artigos? principa(?:l|is) ?: ?.{0,80}|esta página foi editada pela última vez.*|origem: wikipédia, a enciclopédia livre.*",
        "it": r"lo stesso argomento in dettaglio ?: ?.*|da wikipedia, l['’]enciclopedia libera.*|questa pagina è stata modificata per l['’]ultima volta.*",
        "ja": r"出典: フリー百科事典.*|詳細は「.{0,40}」を参照|この(?:項目|記事)(?:は|には).{0,60}(?:書きかけ|出典|スタブ).*|最終更新 \d{4}年.*|「.{0,30}」はこの項目へ転送.*",
        "ko": r"위키백과, 우리 모두의 백과사전.*|(?:이|본) 문서는 .{0,60}(?:토막글|출처).*|이 문서는 \d{4}년.{0,40}마지막으로 편집.*|.{0,30} 문서를 참고하십시오\.?",
        "ru": r"материал из википедии.*|основная статья ?: ?.{0,80}|эта страница в последний раз была отредактирована.*|у этого термина существуют и другие значения.*",
        "ar": r"من ويكيبيديا، الموسوعة الحرة.*|المقالة الرئيسية ?:? ?.{0,80}|آخر تعديل لهذه الصفحة.*|هذه (?:المقالة|مقالة) بذرة.*",
    },
    filler={"": r"\d+", "zh": r"编辑|锁定|讨论"},
    notices={
        "en": r"this article (?:is a stub|needs additional citations|does not cite any|may require cleanup)|you can help (?:wikipedia )?by expanding it",
    },
)
"""Lines that an encyclopedia's software writes: notes above an article, buttons, states of a page, its references."""

_SECTIONS = {
    "": "references|notes|footnotes|citations|external links|see also|further reading|bibliography|sources|works cited",
    "zh": "参考资料|参考文献|参考来源|參考資料|參考文獻|外部链接|外部連結|参见|參見|另见|注释|註釋|脚注|延伸阅读|相关条目|词条图册|图册|基本信息|目录|相关书籍|人物关系",
    "de": "einzelnachweise|weblinks|siehe auch|literatur|anmerkungen|quellen|fußnoten",
    "fr": "notes et références|références|liens externes|voir aussi|bibliographie|articles connexes",
    "es": "referencias|enlaces externos|véase también|notas|bibliografía",
    "pt": "referências|ligações externas|ver também|notas|bibliografia",
    "it": "note|collegamenti esterni|voci correlate|bibliografia|altri progetti",
    "ja": "脚注|参考文献|外部リンク|関連項目|注釈|出典",
    "ko": "각주|외부 링크|같이 보기|참고 문헌|참고문헌|출처|주석",
    "ru": "примечания|ссылки|литература|см. также|источники|сноски",
    "ar": "مراجع|المراجع|وصلات خارجية|روابط خارجية|انظر أيضا|انظر أيضًا|هوامش|مصادر",
}
"""Headings of the parts of an encyclopedia's article that stand empty where its software filled them."""


FAMILIES = (
    SOCIAL, FOLLOW, POST, FOLLOW_ON, ACCOUNT, FOOTER, COOKIE, COPYRIGHT, CREDIT, PAGE_TURN, NEWSPAPER, ENCYCLOPEDIA,
    KEYWORD_LINE, ADVERT, PLAYER, VIDEO, THANKS, FRAUD,
)  # fmt: skip
"""The families that a line can be made up of."""


@cache
def phrases(family: Family, language: str | None) -> Phrases:
    """A family for a language: the patterns of the language and the English ones."""
    languages = _languages(language)
    return Phrases(
        re.compile(_joined(family.marks, languages)),
        re.compile(_joined(family.filler, ["", *languages])),
        re.compile(_joined(family.notices, languages, anchor=False)),
    )


def holds_any(lower: str, language: str | None) -> bool:
    """Whether a line, in lower case, holds anything of `FAMILIES`: spares most lines the search for each."""
    return _holds(_any_family(language), lower)


def holds_flagged(lower: str, language: str | None) -> bool:
    """Whether a text, in lower case, holds a mark of `FLAGGED`."""
    return _holds(_flagged(language), lower)


_Search = tuple[re.Pattern[str], ...]
"""What to match at the start of a text, and what to search for in it."""


def _holds(search: _Search, lower: str) -> bool:
    start, *inside = search
    return start.match(lower) is not None or any(pattern.search(lower) is not None for pattern in inside)


@cache
def _any_family(language: str | None) -> _Search:
    return _search(FAMILIES, language)


@cache
def _flagged(language: str | None) -> _Search:
    return _search((FLAGGED,), language)


def _search(families: tuple[Family, ...], language: str | None) -> _Search:
    """Finds whether there is a match, not which: so the alternatives may be put in order by their letters.

    The search begins with the class of what stands before a word, which the regular expressions of Python look for
    at once; a word is then tried with what begins with its letter, and not with every alternative.
    """
    start: list[str] = []
    bounded: list[str] = []
    unbounded: list[str] = []
    for code in _languages(language):
        for family in families:
            marks = _alternatives(family.marks[code]) if code in family.marks else []
            inside = [mark for mark in marks if not _takes_free_text(mark)]
            inside += _alternatives(family.notices[code]) if code in family.notices else []
            free = [mark for mark in marks if _takes_free_text(mark)]
            if code in _UNSPACED:
                unbounded += inside
                start += free
            else:
                bounded += inside
                start += [rf"(?:{mark})(?!\w)" for mark in [*free, *inside]]
    patterns = [_by_letter(start) or "(?!)"]
    patterns += [rf"\W(?:{_by_letter(bounded)})(?!\w)"] if bounded else []
    patterns += [_by_letter(unbounded)] if unbounded else []
    return tuple(map(re.compile, patterns))


def _by_letter(alternatives: list[str]) -> str:
    """A pattern that matches where one of the alternatives does, with their first letters taken out in front."""
    rests: dict[str, list[str]] = {}
    others: list[str] = []
    for alternative in alternatives:
        for plain in _begun(alternative):
            if _LETTER_FIRST.match(plain):
                rests.setdefault(plain[0], []).append(plain[1:])
            else:
                others.append(plain)
    return "|".join([*(f"{letter}(?:{'|'.join(found)})" for letter, found in rests.items()), *others])


_LETTER_FIRST = re.compile(r"[\w @,:'’「【《-](?![*+?{])")
_OPTIONAL_LETTER = re.compile(r"[\w @,:'’¿-]\?(?![?+])")


def _begun(alternative: str) -> list[str]:
    """An alternative as several, without the group or the optional letter that it begins with: (?:a|b)?c is ac, bc, c."""
    if _OPTIONAL_LETTER.match(alternative):
        return [alternative[0] + alternative[2:], *_begun(alternative[2:])]
    if not alternative.startswith("(?:"):
        return [alternative]
    end = _closing(alternative)
    inside, rest = alternative[3:end], alternative[end + 1 :]
    if rest.startswith(("*", "+", "{", "??", "?+")):
        return [alternative]
    heads = _alternatives(inside)
    if rest.startswith("?"):
        heads, rest = [*heads, ""], rest[1:]
    return [begun for head in heads for begun in _begun(head + rest)]


def _languages(language: str | None) -> list[str]:
    return ["en"] if language in (None, "en") else [language, "en"]


def _joined(table: dict[str, str], languages: list[str], *, anchor: bool = True) -> str:
    """One pattern for the languages; alternatives that take free text along hold at the start of a line only."""
    patterns = []
    for code in languages:
        if code in table:
            alternatives = _alternatives(table[code]) if anchor else [table[code]]
            patterns.append(
                _bounded([f"^(?:{a})" if anchor and _takes_free_text(a) else a for a in alternatives], code)
            )
    return "|".join(patterns) or r"(?!)"


def _bounded(alternatives: list[str], language: str) -> str:
    """Whole words only, in languages that have a space between words."""
    pattern = "|".join(alternatives) or r"(?!)"
    return f"(?:{pattern})" if language in _UNSPACED else rf"(?<!\w)(?:{pattern})(?!\w)"


def _takes_free_text(alternative: str) -> bool:
    """Whether an alternative takes along whatever follows ("tags: ...")."""
    return ".*" in alternative or re.search(r"\.\{0,\d\d\}|\$", alternative) is not None


def _alternatives(pattern: str) -> list[str]:
    """A pattern cut at the bars that stand in no group and no class."""
    cuts = [-1, *(place for place, depth in _signs(pattern) if not depth and pattern[place] == "|"), len(pattern)]
    return [pattern[start + 1 : end] for start, end in pairwise(cuts)]


def _closing(pattern: str) -> int:
    """Where the group ends that a pattern begins with."""
    return next(place for place, depth in _signs(pattern) if not depth and pattern[place] == ")")


def _signs(pattern: str) -> Iterator[tuple[int, int]]:
    """The places of brackets and bars that are none of a class and not escaped, and how many groups hold each."""
    depth = 0
    in_class = escaped = False
    for place, character in enumerate(pattern):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character in "()|":
            depth -= character == ")"
            yield place, depth
            depth += character == "("


@cache
def sections(language: str | None) -> frozenset[str]:
    """The headings of `_SECTIONS` in a language and in English."""
    return frozenset(_SECTIONS[""].split("|") + _SECTIONS.get(language or "", "").split("|")) - {""}
