"""The tables of a report: effect and interval before p, and what may be said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from mtlite.comparison.contrast import contrasts
from mtlite.comparison.results import ComparisonFamily
from mtlite.comparison.systems import TrainedSystem
from mtlite.evaluation.breakdown import Breakdown
from mtlite.evaluation.buckets import ScoresByBucket, SentencesByBucket, bucket_labels
from mtlite.evaluation.likelihood import ComparedLikelihood
from mtlite.evaluation.metrics import LABELS, label_of
from mtlite.evaluation.scores import DEFAULT_SEED, scores_of
from mtlite.evaluation.significance import SIGNIFICANCE_LEVEL, ComparedPair, Verdict, holm
from mtlite.evaluation.statistics import RESAMPLES, SentenceStatistics
from mtlite.evaluation.uncertainty import MINIMAL_SEEDS, MOST_DEGREES
from mtlite.evaluation.words import FREQUENCY_EDGES
from mtlite.report.document import Table

OF_INTEREST = 1.0
"""A difference, in points, that a reader would want to know of."""
VERDICT = f"verdict at {SIGNIFICANCE_LEVEL:g}"
VERDICTS = (
    f"The verdict is “shown” if p (Holm) is below {SIGNIFICANCE_LEVEL:g}. It is “not shown” if other sentences or "
    "other seeds could explain the difference; there may be one all the same. It is “too few seeds” if a system has "
    f"fewer than {MINIMAL_SEEDS}: then nothing tells how much other trainings of it would differ. “Not shown (low "
    f"power)” marks a comparison that could hardly have shown a difference: not even one of {OF_INTEREST:g} point with "
    "a probability of 80%. More seeds or more sentences would help."
)
TERMINAL = 80  # columns
WITHOUT_BEAM = "without beam search"


def main_table(family: ComparisonFamily, searches: Sequence[str], how: str = WITHOUT_BEAM, name: str = "") -> Table:
    """A row for each system: quality, and the distance to the baseline; `how` is the first search in words."""
    metric, label = family.metric, label_of(family.metric)
    scores = {each.name: each.scores("greedy", family.test, metric) for each in family.systems}
    pairs = family.comparison.primary if family.comparison else []
    deviation = any(len(of_seed) > 1 for of_seed in scores.values())
    columns = ["system", f"{label} ± SD" if deviation else label, *_length_columns(family), f"Δ to {family.baseline}"]
    columns += ["95% sentences", "95% sentences, seeds", "p (Holm)", VERDICT, "shows from"]
    columns += map(label_of, family.metrics[1:2])
    cells = {family.baseline: ["baseline", *[""] * 5]}
    cells |= {pair.second: [*difference_cells(pair, metric), shows_from(pair, metric)] for pair in pairs}
    rows = []
    for system in family.systems:
        row = [system.name + (" *" if system.marks else ""), spread(scores[system.name]), *_lengths(system, family)]
        rows.append([*row, *cells.get(system.name, ["–"] * 6), *_second_score(system, family)])
    if "beam" in searches:
        columns.append(f"{label} with beam")
        for row, system in zip(rows, family.systems, strict=True):
            row.append(f"{mean(system.scores('beam', family.test, metric)):.2f}" if system.has_beam else "–")
    point = f" at {family.title}" if family.title else ""
    over_seeds = ": mean and standard deviation (SD) over seeds" if deviation else ""
    lengths = (
        "Length: words for each word of the references, as BLEU counts them. BP: the brevity penalty, a factor of BLEU "
        "that is below 1 where outputs are short. "
    )
    lengths = lengths if _length_columns(family) else ""
    caption = (
        f"{label} on {family.test}{point}, {how}{over_seeds}. {lengths}Δ is the {label} of the system minus that of "
        f"{family.baseline}, each the mean over its seeds. The 95% intervals are those of Δ: for other sentences with "
        "these trained models, and for other sentences and other seeds. Each is for one comparison: p (Holm) and the "
        "verdict are adjusted for all, so an interval may exclude 0 where nothing is shown. Shows from: the smallest Δ "
        "that this comparison shows with a probability of about 80%, by the variances that were found."
        f"{' * See the notes.' if any(each.marks for each in family.systems) else ''}"
    )
    return Table(columns, rows, caption, (0, columns.index(VERDICT)), name)


def _length_columns(family: ComparisonFamily) -> list[str]:
    """What stands beside BLEU: other metrics have no brevity penalty."""
    return ["length", "BP"] if family.metric == "bleu" else []


def _lengths(system: TrainedSystem, family: ComparisonFamily) -> list[str]:
    numbers = system.lengths("greedy", family.test) if _length_columns(family) else ()
    return [f"{number:.2f}" for number in numbers]


def _second_score(system: TrainedSystem, family: ComparisonFamily) -> list[str]:
    return [f"{mean(system.scores('greedy', family.test, metric)):.1f}" for metric in family.metrics[1:2]]


def verdict_table(family: ComparisonFamily) -> Table:
    """The same in a terminal of 80 columns: scores, lengths, distance to the baseline, verdict."""
    compared = {pair.second: pair for pair in family.comparison.primary} if family.comparison else {}
    label, second = label_of(family.metric), list(map(label_of, family.metrics[1:2]))
    columns = ["system", label, *_length_columns(family), *second, f"Δ {label}", "verdict"]
    rows = []
    for system in family.systems:
        pair = compared.get(system.name)
        row = [system.name, spread(system.scores("greedy", family.test, family.metric)), *_lengths(system, family)]
        row += _second_score(system, family)
        rows.append(row + ([signed(pair.difference.effect), verdict_of(pair, family.metric)] if pair else ["", ""]))
    rows[0][-1] = "baseline"
    if second and _width([columns, *rows]) > TERMINAL:
        columns, *rows = [[*row[:-3], *row[-2:]] for row in (columns, *rows)]
    room = TERMINAL - _width([["", *row[1:]] for row in (columns, *rows)])
    for row in rows:  # what tells systems apart stands at the end of their names
        row[0] = row[0] if len(row[0]) <= room else f"…{row[0][1 - room :]}"
    smallest = [pair.difference.smallest_shown for pair in compared.values()]
    shows = [each for each in smallest if each is not None]
    largest = f"{max(shows):.1f}" if shows else ""
    said = f" Each comparison shows a difference of {largest} with a probability of about 80% or more." if shows else ""
    where = f"{family.test}, {family.title}" if family.title else family.test
    caption = f"Test set: {where}. Verdicts are at the level {SIGNIFICANCE_LEVEL:g}.{said}"
    return Table(columns, rows, caption, (0, len(columns) - 1))


def _width(lines: Sequence[Sequence[str]]) -> int:
    """Columns of a terminal that a table takes."""
    return sum(2 + max(map(len, texts)) for texts in zip(*lines, strict=True)) - 2


def differs_table(systems: Sequence[TrainedSystem]) -> Table:
    """A row for each system: in what it differs from the first one, the baseline."""
    rows = []
    for each in contrasts(systems):
        options = "; ".join(f"{name}: {theirs} → {own}" for name, (theirs, own) in each.options.items())
        flops = f"{each.flops_per_pair / 1e6:,.1f}" if each.flops_per_pair else "–"
        sides = [str(number or "–") for number in (each.directions, each.layers)]
        rows.append([each.name, f"{each.parameters:,}", f"{each.size:.2f}", flops, *sides, options])
    rows[0][-1] = "baseline"
    columns = ["system", "parameters", "× baseline", "MFLOP/pair", "directions", "layers", "other options"]
    caption = (
        "What differs beside the topology, from the settings of the trainings. Directions: in which the source is "
        "read. Other options: the baseline's value → that of the system; empty where there is no difference."
    )
    return Table(columns, rows, caption, (0, 6), "differs")


def too_long(test: str, compared: ComparedLikelihood, systems: Sequence[TrainedSystem]) -> str:
    """In words, which systems have too few positions for some references of a test set; empty if none has."""
    shares: dict[float, list[str]] = {}
    for system in systems:
        if (share := compared.writable[system.name]) < 1:
            shares.setdefault(share, []).append(system.name)
    limited = ", ".join(f"{share:.1%} ({', '.join(names)})" for share, names in sorted(shares.items()))
    said = f"Some references of {test} are too long for some systems, whatever they learn. They can write {limited}."
    return said if limited else ""


def notes_table(systems: Sequence[TrainedSystem]) -> list[Table]:
    """What a reader must know of some systems before comparing them; nothing if there are no such."""
    rows = [[system.name, "; ".join(system.marks)] for system in systems if system.marks]
    caption = "Notes: read them before you compare."
    return [Table(["system", "note"], rows, caption, (0, 1), "notes")] if rows else []


def cost_table(systems: Sequence[TrainedSystem], tests: Sequence[str]) -> Table:
    """A row for each system: what it costs."""
    rows = []
    for system in systems:
        flops = next(iter(system.runs.values())).flops_per_pair
        row = [system.name, f"{system.parameters:,}", f"{flops / 1e6:,.1f}" if flops else "–"]
        row += [f"{system.mean('updates'):,.0f}", f"{system.mean('training_seconds'):,.0f}"]
        rows.append(row + [f"{system.sentences_per_second('greedy', test):,.0f}" for test in tests])
    columns = [
        "system",
        "parameters",
        "MFLOP/pair",
        "updates",
        "training, s",
        *(f"{test}, sentences/s" for test in tests),
    ]
    caption = (
        "MFLOP/pair: operations of training on one pair of average lengths, counted. The times are means over seeds: "
        "seconds of training, and sentences translated a second. Other work on the machine slows both."
    )
    return Table(columns, rows, caption, name="costs")


def likelihood_table(likelihood: Mapping[str, ComparedLikelihood]) -> Table:
    """A row for each system: what it can write, and how probable it finds the references."""
    columns = [
        "system",
        *(f"{test}: {number}" for test in likelihood for number in ("can write", "−log p above its floor ± SD")),
    ]
    rows = []
    for name in next(iter(likelihood.values())).writable:
        row = [name]
        for compared in likelihood.values():
            losses = list(compared.nll_per_piece[name].values())
            row += [f"{compared.writable[name]:.1%}", spread(losses) if losses else "–"]
        rows.append(row)
    common = ", ".join(f"{test} {compared.sentences:,}" for test, compared in likelihood.items())
    floors = " or ".join(dict.fromkeys(f"{floor:.3f}" for floor in next(iter(likelihood.values())).floors.values()))
    caption = (
        "Can write: the share of the references that fit into the positions of a system. −log p: the mean over the "
        f"pieces of those sentences that every system can write ({common}); the mean and the standard deviation (SD) "
        "over seeds. Its floor is subtracted: what training with label smoothing ε and V pieces leaves at best, "
        f"−log(1 − ε + ε/V), here {floors}. ctc sums over all paths. A direct topology predicts each piece without "
        "seeing those before it."
    )
    return Table(columns, rows, caption, name="likelihood")


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over seeds; of one seed, its value."""
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")


