"""Per-sentence counts: all that a metric needs to know of a hypothesis, so that scores can be taken again and again.

Every metric is a function of sums of counts over sentences. Shuffling or resampling sentences therefore means adding up
other rows, without another look at the text. sacrebleu counts the first three; the others are this project's own:

- `bleu`, 10 a sentence: hypothesis words, reference words, correct 1- to 4-grams, 1- to 4-grams in the hypothesis;
- `chrf2`, 18 a sentence: for character 1- to 6-grams, the number in the hypothesis, in the reference, in both;
- `ter`, 2 a sentence: edits, reference words (with several references their mean, which need not be whole);
- `exact-match`: right or not, 1. `wer`, `per`, `cer`: edits, reference tokens;
- any other metric, whose scores of sentences were given: the score, 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU

from mtlite.config.options import DEFAULT_METRICS
from mtlite.config.read import Count
from mtlite.errors import UsageError
from mtlite.evaluation.metrics import ALWAYS, LABELS, LOWER_IS_BETTER, check_lines, make_metric, make_metrics
from mtlite.evaluation.references import References, as_streams
from mtlite.evaluation.translation_edit_rate import BoundedTER
from mtlite.limits import MAX_COUNT

COUNTS_PER_SENTENCE: dict[str, int] = dict(zip(ALWAYS, (10, 18), strict=True))
"""Of the metrics that every output is counted for; all others have two."""
SENTENCE_METRIC = "chrf2"
"""What single sentences are put in order by: most have no 4-gram right, which BLEU needs."""
RESAMPLES = 1000
CHUNK_CELLS = 1 << 22  # sentences × resamples held in memory at a time: 32 MB


@dataclass(frozen=True, eq=False)
class SentenceStatistics:
    """The counts of one output of a test set."""

    counts: dict[str, NDArray[np.float64]]  # by metric [sentences, counts]
    signatures: dict[str, str]  # by metric, how the counts were taken; outputs compare only if these are equal
    without_shifts: Count = 0  # sentences that are too long for all of TER

    def check(self) -> None:
        sentences = len(self.counts.get("bleu", ()))
        widths = {**dict.fromkeys(self.counts, 2), **COUNTS_PER_SENTENCE}
        shapes = {name: counts.shape for name, counts in self.counts.items()}
        if shapes != {name: (sentences, width) for name, width in widths.items()} or self.signatures.keys() != {
            *widths
        }:
            raise UsageError(f"expected counts and signatures of {', '.join(widths)}, a row for each sentence")
        if unknown := [name for name in self.counts if name not in LABELS]:
            raise UsageError(f"counts: expected those of {', '.join(LABELS)}, received {unknown[0][:40]}")
        if any(counts.size and (counts.min() < 0 or counts.max() > MAX_COUNT) for counts in self.counts.values()):
            raise UsageError(f"counts: expected numbers from 0 to {MAX_COUNT:,}")

    def with_metrics(
        self, metrics: Iterable[str], hypotheses: Sequence[str], references: References, target_language: str | None
    ) -> SentenceStatistics:
        """The same with the counts of further metrics; those that it has stay as they are."""
        missing = {name: make_metric(name, target_language) for name in metrics if name not in self.counts}
        more = counted(missing, hypotheses, references)
        without_shifts = more.without_shifts if "ter" in missing else self.without_shifts
        return SentenceStatistics(self.counts | more.counts, self.signatures | more.signatures, without_shifts)

    def with_scores(self, given: Mapping[str, np.ndarray]) -> SentenceStatistics:
        """The same with metrics that were computed elsewhere: by name, a score for each sentence, whose mean counts."""
        counts = {name: np.stack([scores, np.ones(len(scores))], axis=1) for name, scores in given.items()}
        signatures = {name: f"{name}:given" for name in given}
        return replace(self, counts=self.counts | counts, signatures=self.signatures | signatures)


def sentence_statistics(
    hypotheses: Sequence[str],
    references: References,
    target_language: str | None,
    metrics: Iterable[str] = DEFAULT_METRICS,
) -> SentenceStatistics:
    """The counts of every sentence; raise DataError if the lines do not fit each other.

    Args:
        metrics: those to count, beside those that are always counted.
    """
    check_lines(hypotheses, references)
    return counted(make_metrics(target_language, metrics), hypotheses, references)


def counted(metrics: Mapping[str, Metric], hypotheses: Sequence[str], references: References) -> SentenceStatistics:
    """The counts of some metrics alone; the lines were checked before."""
    counts = {name: sentence_counts(metric, hypotheses, references) for name, metric in metrics.items()}
    signatures = {name: str(metric.get_signature()) for name, metric in metrics.items()}
    without_shifts = sum(metric.without_shifts for metric in metrics.values() if isinstance(metric, BoundedTER))
    return SentenceStatistics(counts, signatures, without_shifts)


def sentence_counts(metric: Metric, hypotheses: Sequence[str], references: References) -> np.ndarray:
    """One metric's counts of every sentence [sentences, counts]; the lines were checked before."""
    return np.array(metric._extract_corpus_statistics(hypotheses, as_streams(references)), dtype=np.float64)


