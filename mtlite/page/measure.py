"""What rounding the weights costs: BLEU of a run with its weights as each precision of a page has them."""

from __future__ import annotations

from typing import NamedTuple, get_args

from mtlite.page.weights import Precision, rounded
from mtlite.runtime import start_tensorflow
from mtlite.storage.checkpoint import WEIGHTS, assign_weights, weight_arrays
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import load_model, open_runs, search_of, sets_to_score


class Measured(NamedTuple):
    """BLEU of one test set."""

    test: str
    search: str  # in words
    bleu: dict[Precision, float]


def measure(run: Run, threads: int = 0) -> Measured:
    """Translate the first test set of a run with its weights rounded to each precision, and score it.

    The search is the run's own. The model computes in float32, as the page does.
    """
    opened = open_runs([run])
    search = search_of(run, None)
    start_tensorflow(threads)
    from mtlite.translation.scoring import score_lines
    from mtlite.translation.translator import Translator

    model = load_model(run, "float32")
    arrays, (test, sides) = weight_arrays(model.weights), next(iter(sets_to_score(run, None, None).items()))
    bleu: dict[Precision, float] = {}
    for precision in get_args(Precision):
        assign_weights(model.weights, rounded(arrays, precision), run.path / WEIGHTS)
        translator = Translator([model], opened.tokenizers, search)
        bleu[precision] = score_lines(translator, *sides, run.facts.target_language).scores.bleu.score
    return Measured(test, search.in_words(run.config.model.topology), bleu)