def signed(value: float, places: int = 2) -> str:
    """A difference, with its sign."""
    return f"{value:+.{places}f}".replace("-", "−")


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}" if value >= 0.0001 else "< 0.0001"


def difference_cells(pair: ComparedPair, metric: str) -> list[str]:
    """Effect, both intervals, p, verdict."""
    found = pair.differences[metric]
    intervals = [interval(found.sentence_interval), interval(found.interval)]
    return [signed(found.effect), *intervals, _p(found.adjusted_p), verdict_of(pair, metric)]


def verdict_of(pair: ComparedPair, metric: str) -> str:
    """The verdict, marked if one point would hardly have been shown either. Given scores have other points."""
    found = pair.differences[metric]
    unseen = found.verdict == Verdict.NOT_SHOWN and (found.smallest_shown or 0) > OF_INTEREST and metric in LABELS
    return f"{found.verdict} (low power)" if unseen else str(found.verdict)


def shows_from(pair: ComparedPair, metric: str) -> str:
    """The smallest difference that is shown with a probability of 80%."""
    smallest = pair.differences[metric].smallest_shown
    return "–" if smallest is None else f"{smallest:.1f}" if metric in LABELS else f"{smallest:.3g}"


def interval(ends: tuple[float, float] | None) -> str:
    """From one end to the other."""
    return f"{signed(ends[0])} … {signed(ends[1])}" if ends else "–"


