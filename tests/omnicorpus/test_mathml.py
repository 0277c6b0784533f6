from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus.blocks import Block, read
from omnicorpus.mathml import DEPTH, latex
from omnicorpus.tree import parse


def written(markup: str) -> str:
    """What a reader of blocks makes of one formula."""
    (block,) = read(parse(f"<p><math>{markup}</math></p>").body).items
    assert isinstance(block, Block)
    return block.text


X, Y, N = "<mi>x</mi>", "<mi>y</mi>", "<mi>n</mi>"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (X, "x"),
        (f"<mfrac>{X}{Y}</mfrac>", r"\frac{x}{y}"),
        (f"<msup>{X}<mn>2</mn></msup>", "x^2"),
        (f"<msup>{X}<mn>12</mn></msup>", "x^{12}"),
        (f"<msub>{X}<mi>i</mi></msub>", "x_i"),
        (f"<msubsup>{X}<mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        (f"<msqrt>{X}<mo>+</mo>{Y}</msqrt>", r"\sqrt{x + y}"),
        (f"<mroot>{X}<mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        (f"<msup><mrow>{X}<mo>+</mo>{Y}</mrow>{N}</msup>", "{x + y}^n"),
        ("<mi>α</mi><mi>Ω</mi><mi>φ</mi><mi>ϕ</mi><mi>λ</mi>", r"\alpha\Omega\varphi\phi\lambda"),
        (f"<mi>π</mi>{X}", r"\pi x"),
        (f"{X}<mo>≤</mo>{Y}<mo>≠</mo><mn>0</mn>", r"x \leq y \neq 0"),
        (f"{X}<mo>⁢</mo>{Y}", "xy"),
        (f"<mi>sin</mi>{X}", r"\sin x"),
        ("<mi>Re</mi>", r"\mathrm{Re}"),
        ("<mo>−</mo><mn>1</mn>", "-1"),
        ("<mn>3,14</mn>", "3,14"),
        (f"<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow>{N}</munderover>{X}",
         r"\sum_{i = 1}^n x"),
        (f"<munder><mi>lim</mi><mrow>{N}<mo>→</mo><mi>∞</mi></mrow></munder>{X}", r"\lim_{n \to \infty} x"),
        (f"<mover>{X}<mo>^</mo></mover>", r"\hat{x}"),
        (f"<mover accent=true>{X}<mo>→</mo></mover>", r"\vec{x}"),
        (f"<mover><mrow>{X}{Y}</mrow><mo>¯</mo></mover>", r"\overline{xy}"),
        (f"<munder><munder>{X}<mo>⏟</mo></munder>{N}</munder>", r"\underbrace{x}_n"),
        ("<mover><mo>=</mo><mtext>def</mtext></mover>", r"\overset{\text{def}}{=}"),
        (f"<munderover>{X}{Y}{N}</munderover>", r"\overset{n}{\underset{y}{x}}"),
        (f"<mtable><mtr><mtd>{X}</mtd><mtd>{Y}</mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd>{N}</mtd></mtr></mtable>",
         r"\begin{matrix} x & y \\ 0 & n \end{matrix}"),
        (f"<mo>(</mo><mtable><mtr><mtd>{X}</mtd></mtr></mtable><mo>)</mo>", r"\begin{pmatrix} x \end{pmatrix}"),
        (f"<mo>{{</mo><mtable><mtr><mtd>{X}</mtd></mtr></mtable>", r"\begin{cases} x \end{cases}"),
        (f"<mo>(</mo><mfrac linethickness=0>{N}<mi>k</mi></mfrac><mo>)</mo>", r"\binom{n}{k}"),
        (f"<mfenced open='[' separators=';'>{X}{Y}</mfenced>", "[x; y)"),
        (f"<mmultiscripts>{X}<mn>1</mn><mn>2</mn><mprescripts/><mn>3</mn><none/></mmultiscripts>", "{}_3x_1^2"),
        ("<mi mathvariant=double-struck>R</mi><mi>ℕ</mi><mi>𝐱</mi>", r"\mathbb{R}\mathbb{N}\mathbf{x}"),
        ("<mtext>50 % of {x}</mtext>", r"\text{50 \% of \{x\}}"),
        ("<msup><mi>f</mi><mo>′</mo></msup>", "f'"),
        (f"{X}<mspace width=1em></mspace>{Y}", r"x\quad y"),
        (f"<mphantom>{Y}</mphantom>{X}", "x"),
        (f"<semantics><mrow>{X}</mrow><annotation encoding=StarMath>x over</annotation></semantics>", "x"),
        ("<mfrac><mi>x</mi></mfrac>", r"\frac{x}{}"),
        ("<unknown><mi>x</mi></unknown>", "x"),
    ],
)  # fmt: skip
def test_presentation_becomes_latex(markup: str, expected: str) -> None:
    assert written(markup) == f"${expected}$"


