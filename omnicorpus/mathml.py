"""Presentation MathML to LaTeX, for formulas whose page carries no TeX source.

The three converters that PyPI offers had one release each or none since 2019, and want a whole XML document; a page
gives a stream of tags. What comes out is read by people and by language models, and sets in LaTeX with amsmath.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

DEPTH = 100
"""Elements open at once; formulas of real pages stay under 30. A deeper formula is given up: its text is kept."""

Token = tuple[bool, str, Mapping[str, str], str]
"""Whether it closes, the tag in lower case, the attributes, the text behind it up to the next tag."""

_SYMBOLS = {
    "±": r"\pm", "∓": r"\mp", "×": r"\times", "÷": r"\div", "⋅": r"\cdot", "·": r"\cdot", "∘": r"\circ", "∗": "*",
    "⋆": r"\star", "∙": r"\bullet", "•": r"\bullet", "⊕": r"\oplus", "⊖": r"\ominus", "⊗": r"\otimes", "⊙": r"\odot",
    "∧": r"\wedge", "∨": r"\vee", "∩": r"\cap", "∪": r"\cup", "⊎": r"\uplus", "∖": r"\setminus", "†": r"\dagger",
    "‡": r"\ddagger", "≤": r"\leq", "≥": r"\geq", "⩽": r"\leqslant", "⩾": r"\geqslant", "≪": r"\ll", "≫": r"\gg",
    "≠": r"\neq", "≡": r"\equiv", "≢": r"\not\equiv", "≈": r"\approx", "≃": r"\simeq", "≅": r"\cong", "∼": r"\sim",
    "≐": r"\doteq", "≔": ":=", "∝": r"\propto", "≺": r"\prec", "≻": r"\succ", "⪯": r"\preceq", "⪰": r"\succeq",
    "⊂": r"\subset", "⊃": r"\supset", "⊆": r"\subseteq", "⊇": r"\supseteq", "⊄": r"\not\subset", "⊊": r"\subsetneq",
    "∈": r"\in", "∉": r"\notin", "∋": r"\ni", "⊢": r"\vdash", "⊨": r"\models", "⊥": r"\perp", "∥": r"\parallel",
    "∣": r"\mid", "∤": r"\nmid", "≜": r"\triangleq", "⋈": r"\bowtie", "≍": r"\asymp", "←": r"\leftarrow",
    "→": r"\to", "↔": r"\leftrightarrow", "⇐": r"\Leftarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow",
    "↦": r"\mapsto", "↑": r"\uparrow", "↓": r"\downarrow", "⟶": r"\longrightarrow", "⟵": r"\longleftarrow",
    "⟹": r"\implies", "⟺": r"\iff", "↪": r"\hookrightarrow", "⇌": r"\rightleftharpoons", "↠": r"\twoheadrightarrow",
    "∀": r"\forall", "∃": r"\exists", "∄": r"\nexists", "¬": r"\neg", "∅": r"\emptyset", "∞": r"\infty",
    "∂": r"\partial", "∇": r"\nabla", "∆": r"\Delta", "√": r"\surd", "∠": r"\angle", "△": r"\triangle",
    "□": r"\square", "■": r"\blacksquare", "◊": r"\diamond", "⋄": r"\diamond", "ℏ": r"\hbar", "ℓ": r"\ell",
    "ℜ": r"\Re", "ℑ": r"\Im", "℘": r"\wp", "ℵ": r"\aleph", "ı": r"\imath", "ȷ": r"\jmath", "′": r"\prime",
    "″": r"\prime\prime", "‴": r"\prime\prime\prime", "…": r"\ldots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots",
    "⟨": r"\langle", "⟩": r"\rangle", "〈": r"\langle", "〉": r"\rangle", "⌊": r"\lfloor", "⌋": r"\rfloor",
    "⌈": r"\lceil", "⌉": r"\rceil", "‖": r"\|", "°": r"^{\circ}", "∴": r"\therefore", "∵": r"\because",
    "⊤": r"\top", "−": "-", "∑": r"\sum", "∏": r"\prod", "∐": r"\coprod", "∫": r"\int", "∬": r"\iint",
    "∭": r"\iiint", "∮": r"\oint", "⋃": r"\bigcup", "⋂": r"\bigcap", "⋁": r"\bigvee", "⋀": r"\bigwedge",
    "⨁": r"\bigoplus", "⨂": r"\bigotimes", "⨀": r"\bigodot", "⨄": r"\biguplus", "\\": r"\backslash", "{": r"\{",
    "}": r"\}", "$": r"\$", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "^": r"\hat{}", "~": r"\sim", "\xa0": " ",
    "ϕ": r"\phi", "φ": r"\varphi", "ϵ": r"\epsilon", "ε": r"\varepsilon", "ϑ": r"\vartheta", "ϖ": r"\varpi",
    "ϱ": r"\varrho", "ϰ": r"\varkappa", "ς": r"\varsigma", "ο": "o", "’": "'", "µ": r"\mu", "Ω": r"\Omega",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "", "\u200b": "", "\ufe0e": "",
}  # fmt: skip
_CAPITALS = frozenset(("GAMMA", "DELTA", "THETA", "LAMDA", "XI", "PI", "SIGMA", "UPSILON", "PHI", "PSI", "OMEGA"))
_SPACED = frozenset("=+<>±∓×÷⋅∘∧∨∩∪⊕⊗≤≥⩽⩾≪≫≠≡≢≈≃≅∼≐≔∝≺≻⪯⪰⊂⊃⊆⊇⊄⊊∈∉∋⊢⊨⊥∥∣≜←→↔⇐⇒⇔↦⟶⟵⟹⟺↪⇌∖−-")
"""Operators that stand between two terms: a space before and behind."""
_SIGNS = frozenset("+-−±∓")
_BEFORE_A_SIGN = _SPACED | frozenset("([{,;|")
"""Behind these, or in front of everything, a plus or minus belongs to what follows."""
_LIMITS = frozenset("∑∏∐⋃⋂⋁⋀⨁⨂⨀⨄∫∬∭∮")
_FUNCTIONS = frozenset(
    ("arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd", "hom",
     "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "Pr", "sec", "sin", "sinh", "sup", "tan",
     "tanh")
)  # fmt: skip
_WITH_LIMITS = frozenset(
    ("det", "gcd", "inf", "lim", "liminf", "limsup", "max", "min", "Pr", "sup", "argmax", "argmin")
)
_OVER = {
    "^": "hat", "ˆ": "hat", "̂": "hat", "¯": "bar", "‾": "overline", "̄": "bar", "-": "bar", "−": "bar", "―": "overline",
    "_": "overline", "~": "tilde", "˜": "tilde", "∼": "tilde", "̃": "tilde", "→": "vec", "⃗": "vec", "⇀": "vec",
    "˙": "dot", ".": "dot", "̇": "dot", "¨": "ddot", "̈": "ddot", "ˇ": "check", "˘": "breve", "´": "acute",
    "`": "grave", "⏞": "overbrace", "︷": "overbrace", "←": "overleftarrow",
}  # fmt: skip
_UNDER = {"_": "underline", "¯": "underline", "‾": "underline", "̲": "underline", "⏟": "underbrace", "︸": "underbrace"}
_WIDE = {"bar": "overline", "hat": "widehat", "tilde": "widetilde", "vec": "overrightarrow"}
_VARIANTS = {
    "bold": "mathbf", "italic": "mathit", "bold-italic": "boldsymbol", "double-struck": "mathbb", "script": "mathcal",
    "bold-script": "mathcal", "fraktur": "mathfrak", "bold-fraktur": "mathfrak", "sans-serif": "mathsf",
    "bold-sans-serif": "mathsf", "sans-serif-italic": "mathsf", "monospace": "mathtt", "normal": "mathrm",
}  # fmt: skip
_ALPHABETS = (
    ("DOUBLE-STRUCK", "mathbb"), ("FRAKTUR", "mathfrak"), ("BLACK-LETTER", "mathfrak"), ("SCRIPT", "mathcal"),
    ("MONOSPACE", "mathtt"), ("SANS-SERIF", "mathsf"), ("BOLD", "mathbf"),
)  # fmt: skip
"""Words of the Unicode names of mathematical letters, the first that fits decides."""
_LEAVES = frozenset(("mi", "mo", "mn", "mtext", "ms"))
_SKIPPED = frozenset(("annotation", "annotation-xml", "mphantom", "mglyph", "malignmark", "maligngroup"))
_MATRICES = {
    ("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("|", "|"): "vmatrix", (r"\|", r"\|"): "Vmatrix",
    (r"\{", r"\}"): "Bmatrix", ("∣", "∣"): "vmatrix",
}  # fmt: skip
_COMMAND_END = re.compile(r"\\[a-zA-Z]+$")
_ONE = re.compile(r"[^\\{}^_\s]|\\(?:[a-zA-Z]+|.)")
_TEXT_ESCAPES = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {each: "\\" + each for each in "{}$%&#_"}
)
_WIDTH = re.compile(r"\s*(\d+(?:\.\d+)?)em\s*")


@dataclass(slots=True)
class _Piece:
    """LaTeX of one element. `sign` is the text of a leaf as the page has it, `table` the body of a matrix,
    `binomial` what it is between brackets; `limits` says that scripts of it stand above and below."""

    latex: str
    sign: str = ""
    table: str = ""
    binomial: str = ""
    limits: bool = False
    blank: bool = False


@dataclass(slots=True)
class _Open:
    tag: str
    given: Mapping[str, str]
    pieces: list[_Piece] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def latex(tokens: Iterable[Token]) -> str:
    """The LaTeX of the tags and texts of one formula, without dollar signs; "" where it is empty or nests over `DEPTH`.

    Never raises: unknown elements count as rows, missing children as empty, unclosed ones as closed at the end.
    """
    opened = [_Open("math", {})]
    for closing, tag, given, text in tokens:
        if not closing:
            if len(opened) > DEPTH:
                return ""
            opened.append(_Open(tag, given))
        elif any(each.tag == tag for each in opened[1:]):
            while _closed(opened) != tag:
                pass
        if text.strip():
            holder = opened[-1]
            if holder.tag in _LEAVES:
                holder.texts.append(text)
            elif not any(each.tag in _SKIPPED for each in opened):
                holder.pieces.append(_leaf("mtext", {}, text))
        elif text and opened[-1].tag == "mtext":
            opened[-1].texts.append(" ")
    while len(opened) > 1:
        _closed(opened)
    return _row(opened[0].pieces).strip()


def _closed(opened: list[_Open]) -> str:
    """Close the innermost element, hand its LaTeX to the one around it, and give its tag."""
    done = opened.pop()
    around = opened[-1]
    if done.tag in _LEAVES:
        around.pieces.extend(done.pieces)
        around.pieces.append(_leaf(done.tag, done.given, "".join(done.texts)))
    elif done.tag not in _SKIPPED:
        around.pieces.append(_composed(done))
    return done.tag


def _leaf(tag: str, given: Mapping[str, str], text: str) -> _Piece:
    words = " ".join(text.split())
    if tag in ("mtext", "ms"):
        if not words:
            return _Piece(r"\ " if text else "", blank=True)
        inner = words.translate(_TEXT_ESCAPES)
        before = " " if text[0].isspace() or text[0] == "\xa0" else ""
        return _Piece(rf"\text{{{before}{inner}{' ' if text[-1].isspace() else ''}}}", words)
    if tag == "mn":
        return _Piece(_signs(words), words)
    name = "".join(words.split()) if words.replace(" ", "") in _WITH_LIMITS else words
    if name in _FUNCTIONS:
        return _Piece("\\" + name, name, limits=name in _WITH_LIMITS)
    if tag == "mo":
        if len(name) > 1 and name.isascii() and name.isalpha():
            return _Piece(rf"\operatorname{{{name}}}", name, limits=name in _WITH_LIMITS)
        shown = _signs(name)
        return _Piece(f" {shown} " if name in _SPACED else shown, name, limits=name in _LIMITS)
    variant = _VARIANTS.get(given.get("mathvariant", ""), "")
    if len(name) > 1 and name.isalpha() and not variant:
        if name.isascii():
            return _Piece(rf"\operatorname{{{name}}}" if name in _WITH_LIMITS else rf"\mathrm{{{name}}}", name,
                          limits=name in _WITH_LIMITS)  # fmt: skip
        if not all(unicodedata.name(each, "").startswith(("GREEK", "MATHEMATICAL")) for each in name):
            return _Piece(rf"\text{{{name}}}", name)
    shown = _signs(name)
    if not variant or not shown or (variant == "mathit" and len(name) == 1):
        return _Piece(shown, name)
    if shown.startswith("\\") and variant in ("mathbf", "mathit", "mathrm"):
        return _Piece(rf"\boldsymbol{{{shown}}}" if variant == "mathbf" else shown, name)
    return _Piece(rf"\{variant}{{{shown}}}", name)


def _signs(text: str) -> str:
    """The characters of a leaf, each as LaTeX writes it."""
    if text.isascii() and text.isalnum():
        return text
    return _glued([_sign(each) for each in text])


@cache
def _sign(character: str) -> str:
    known = _SYMBOLS.get(character)
    if known is not None or character.isascii():
        return known if known is not None else character
    name = unicodedata.name(character, "")
    if name.startswith("GREEK "):
        letter = name.rsplit(" ", 1)[-1]
        command = "lambda" if letter == "LAMDA" else letter.lower()
        if name.startswith("GREEK SMALL LETTER ") and " WITH " not in name:
            return "\\" + command
        if name.startswith("GREEK CAPITAL LETTER ") and letter in _CAPITALS:
            return "\\" + command.capitalize()
        return character
    if name.startswith("MATHEMATICAL ") or "DOUBLE-STRUCK" in name or "BLACK-LETTER" in name or "SCRIPT " in name:
        plain = unicodedata.normalize("NFKC", character)
        if plain != character and len(plain) == 1:
            shown = _sign(plain)
            command = next((command for word, command in _ALPHABETS if word in name), "")
            return rf"\{command}{{{shown}}}" if command else shown
    return character


def _composed(element: _Open) -> _Piece:
    """The LaTeX of an element that holds others."""
    tag, given = element.tag, element.given
    pieces = element.pieces
    if tag in _PLACED:
        pieces = [each for each in pieces if not each.blank] if len(pieces) > _PLACED[tag] else list(pieces)
        pieces += [_Piece("")] * (_PLACED[tag] - len(pieces))
    match tag:
        case "mfrac":
            above, below = pieces[0].latex.strip(), pieces[1].latex.strip()
            if re.fullmatch(r"0+(?:\.0*)?\s*[a-z%]*", given.get("linethickness", "1").strip()):
                return _Piece(rf"{{{above} \atop {below}}}", binomial=rf"\binom{{{above}}}{{{below}}}")
            return _Piece(rf"\frac{{{above}}}{{{below}}}")
        case "msqrt":
            return _Piece(rf"\sqrt{{{_row(pieces).strip()}}}")
        case "mroot":
            return _Piece(rf"\sqrt[{pieces[1].latex.strip()}]{{{pieces[0].latex.strip()}}}")
        case "msub" | "munder" if tag == "msub" or pieces[0].limits:
            return _Piece(_scripted(pieces[0], pieces[1].latex, ""), limits=pieces[0].limits)
        case "msup" | "mover" if tag == "msup" or pieces[0].limits:
            return _Piece(_scripted(pieces[0], "", pieces[1].latex), limits=pieces[0].limits)
        case "msubsup" | "munderover" if tag == "msubsup" or pieces[0].limits:
            return _Piece(_scripted(pieces[0], pieces[1].latex, pieces[2].latex))
        case "mover":
            return _stacked(pieces[0], pieces[1], _OVER, "overset")
        case "munder":
            return _stacked(pieces[0], pieces[1], _UNDER, "underset")
        case "munderover":
            return _stacked(_stacked(pieces[0], pieces[1], _UNDER, "underset"), pieces[2], _OVER, "overset")
        case "mmultiscripts":
            return _Piece(_multiscripts(pieces))
        case "mfenced":
            return _Piece(_fenced(pieces, given))
        case "mtable":
            rows = r" \\ ".join(each.latex.strip() for each in pieces)
            return _Piece(rf"\begin{{matrix}} {rows} \end{{matrix}}", table=rows)
        case "mtr" | "mlabeledtr":
            cells = pieces[1:] if tag == "mlabeledtr" else pieces
            return _Piece(" & ".join(each.latex.strip() for each in cells))
        case "semantics" | "maction":
            return pieces[0] if pieces else _Piece("")
        case "mspace":
            width = _WIDTH.fullmatch(given.get("width", ""))
            return _Piece((r"\quad " if float(width[1]) >= 1 else r"\ ") if width and float(width[1]) > 0 else "",
                          blank=True)  # fmt: skip
        case "none" | "mprescripts":
            return _Piece("", tag)
        case _:
            return pieces[0] if len(pieces) == 1 and tag != "mtd" else _Piece(_row(pieces))


_PLACED = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2, "munderover": 3,
}  # fmt: skip
"""Elements whose children have a place each, and how many they have."""


def _row(pieces: list[_Piece]) -> str:
    """Neighbours in a line; brackets around a table make it a matrix of that kind, a lone brace makes cases. A sign in
    front of a term stands close to it."""
    shown: list[str] = []
    index = 0
    while index < len(pieces):
        here = pieces[index]
        inner = pieces[index + 1] if index + 1 < len(pieces) else None
        if inner is not None and (inner.table or inner.binomial):
            closing = pieces[index + 2].latex.strip() if index + 2 < len(pieces) else ""
            kind = _MATRICES.get((here.latex.strip(), closing))
            if inner.binomial and kind == "pmatrix":
                shown.append(inner.binomial)
                index += 3
                continue
            if inner.table and kind is not None:
                shown.append(rf"\begin{{{kind}}} {inner.table} \end{{{kind}}}")
                index += 3
                continue
            if inner.table and here.sign == "{":
                shown.append(rf"\begin{{cases}} {inner.table} \end{{cases}}")
                index += 3 if index + 2 < len(pieces) and not closing else 2
                continue
        alone = not shown or pieces[index - 1].sign in _BEFORE_A_SIGN
        shown.append(here.latex.strip() if alone and here.sign in _SIGNS else here.latex)
        index += 1
    return _glued(shown)


def _glued(shown: Iterable[str]) -> str:
    """Pieces of LaTeX in a line; a space only where a command would swallow the next letter, none twice."""
    line: list[str] = []
    last = ""
    for each in shown:
        if not each:
            continue
        if last and each[0].isalpha() and _COMMAND_END.search(last):
            line.append(" ")
        elif last.endswith(" ") and each[0] == " " and not last.endswith("\\ "):
            each = each[1:]
        if each:
            line.append(each)
            last = each
    return "".join(line)


def _script(mark: str, given: str) -> str:
    given = given.strip()
    if not given:
        return ""
    return f"{mark}{given}" if len(given) == 1 else f"{mark}{{{given}}}"


def _based(base: str) -> str:
    base = base.strip()
    if not base:
        return "{}"
    return base if _ONE.fullmatch(base) or re.fullmatch(r"\\[a-zA-Z]+\{[^{}]*\}", base) else f"{{{base}}}"


def _scripted(base: _Piece, below: str, above: str) -> str:
    if above.strip() == r"^{\circ}":
        above = r"\circ"
    primes = above.strip().replace(r"\prime", "'").replace(" ", "")
    if primes and not primes.strip("'"):
        return f"{_based(base.latex)}{primes}{_script('_', below)}"
    return f"{_based(base.latex)}{_script('_', below)}{_script('^', above)}{' ' * base.limits}"


def _stacked(base: _Piece, mark: _Piece, accents: Mapping[str, str], otherwise: str) -> _Piece:
    """A base with a mark above or below: an accent where LaTeX has one; of braces, the label stays outside."""
    inner = base.latex.strip()
    accent = accents.get(mark.sign)
    if accent is not None:
        if not _ONE.fullmatch(inner):
            accent = _WIDE.get(accent, accent)
        return _Piece(rf"\{accent}{{{inner}}}", limits=accent in ("overbrace", "underbrace"))
    return _Piece(rf"\{otherwise}{{{mark.latex.strip()}}}{{{inner}}}" if mark.latex.strip() else inner)


def _multiscripts(pieces: list[_Piece]) -> str:
    if not pieces:
        return ""
    border = next((index for index, each in enumerate(pieces) if each.sign == "mprescripts"), len(pieces))

    def pairs(scripts: list[_Piece]) -> str:
        below = _glued(each.latex for each in scripts[::2])
        above = _glued(each.latex for each in scripts[1::2])
        return _script("_", below) + _script("^", above)

    before = pairs(pieces[border + 1 :])
    return ("{}" + before if before else "") + _based(pieces[0].latex) + pairs(pieces[1:border])


def _fenced(pieces: list[_Piece], given: Mapping[str, str]) -> str:
    opening, closing = _signs(given.get("open", "(").strip()), _signs(given.get("close", ")").strip())
    if len(pieces) == 1 and pieces[0].table and (kind := _MATRICES.get((opening, closing))):
        return rf"\begin{{{kind}}} {pieces[0].table} \end{{{kind}}}"
    separators = "".join(given.get("separators", ",").split())
    shown = [opening]
    for index, each in enumerate(pieces):
        if index and separators:
            shown.append(_signs(separators[min(index, len(separators)) - 1]) + " ")
        shown.append(each.latex)
    return _glued([*shown, closing])