def pairs_table(pairs: Sequence[ComparedPair], caption: str) -> Table:
    """A row for each comparison, with verdicts by the first metric and differences in all others."""
    first, *others = pairs[0].differences
    columns = ["first", "second", f"Δ {label_of(first)}", "95% sentences", "95% sentences, seeds", "p", "p (Holm)"]
    columns += [VERDICT, *(f"Δ {label_of(metric)}" for metric in others), "seeds"]
    rows = []
    for pair in pairs:
        *effect, adjusted, verdict = difference_cells(pair, first)
        beside = [signed(pair.differences[metric].effect) for metric in others]
        numbers = [*effect, _p(pair.difference.p), adjusted, verdict, *beside]
        seeds = [", ".join(map(str, each)) for each in pair.seeds]
        rows.append([pair.first, pair.second, *numbers, " | ".join(dict.fromkeys(seeds))])
    return Table(columns, rows, f"{caption} Δ is the second minus the first, each the mean over its seeds.", (0, 1, 7))


def output_pairs_table(pairs: Sequence[ComparedPair]) -> Table:
    """A row for each metric and comparison of two single outputs, which says nothing of how they came about."""
    rows = []
    for metric in pairs[0].differences:
        found = [pair.differences[metric] for pair in pairs]
        for pair, each, adjusted in zip(pairs, found, holm([each.sentence_p for each in found]), strict=True):
            numbers = [signed(each.effect), interval(each.sentence_interval), _p(each.sentence_p), _p(adjusted)]
            rows.append([label_of(metric), pair.first, pair.second, *numbers])
    columns = ["metric", "first", "second", "Δ", "95% sentences", "p (sentences)", "p (Holm)"]
    caption = (
        "Each file against the baseline: Δ is the second minus the first. Interval and p are for other sentences, from "
        f"{RESAMPLES:,} paired bootstrap resamples; p (Holm) is adjusted for the number of files. They speak of these "
        "outputs: nothing here tells whether the systems would differ after another training, so there is no verdict."
    )
    return Table(columns, rows, caption, (0, 1, 2))


