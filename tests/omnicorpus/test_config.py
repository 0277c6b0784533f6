from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from omnicorpus.config import fill, plain, read, with_overrides
from omnicorpus.errors import ConfigError, InputError


@dataclass(frozen=True)
class Inner:
    share: float = 0.5
    words: tuple[int, int] = (50, 100)
    off: int | None = 3


@dataclass(frozen=True)
class Outer:
    output: str
    languages: tuple[str, ...] | Literal["all"] = ("en",)
    keep: Literal["newest", "longest"] = "newest"
    strict: bool = False
    inner: Inner = field(default_factory=Inner)
    model: Inner | None = None

    def __post_init__(self) -> None:
        if not self.output:
            raise ValueError("output is empty")


def test_yaml_becomes_a_dataclass_with_defaults_for_what_is_absent(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "output: out\nlanguages: [en, zh]\ninner: {share: 1, words: [1, 2], off: null}\nmodel: {share: 0.1}\n"
    )
    filled = fill(Outer, read(str(path)), str(path))
    assert filled == Outer("out", ("en", "zh"), inner=Inner(1.0, (1, 2), None), model=Inner(0.1))
    assert fill(Outer, plain_lists(plain(filled)), "again") == filled


def plain_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain_lists(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def test_overrides_reach_into_sections() -> None:
    values = with_overrides(
        {"output": "a", "inner": {"share": 0.1}}, ["inner.off=7", "languages=all", "inner.share=0.2"]
    )
    assert fill(Outer, values, "x") == Outer("a", "all", inner=Inner(0.2, off=7))


def test_norwegian_is_a_language_and_not_false(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("output: a\nlanguages: [no, nn]\nstrict: TRUE\n")
    assert fill(Outer, read(str(path)), "c") == Outer("a", ("no", "nn"), strict=True)
    assert with_overrides({}, ["languages=[no]"]) == {"languages": ["no"]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"output": "a", "langauges": ["en"]}, "c.yaml: unknown key langauges; did you mean languages?"),
        ({"output": "a", "inner": {"shares": 1}}, "c.yaml: unknown key inner.shares; did you mean inner.share?"),
        ({"output": "a", "inner": {"share": "x"}}, "c.yaml: inner.share is a number, not 'x'"),
        ({"output": "a", "inner": 3}, "c.yaml: inner is a section of keys, not 3"),
        ({"output": "a", "strict": 1}, "c.yaml: strict is true or false, not 1"),
        ({"output": 3}, "c.yaml: output is text, not 3"),
        ({"output": "a", "keep": "oldest"}, "c.yaml: keep is one of newest, longest, not 'oldest'"),
        ({"output": "a", "inner": {"words": [1]}}, "c.yaml: inner.words is a list of 2 values"),
        ({"output": "a", "inner": {"off": True}}, "c.yaml: inner.off is a whole number, not True"),
        ({}, "c.yaml: the key output is missing"),
        ({"output": ""}, "c.yaml: config: output is empty"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_the_remedy(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fill(Outer, values, "c.yaml")
    assert message in str(caught.value)


@pytest.mark.parametrize("override", ["languages", "=3", "inner.share=[1"])
def test_a_setting_that_is_none_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        with_overrides({}, [override])


@pytest.mark.parametrize("content", [b"a: [1", b"- 1", b"\xff\xfe\x00", b"3: 4", b"{" * 5000])
def test_what_is_no_config_is_refused_with_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        read(str(path))


def test_a_missing_config_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(str(tmp_path / "gone.yaml"))
