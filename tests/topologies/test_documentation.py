"""The docstrings of topologies: a picture, shapes, a source and a snippet."""

from __future__ import annotations

import re

import pytest

from mtlite.config.registry import TOPOLOGIES
from mtlite.topologies.build import topology_class
from mtlite.topologies.documentation import documentation, picture

NAMES = list(TOPOLOGIES)


@pytest.mark.parametrize("name", NAMES)
def test_every_docstring_has_a_picture_shapes_a_source_and_a_snippet(name: str) -> None:
    text = documentation(name)
    assert text
    assert text.splitlines()[0] == (topology_class(name).__doc__ or "").splitlines()[0]
    lines = picture(name)
    assert 3 <= len(lines) <= 12
    assert sum(line.count("o") for line in lines) > 5
    snippet = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert snippet is not None
    compile(snippet[1], name, "exec")
    assert "Keras" in text
    prose = " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())
    assert {"`[batch, S]`"} < set(re.findall(r"`\[batch, [^\]]*\]`", prose))
    assert re.search(r"\b(19|20)\d\d\b", prose)
