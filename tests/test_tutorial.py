"""The tutorial's model: its spelling, and that it learns."""

from __future__ import annotations

import datasets
import numpy as np
import pytest
import tutorial as script
from contenders import tutorial


def test_its_spelling_has_no_capitals_and_no_accents() -> None:
    assert tutorial.standardized("¿Dónde está Ñandú?  ¡No!") == "¿ donde esta nandu ? no !"
    assert tutorial.standardized("It's 3, isn't it.") == "its , isnt it ."


def test_words_come_back_as_people_write_them() -> None:
    words = tutorial.Words(["¿que hora es?", "son las dos, si."])
    (ids,) = words.encode(["¿Qué hora es?"])
    assert ids[0] == words.start
    assert words.decode(ids[1:].tolist()) == "¿que hora es?"
    assert words.decode([words.known.index("si"), words.end, words.start]) == "si"


def test_it_learns_a_few_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"UNITS": 16, "WORDS": 30, "BATCH": 4, "BATCHES": 40, "VALIDATION_BATCHES": 1}.items():
        monkeypatch.setattr(tutorial, name, value)
    numbers = {"one": "uno", "two": "dos", "three": "tres", "four": "cuatro"}
    english, spanish = tutorial.Words([*numbers]), tutorial.Words([*numbers.values()])
    sides = english.encode([*numbers]), spanish.encode([*numbers.values()])
    model = tutorial.train(*sides, sides, epochs=6)
    assert model.translate(sides[0], spanish) == [*numbers.values()]


def test_batches_hold_what_comes_next() -> None:
    source, target = (np.arange(1, 1 + 64 * 3).reshape(64, 3) for _ in range(2))
    (read, so_far), after = next(tutorial.batches(source, target, 1))
    np.testing.assert_array_equal(so_far + 1, after)
    assert sorted(read[:, 0]) == sorted(source[:, 0])


def test_a_source_has_all_of_its_translations(cache: object, capsys: pytest.CaptureFixture[str]) -> None:
    spanish = ["Ve a casa ahora.", "¿Dónde está mi perro?", "Vete a casa ahora."]
    pairs = datasets.Dataset.from_dict({"en": ["Go home now.", "Where is my dog?", "Go home now."], "es": spanish})
    sources, references = script.test_set(pairs)
    assert (sources, references) == (["Go home now.", "Where is my dog?"], [[spanish[0], spanish[2]], [spanish[1]]])
    script.report("some", ["vete a casa ahora.", "¿donde esta mi perro?"], references)
    assert "some: BLEU" in (said := capsys.readouterr().out)
    assert "100.00 in lower case without accents (2 sentences)" in said
