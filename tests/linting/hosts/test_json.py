"""Tests of JSON with comments and with commas at the end of lists: read as such, and every place is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.hosts import UnreadableError
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from tests.linting.hosts.test_hosts import found, well_placed

SETTINGS = Settings(Path("/project"))


@pytest.mark.parametrize("name", ["a.json", "a.jsonc"])
@pytest.mark.parametrize(
    "source",
    [
        '{"compilerOptions": {"target": "es5", /* "a */ "schedule": "hold(1)",}, // b "\\r\\n "include": ["a/**/*", ],\\n}\\n',
        '// é 𝕏\\n{"url": "http://x//y", "schedule": "hold(1)",\\n}',
        '/* a\\n * // b\\n */ {"a": "/* c", "b": ",]", "schedule": "hold(1)"/**/}',
        '{"schedule": "hold(1)", "a": [[1,], {"b": 2,},],}',
    ],
)
def test_comments_and_commas(name: str, source: str) -> None:
    source = source.replace("\\r", "\r").replace("\\n", "\n")
    (one,) = found(name, source)
    assert one.text == "hold(1)"
    well_placed(one, source)
    wrong = source.replace("hold(1)", "cosin(1)")
    assert check_source(Path(name), wrong, SETTINGS, "unsafe").source == source.replace("hold(1)", "cosine(1)")


@pytest.mark.parametrize("source", ['{"schedule": "hold(1)" /* a', '{"schedule": "hold(1)",, }', '{"schedule" // a\n "hold(1)"}', '{"schedule": "a\n"} // b'])
def test_what_is_not_even_that(source: str) -> None:
    with pytest.raises(UnreadableError, match="this is not JSON"):
        found("a.json", source)


def test_marks() -> None:
    assert [one.text for one in found("a.json", '{"a": "hold", // lrs\n\n "b": "hold(3)"}')] == ["hold"]
