"""Check that exported graphs translate as Python does: the test set of each run, on onnxruntime and on TensorFlow.

    python scripts/onnx_equals_python.py runs/village-1 --beam 1 5 --sentences 1000
    python scripts/onnx_equals_python.py runs/village-1 --weights int8

TensorFlow computes with the float32 weights of the run, onnxruntime with those that `mtlite export` writes. With
float32, pieces are the same but where best scores tie within 1e-4. With int8, BLEU of both says what it costs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from equal_translations import FLOAT32, Answers, Best, compare_runs

if TYPE_CHECKING:
    from mtlite.config.options import SearchConfig
    from mtlite.export.export import Weights
    from mtlite.storage.run_directory import Run


def on_onnxruntime(run: Run, weights: str, search: SearchConfig, lines: list[str]) -> Answers:
    """Translate with an exported folder, all lines at once."""
    from mtlite.export.engine import OnnxSearcher
    from mtlite.export.export import export
    from mtlite.export.translate import Model
    from mtlite.translation.loading import load_tokenizers
    from mtlite.translation.sentences import SentenceTranslator

    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "exported"
        export(run, "onnx", exported, cast("Weights", weights))
        size = sum(path.stat().st_size for path in exported.glob("*.onnx"))
        translator = SentenceTranslator(load_tokenizers(run), search, OnnxSearcher(Model(exported), search))
        start = time.perf_counter()
        found = translator.translate(lines)
        seconds = time.perf_counter() - start
    return Answers(
        [Best(each.target_pieces, each.scores[0], each.texts[0]) for each in found],
        f"graphs of {size / 1e6:.2f} MB, {1000 * seconds / len(lines):.1f} ms a sentence",
    )


if __name__ == "__main__":
    raise SystemExit(compare_runs(__doc__, (FLOAT32, "int8"), on_onnxruntime))