def method(judged: int, metric: str) -> list[str]:
    """How to read a comparison: what its numbers mean, and its verdicts.

    Args:
        judged: how many comparisons p is adjusted for.
        metric: what the comparison is about.
    """
    counted = f"{judged:,} comparison{'s' if judged != 1 else ''}"
    numbers = (
        "p is two-sided, by a t test of Δ. Its variance adds up the variance between the seeds of each system (s²/k, "
        f"not paired) and the variance over sentences ({RESAMPLES:,} bootstrap resamples on sacrebleu's counts, drawn "
        f"with seed {DEFAULT_SEED}, the same for all outputs: paired). The degrees of freedom are Satterthwaite's, at "
        f"most {MOST_DEGREES} · (k − 1), where k is the number of seeds of the system with fewer. p (Holm) is adjusted "
        f"for {counted}: those with a baseline that have enough seeds, on all test sets that the verdicts are about, "
        f"by {label_of(metric)}. The interval for sentences has the percentiles of the resamples; that for sentences "
        "and seeds is the t interval. scripts/level_and_power.py simulates how often this rule errs, and what it finds."
    )
    return [numbers, VERDICTS]


def scores_table(scores: ScoresByBucket, edges: Sequence[int], explanation: str, name: str) -> Table:
    """BLEU and chrF2 of the sentences of each bucket."""
    headings = [f"{bucket} ({count})" for bucket, count in zip(scores.buckets, scores.sentences, strict=True)]
    rows = [
        [system, *(f"{bleu:.1f} / {chrf2:.1f}" for bleu, chrf2 in zip(values, scores.chrf2[system], strict=True))]
        for system, values in scores.bleu.items()
    ]
    caption = f"BLEU / chrF2 by {scores.title} (in brackets: sentences). {explanation}"
    return Table(["system", *headings], rows, caption + _empty(edges, scores.buckets), name=name)


