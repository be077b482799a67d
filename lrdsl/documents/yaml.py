"""YAML: all documents of a text, by PyYAML's events. Scalars are SafeLoader's; a tag that is not of YAML's core makes a value opaque."""

from __future__ import annotations

from functools import cache
from typing import Any

from lrdsl.documents import Builder, Items, Opaque, Table, UnreadableError

_CORE = "tag:yaml.org,2002:"


def read(text: str) -> list[Any]:
    """Returns the documents of a text."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise UnreadableError("YAML is read by PyYAML, which is not installed") from None
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = Builder()
    try:
        for event in yaml.parse(text, parser):
            start, end = _offsets(event)
            match event:
                case yaml.ScalarEvent():
                    builder.scalar(_scalar(event), start, end, event.anchor)
                case yaml.AliasEvent():
                    builder.alias(str(event.anchor), start, end)
                case yaml.MappingStartEvent():
                    builder.begin(Table(), start, event.anchor)
                case yaml.SequenceStartEvent():
                    builder.begin(Items(), start, event.anchor)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    builder.end(end)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(f"this is not YAML: {error.problem or error.context}", 0 if mark is None else mark.index) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableError(f"this is not YAML: {error}") from None
    return builder.ended


def _offsets(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


@cache
def _loader() -> Any:
    import yaml

    return yaml.SafeLoader("")


def _scalar(event: Any) -> Any:
    """The value of a scalar: a number, a bool, None, or text. A date stays text."""
    import yaml

    if event.tag not in (None, "!") and not event.tag.startswith(_CORE):
        return Opaque(event.value)
    tag = event.tag if event.tag not in (None, "!") else _loader().resolve(yaml.ScalarNode, event.value, event.implicit)
    node = yaml.ScalarNode(tag, event.value)
    try:
        match tag.removeprefix(_CORE):
            case "int":
                return _loader().construct_yaml_int(node)
            case "float":
                return _loader().construct_yaml_float(node)
            case "bool":
                return _loader().construct_yaml_bool(node)
            case "null":
                return None
            case "str" | "merge" | "timestamp" | "value":
                return event.value
    except (ValueError, KeyError, OverflowError):
        pass
    return Opaque(event.value)
