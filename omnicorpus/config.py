"""Configuration is values: YAML into frozen dataclasses, and `key=value` on the command line over it.

Every key must be a field of the dataclass and every value of its type; what is not is a ConfigError that names the
file, the key and the nearest right one. There are no environment variables and no merging of files.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from omnicorpus import storage
from omnicorpus.errors import ConfigError

Settings = TypeVar("Settings")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: `no` is a language (Norwegian) here and `off` a word, not false."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false", re.I), list("tTfF"))


def _parse(text: str | bytes) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def read(path: str) -> dict[str, Any]:
    """The YAML file as a mapping. Raises ConfigError where it isn't one, InputError where it can't be read."""
    data = storage.read_bytes(path)
    try:
        loaded = _parse(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ConfigError(f"{path}: a config is a mapping of keys to values, this is {type(loaded).__name__}")
    return loaded


def with_overrides(values: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Values with `a.b=value` settings over them; the value is YAML."""
    result = _copied(values)
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set {override}: write it as key=value, such as --set languages=[en,zh]")
        try:
            value = _parse(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {override}: the value is not valid YAML") from error
        here = result
        *sections, key = name.split(".")
        for section in sections:
            inner = here.get(section)
            here[section] = here = {} if not isinstance(inner, dict) else inner
        here[key] = value
    return result


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in values.items()}


def fill(kind: type[Settings], values: Mapping[str, Any], source: str) -> Settings:
    """A frozen dataclass from a mapping; absent keys keep their defaults. `source` names the file in errors."""
    return _fill(kind, values, source, "")


def _fill(kind: type[Settings], values: Mapping[str, Any], source: str, prefix: str) -> Settings:
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1, cutoff=0.5)
            advice = f"did you mean {prefix}{near[0]}?" if near else f"known keys: {', '.join(fields)}"
            raise ConfigError(f"{source}: unknown key {prefix}{key}; {advice}")
    missing = [
        name
        for name, field in fields.items()
        if name not in values and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"{source}: the key {prefix}{missing[0]} is missing; give it a value")
    given = {key: _value(hints[key], value, source, f"{prefix}{key}") for key, value in values.items()}
    try:
        return kind(**given)
    except ValueError as error:
        raise ConfigError(f"{source}: {prefix.rstrip('.') or 'config'}: {error}") from error


def _value(hint: Any, value: Any, source: str, key: str) -> Any:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{source}: {key} is a section of keys, not {_shown(value)}")
        return _fill(hint, value, source, f"{key}.")
    if origin in (Union, types.UnionType):
        return _union(get_args(hint), value, source, key)
    if origin is Literal:
        if value not in get_args(hint):
            raise ConfigError(f"{source}: {key} is one of {', '.join(map(str, get_args(hint)))}, not {_shown(value)}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ConfigError(f"{source}: {key} is a list, not {_shown(value)}")
        kinds = get_args(hint)
        if kinds[-1] is Ellipsis:
            return tuple(_value(kinds[0], item, source, key) for item in value)
        if len(kinds) != len(value):
            raise ConfigError(f"{source}: {key} is a list of {len(kinds)} values, not {_shown(value)}")
        return tuple(_value(kind, item, source, key) for kind, item in zip(kinds, value, strict=True))
    if origin is dict:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise ConfigError(f"{source}: {key} is a section of names and values, not {_shown(value)}")
        return {name: _value(get_args(hint)[1], item, source, f"{key}.{name}") for name, item in value.items()}
    return _scalar(hint, value, source, key)


def _scalar(hint: Any, value: Any, source: str, key: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and not (isinstance(value, bool) and hint is not bool):
        return value
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}
    raise ConfigError(f"{source}: {key} is {names.get(hint, hint)}, not {_shown(value)}")


def _union(hints: tuple[Any, ...], value: Any, source: str, key: str) -> Any:
    if value is None and type(None) in hints:
        return None
    problem: ConfigError | None = None
    for hint in hints:
        if hint is type(None):
            continue
        try:
            return _value(hint, value, source, key)
        except ConfigError as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _shown(value: Any) -> str:
    return f"{value!r}"[:60]


def plain(settings: object) -> dict[str, Any]:
    """A dataclass as plain values, for YAML and JSON."""
    return dataclasses.asdict(settings)  # type: ignore[call-overload, no-any-return]