def test_the_source_goes_before_the_elements() -> None:
    source = "<annotation encoding='application/x-tex'>y^2</annotation>"
    assert written(f"<semantics>{X}{source}</semantics>") == "$y^2$"


def test_a_source_in_display_style_loses_the_wrapping() -> None:
    (block,) = read(parse(f"<p><math alttext='{{\\displaystyle y^{{2}}}}'>{X}</math></p>").body).items
    assert isinstance(block, Block)
    assert block.text == "$y^{2}$"


MATH = "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>y</annotation></semantics></math>"


@pytest.mark.parametrize(
    "markup",
    [
        f"<span class=katex><span class=katex-mathml>{MATH}</span><span class=katex-html><span>z</span></span></span>",
        "<span class=MathJax_Preview>z</span><span class=MathJax><nobr>z</nobr></span><script type=math/tex>y</script>",
        f"<span class=MathJax><nobr aria-hidden=true>z</nobr><span class=MJX_Assistive_MathML>{MATH}</span></span>",
        f"<mjx-container><mjx-math>z</mjx-math><mjx-assistive-mml>{MATH}</mjx-assistive-mml></mjx-container>",
    ],
)
def test_a_formula_that_a_script_drew_is_there_once(markup: str) -> None:
    words = " ".join(item.text for item in read(parse(f"<p>a {markup} b</p>").body).items if isinstance(item, Block))
    assert words == "a $y$ b"


def test_what_was_drawn_stays_where_no_source_is_left() -> None:
    (block,) = read(parse("<p>a <span class=katex><span class=katex-html>z</span></span></p>").body).items
    assert isinstance(block, Block)
    assert block.text == "a z"


def test_a_displayed_formula_has_two_dollar_signs() -> None:
    (block,) = read(parse(f"<p><math display=block>{X}</math></p>").body).items
    assert isinstance(block, Block)
    assert block.text == "$$x$$"


def test_a_formula_that_nests_too_deep_is_its_text() -> None:
    assert written("<mrow>" * (DEPTH + 1) + X + "</mrow>" * (DEPTH + 1)) == "x"


_TAGS = st.sampled_from(
    ["mi", "mo", "mn", "mtext", "mrow", "mfrac", "msup", "msubsup", "munderover", "mover", "mtable", "mtr", "mtd",
     "mmultiscripts", "mprescripts", "mfenced", "mspace", "semantics", "annotation", "msqrt", "mroot", "b"]
)  # fmt: skip
_TOKENS = st.tuples(
    st.booleans(),
    _TAGS,
    st.dictionaries(
        st.sampled_from(["open", "separators", "width", "linethickness", "mathvariant"]),
        st.text(max_size=5),
        max_size=2,
    ),
    st.text(max_size=5),
)


@settings(max_examples=300)
@given(st.lists(_TOKENS, max_size=60))
def test_any_tokens_give_latex_with_balanced_braces(tokens: list[tuple[bool, str, dict[str, str], str]]) -> None:
    bare = latex(tokens).replace(r"\\", "").replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