def _empty(edges: Sequence[int], shown: Sequence[str]) -> str:
    """Which buckets a table leaves out."""
    empty = [label for label in bucket_labels(edges) if label not in shown and label != "<0"]
    return f" Left out, since they are empty: {', '.join(empty)}." if empty else ""


def sentences_table(sentences: SentencesByBucket, edges: Sequence[int], name: str) -> Table:
    """How many sentences of each system are in each bucket."""
    used = [at for at, counts in enumerate(zip(*sentences.sentences.values(), strict=True)) if any(counts)]
    rows = [[system, *(f"{counts[at]:,}" for at in used)] for system, counts in sentences.sentences.items()]
    buckets = [sentences.buckets[at] for at in used]
    caption = f"Number of sentences by {sentences.title}." + _empty(edges, buckets)
    return Table(["system", *buckets], rows, caption, name=name)


def word_table(breakdown: Breakdown) -> Table:
    """F-measure of words by their frequency."""
    words = breakdown.words
    headings = [f"{bucket} ({count})" for bucket, count in zip(words.buckets, words.words, strict=True)]
    rows = [[name, *(f"{value:.1f}" for value in values)] for name, values in words.f_measure.items()]
    caption = f"Who gets rare words right? F-measure of single words by {words.title} (in brackets: reference words)."
    return Table(["system", *headings], rows, caption + _empty(FREQUENCY_EDGES, words.buckets), name="words")


def output_table(breakdown: Breakdown) -> Table:
    """Lengths and repetitions."""
    outputs = breakdown.outputs.items()
    rows = [[name, f"{output.length_ratio:.3f}", f"{output.repeating:.1%}"] for name, output in outputs]
    rows.append(["reference", "1.000", f"{breakdown.reference_repeating:.1%}"])
    caption = (
        "Length: words of the hypotheses for each word of the references. Repeating: the share of sentences in which "
        "one to four words are said twice in a row. Some references do so, too, as their row shows."
    )
    return Table(["system", "length", "repeating"], rows, caption, name="outputs")


def examples_tables(breakdown: Breakdown) -> list[tuple[str, list[Table]]]:
    """For each system beside the baseline: sentences side by side, and n-grams that one gets and the other does not."""
    found = []
    for pair in breakdown.pairs:
        names, tables = (pair.first, pair.second), []
        for ahead, behind, sentences, ngrams in (
            (*names, pair.first_sentences, pair.first_ngrams),
            (*names[::-1], pair.second_sentences, pair.second_ngrams),
        ):
            if sentences:
                columns = ["line", "source", "reference", *names]
                rows = [
                    [str(each.line), each.source, each.reference]
                    + [f"{each.hypotheses[name]} ({each.bleu[name]:.0f})" for name in names]
                    for each in sentences
                ]
                caption = f"Where {ahead} is furthest ahead of {behind} (in brackets: sentence BLEU)."
                tables.append(Table(columns, rows, caption, (1, 2, 3, 4)))
            if ngrams:
                rows = [[each.ngram, str(each.correct), str(each.correct_in_other)] for each in ngrams]
                caption = f"Phrases that {ahead} gets right more often than {behind}, and how often."
                tables.append(Table(["phrase", ahead, behind], rows, caption))
        found.append((f"{pair.first} and {pair.second}", tables))
    return found


def outputs_table(outputs: Mapping[str, SentenceStatistics], reference: str, chosen: Sequence[str]) -> Table:
    """The scores of single outputs by some metrics."""
    rows, signatures, notes = [], set[str](), ""
    for name, statistics in outputs.items():
        scores = scores_of(statistics)
        notes += f" {name}: {scores.note}." if scores.note else ""
        metrics = [scores.by_metric[name] for name in chosen]
        rows.append([name, *(f"{each.score:.2f} ± {each.half_width or 0:.2f}" for each in metrics)])
        signatures |= {metric.signature for metric in metrics}
    caption = (
        f"Scored against {reference}. After ±: half of the 95% interval for other sentences (bootstrap). Signatures: "
        f"{' '.join(sorted(signatures))}{notes and '.'}{notes}"
    )
    return Table(["output", *(f"{label_of(name)} ± 95%" for name in chosen)], rows, caption)