def bleu_of_sums(sums: np.ndarray) -> np.ndarray:
    """Corpus BLEU with sacrebleu's default smoothing `exp`, from summed counts [..., 10] to scores [...].

    The n-th order without a match counts as half a match, the next one as a quarter, and so on (Chen & Cherry 2014,
    method 3); without any match, or without any 4-gram in the hypotheses, BLEU is 0.
    """
    hypothesis_length, reference_length = sums[..., 0], sums[..., 1]
    correct, total = sums[..., 2:6].astype(float), sums[..., 6:10]
    missing = correct == 0
    correct[missing] = 0.5 ** missing.cumsum(axis=-1)[missing]
    possible = ~missing.all(axis=-1) & (total > 0).all(axis=-1)
    log_precision = np.log(correct / np.maximum(total, 1)).mean(axis=-1)
    log_brevity = np.minimum(0, 1 - reference_length / np.maximum(hypothesis_length, 1))
    return np.where(possible, 100 * np.exp(log_precision + log_brevity), 0.0)


def bleu_of_sentences(counts: np.ndarray) -> np.ndarray:
    """sacrebleu's sentence BLEU, over the orders that a hypothesis has, from counts [sentences, 10] to [sentences]."""
    metric = BLEU(effective_order=True)
    # Rounded, so that a perfect sentence is 100 and no hair more or less.
    return np.array([metric._compute_score_from_stats(row).score for row in counts.tolist()]).round(9)


def chrf2_of_sums(sums: np.ndarray) -> np.ndarray:
    """chrF2, from summed counts [..., 18] to scores [...]: precision and recall averaged over the orders, then F2."""
    in_hypothesis, in_reference, in_both = (sums[..., column::3] for column in range(3))
    counted = (in_hypothesis > 0) & (in_reference > 0)
    orders = np.maximum(counted.sum(axis=-1), 1)
    precision = np.where(counted, in_both / np.maximum(in_hypothesis, 1), 0).sum(axis=-1) / orders
    recall = np.where(counted, in_both / np.maximum(in_reference, 1), 0).sum(axis=-1) / orders
    matched = precision + recall > 0
    return np.where(matched, 500 * precision * recall / np.where(matched, 4 * precision + recall, 1), 0.0)


def ter_of_sums(sums: np.ndarray) -> np.ndarray:
    """An error rate such as TER, from summed counts [..., 2] to edits per 100 reference tokens [...]."""
    edits, reference_length = sums[..., 0], sums[..., 1]
    without_reference = np.where(edits > 0, 100.0, 0.0)
    return np.where(reference_length > 0, 100 * edits / np.maximum(reference_length, 1), without_reference)


def exact_match_of_sums(sums: np.ndarray) -> np.ndarray:
    """Sentences of 100 that are right, from summed counts [..., 2] to shares [...]."""
    return 100 * mean_of_sums(sums)


def mean_of_sums(sums: np.ndarray) -> np.ndarray:
    """The mean of scores of sentences, from summed counts [..., 2] to scores [...]."""
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))


SCORE_OF_SUMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    **{"bleu": bleu_of_sums, "chrf2": chrf2_of_sums, "exact-match": exact_match_of_sums},
    **dict.fromkeys(LOWER_IS_BETTER, ter_of_sums),
}
"""By metric. One whose scores were given has their mean."""


def scores_of_sums(metric: str, sums: np.ndarray) -> np.ndarray:
    """Corpus scores by any metric, from summed counts [..., counts] to scores [...]."""
    return SCORE_OF_SUMS.get(metric, mean_of_sums)(sums)


def sentence_scores(hypotheses: Sequence[str], references: References) -> np.ndarray:
    """The score of each sentence by the metric that single sentences are put in order by."""
    metric = make_metrics(None)[SENTENCE_METRIC]
    return scores_of_sums(SENTENCE_METRIC, sentence_counts(metric, hypotheses, references))


def resampled_weights(sentences: int, seed: int) -> Iterator[np.ndarray]:
    """Bootstrap (Koehn 2004): how often each sentence is drawn in each resample, in chunks [resamples, sentences].

    The draws are those of sacrebleu for the same seed. A chunk times counts [sentences, counts] gives resampled sums.
    """
    generator = np.random.default_rng(seed)
    rows = max(1, CHUNK_CELLS // sentences)
    for start in range(0, RESAMPLES, rows):
        drawn = [generator.choice(sentences, size=sentences) for _ in range(min(rows, RESAMPLES - start))]
        yield np.array([np.bincount(indices, minlength=sentences) for indices in drawn], dtype=float)


def weighted_scores(
    output: SentenceStatistics, weights: Iterable[np.ndarray], metrics: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """By metric, the scores [resamples] of an output whose sentences count by the chunks of `resampled_weights`.

    Args:
        metrics: all that were counted if None.
    """
    names = list(output.counts) if metrics is None else metrics
    chunks = [{name: scores_of_sums(name, chunk @ output.counts[name]) for name in names} for chunk in weights]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names}


def interval_of(resampled: np.ndarray) -> tuple[float, float]:
    """The 95% interval of resampled values [resamples], cut off where sacrebleu cuts it off."""
    outside = len(resampled) // 40
    ordered = np.sort(resampled)
    return float(ordered[outside]), float(ordered[-1 - outside])
