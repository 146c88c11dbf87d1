"""BLEU on the tokens of Moses in lower case, by hand."""

from __future__ import annotations

import pytest
from sacrebleu.metrics import BLEU

from mtlite.errors import DataError, MtliteError
from mtlite.evaluation import moses
from mtlite.evaluation.moses import moses_bleu, require_sacremoses
from mtlite.evaluation.scores import score

REFERENCES = ["Das ist Herr Müller, z.B. im Garten.", "Wir sehen „viele“ Katzen & Hunde!"]
TOKENIZED = ["das ist herr müller , z.b. im garten .", "wir sehen „ viele “ katzen & hunde !"]
HYPOTHESES = ["Das ist herr Müller, z.B. im Haus.", "Wir sehen „viele“ Katzen & Hunde!"]
HYPOTHESES_TOKENIZED = ["das ist herr müller , z.b. im haus .", "wir sehen „ viele “ katzen & hunde !"]


@pytest.fixture(autouse=True)
def _installed() -> None:
    pytest.importorskip("sacremoses")


@pytest.mark.parametrize("given", [None, TOKENIZED])
def test_tokens_by_hand_give_the_very_score(given: list[str] | None) -> None:
    expected = BLEU(tokenize="none", force=True).corpus_score(HYPOTHESES_TOKENIZED, [TOKENIZED]).score
    found = moses_bleu(HYPOTHESES, REFERENCES, "de", given)
    assert found.score == pytest.approx(expected)
    assert "case:lc" in found.signature
    assert "tok:moses-de-sacremoses-" in found.signature
    assert ("given-references" in found.signature) == (given is not None)
    raw = score(HYPOTHESES, REFERENCES, "de").bleu
    assert raw.score != pytest.approx(found.score)
    assert raw.signature != found.signature


def test_lines_belong_to_each_other() -> None:
    with pytest.raises(DataError, match="one hypothesis per reference"):
        moses_bleu(HYPOTHESES, REFERENCES, "de", TOKENIZED[:1])


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    require_sacremoses()
    monkeypatch.setattr(moses, "find_spec", lambda _: None)
    with pytest.raises(MtliteError, match="pip install sacremoses"):
        require_sacremoses()
