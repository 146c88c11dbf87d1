"""Real sentences, where the corpora lie beside the checkout."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from samples import ROOT, changed

from mtlite.config.options import CorpusConfig
from mtlite.config.recipe import read_config
from mtlite.data.prepare import data_report, prepare

FILES = ROOT.parent / "shared" / "corpora" / "multi30k"
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not FILES.is_dir(), reason="the real corpora are not beside the checkout"),
]


def test_the_recipe_of_multi30k(tmp_path):
    """Its corpus is read whole, little of a batch is padding, and the target side comes back as it was."""
    folder = tmp_path / "multi30k"
    command = [sys.executable, str(ROOT / "corpora" / "multi30k.py"), str(FILES), "--output", str(folder)]
    said = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert said == "train: 29,000, validation: 1,014, test: 1,000\n"

    config = read_config(ROOT / "scripts" / "recipes" / "multi30k-en-de.yaml")
    config = changed(config, data={"train": [CorpusConfig(pairs=str(folder))]})
    prepared = prepare(config, lambda line: None)
    assert prepared.cleaning.before == 29_000
    report = "\n".join(data_report(prepared))
    padding = re.search(r"([\d.]+)% of them padding", report)
    assert padding
    assert float(padding[1]) <= 6.0
    for test in prepared.corpus.tests.values():
        lines = list(test["target"])
        tokenizer = prepared.tokenizers.target
        known = [line for line, ids in zip(lines, tokenizer.encode(lines), strict=True) if 1 not in ids]
        assert len(known) > 0.99 * len(lines)
        assert tokenizer.decode([ids[:-1] for ids in tokenizer.encode(known)]) == known
