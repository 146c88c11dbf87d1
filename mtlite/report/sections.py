"""The parts of a report: each turns some of the results into blocks of a document."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import Any

import yaml

from mtlite.ablation.cells import best_options, systems_of, tuning_outcomes
from mtlite.ablation.header import Header
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonFamily, ComparisonResults
from mtlite.comparison.systems import label
from mtlite.config.read import plain
from mtlite.evaluation.significance import Verdict
from mtlite.report import charts
from mtlite.report.document import Block, Code, Folded, Heading, Paragraph, Picture, Table
from mtlite.report.tables import examples_tables, output_table, pairs_table, scores_table, sentences_table, word_table


def findings(family: ComparisonFamily) -> str:
    """The verdicts of the primary family in words."""
    assert family.comparison is not None
    said = []
    for verdict, text in (
        (Verdict.REAL, "A real difference to {baseline} on {test}: {names}."),
        (Verdict.NOT_SHOWN, "No difference to {baseline} is shown for {names}."),
        (Verdict.THIS_RUN_ONLY, "With one seed, nothing is said about {names} beyond this run."),
    ):
        pairs = [pair for pair in family.comparison.primary if pair.verdict == verdict]
        pairs.sort(key=lambda pair: -pair.differences["bleu"].effect)
        names = ", ".join(f"{pair.second} ({pair.differences['bleu'].effect:+.1f})" for pair in pairs)
        if names:
            said.append(text.format(baseline=family.baseline, test=family.test, names=names))
    return " ".join(said)


def pictures_of_family(family: ComparisonFamily, number: str) -> list[Block]:
    """BLEU with intervals, and who is above whom."""
    scores = {system.name: system.scores("greedy", family.test, "bleu") for system in family.systems}
    scores = dict(sorted(scores.items(), key=lambda item: -mean(item[1])))
    best_first = [f"{name} {mean(values):.1f}" for name, values in scores.items()]
    blocks: list[Block] = [
        Picture(
            f"bleu-{number}",
            charts.bleu_with_intervals(scores, family.intervals),
            f"BLEU on {family.test}. Large dots are means over seeds, small ones single seeds; the line is the 95 % "
            "interval over resampled sentences. Overlapping lines say little about a difference: it has its own "
            "interval in the table.",
            f"Dots with lines, best first: {', '.join(best_first)}.",
        )
    ]
    if family.comparison and len(family.comparison.exploratory) > 1:
        effects: dict[tuple[str, str], tuple[float, bool]] = {}
        for pair in family.comparison.exploratory:
            effect, shown = pair.differences["bleu"].effect, pair.verdict == Verdict.REAL
            effects |= {(pair.second, pair.first): (effect, shown), (pair.first, pair.second): (-effect, shown)}
        names = [name for name in scores if any(name in pair for pair in effects)]
        blocks.append(
            Picture(
                f"differences-{number}",
                charts.matrix_of_differences(names, effects),
                f"BLEU of the row minus BLEU of the column on {family.test}. A frame: “real” among all pairs, after "
                "Holm's adjustment for their number. This family is exploratory: it is there to find questions.",
                f"Coloured grid of {len(names)} by {len(names)} numbers; the rows, best first, and the columns are "
                f"{', '.join(names)}.",
            )
        )
    return blocks


def all_pairs(family: ComparisonFamily, primary: bool) -> Folded:
    """Every comparison with its intervals; `primary` says that verdicts are about this test set."""
    assert family.comparison is not None
    family_is = "the primary family" if primary else "exploratory, as only the first test set is not"
    against = pairs_table(family.comparison.primary, f"The baseline against each other system: {family_is}.")
    every = pairs_table(family.comparison.exploratory, "All pairs, adjusted for their larger number: exploratory.")
    return Folded(f"All comparisons on {family.test}", [against, every])


def learning(results: ComparisonResults) -> list[Block]:
    """Dev BLEU against updates."""
    curves: dict[str, charts.Curves] = {
        system.name: {seed: outcome.curve for seed, outcome in sorted(system.runs.items())}
        for system in results.systems
    }
    late = [
        f"{system.name} (seed {seed}: {system.runs[seed].late_gain:.1f})"
        for system in results.systems
        for seed in system.not_converged
    ]
    caption = (
        "Dev BLEU (greedy) after each validation. In colour the system of the title, mean and range over its seeds; in "
        "grey all others."
    )
    said = (
        f"Not converged, with the BLEU gained in the last fifth of the updates: {', '.join(late)}."
        if late
        else "No cell gained more than 0.3 dev BLEU in the last fifth of its updates."
    )
    ends = (f"{name} {mean(curve[-1][2] for curve in seeds.values()):.1f}" for name, seeds in curves.items())
    shows = f"A plot for each system, with its dev BLEU at the end: {', '.join(ends)}."
    picture = Picture("learning-curves", charts.learning_curves(curves), caption, shows)
    return [Heading("Learning curves"), picture, Paragraph(said)]


def costs(results: ComparisonResults) -> list[Block]:
    """Quality against what it costs."""
    if not results.families:
        return []
    test = results.families[0].test
    bleu = {system.name: mean(system.scores("greedy", test, "bleu")) for system in results.systems}
    by_bleu = sorted(results.systems, key=lambda system: -bleu[system.name])
    measures: list[tuple[str, str, Any]] = [
        ("weights", "trainable weights", lambda system: system.parameters),
        ("training-time", "seconds of training", lambda system: system.mean("training_seconds")),
        ("speed", "sentences translated in a second", lambda system: system.sentences_per_second("greedy", test)),
    ]
    blocks: list[Block] = [Heading("Quality and cost")]
    for name, text, measure in measures:
        points = {system.name: (float(measure(system)), bleu[system.name]) for system in by_bleu}
        caption = f"BLEU on {test} against {text}, means over seeds."
        shown = ", ".join(f"{system} {bleu:.1f} at {cost:,.0f}" for system, (cost, bleu) in points.items())
        blocks.append(Picture(f"cost-{name}", charts.against_cost(points, text), caption, f"Points: {shown}."))
    return blocks


def where_each_fails(results: ComparisonResults) -> list[Block]:
    """Lengths, rare words, word order, repetitions, single sentences."""
    breakdown = results.breakdown
    if breakdown is None:
        return []
    lengths = breakdown.source_length
    columns = [f"{bucket}\n({count})" for bucket, count in zip(lengths.buckets, lengths.sentences, strict=True)]
    test = results.families[0].test
    order = "How much the order of the words changes, estimated by word alignment; 0 is the same order."
    blocks: list[Block] = [
        Heading("Where each one fails"),
        Paragraph(f"Test set {test}, the outputs of seed {results.breakdown_seed}. Few sentences make a noisy number."),
        Picture(
            "by-length",
            charts.by_bucket(lengths.bleu, columns, lengths.title),
            f"BLEU on {test} by {lengths.title} (sentences in brackets).",
            f"Coloured grid: a row each for {', '.join(lengths.bleu)}; a column each for {', '.join(lengths.buckets)}.",
        ),
        scores_table(lengths, "The picture above in numbers."),
        scores_table(breakdown.reordering, order),
        scores_table(breakdown.rarest_word, "One unknown word can spoil a sentence."),
        word_table(breakdown),
        output_table(breakdown),
        sentences_table(breakdown.length_difference),
        sentences_table(breakdown.sentence_bleu),
    ]
    sides = examples_tables(breakdown)
    return blocks + [Folded(f"Side by side: {heading}", tables) for heading, tables in sides if tables]


def attention_maps(results: ComparisonResults) -> list[Block]:
    """Where each system with attention looks, by its smallest seed."""
    blocks: list[Block] = []
    for system_number, system in enumerate(results.systems, 1):
        seed = min(system.runs)
        whose = f"{system.name}, seed {seed}"
        for number, attention in enumerate(system.runs[seed].attention, 1):
            svg = charts.attention_map(attention.source, attention.target, attention.weights)
            caption = f"{whose}: the row of a target piece shows which source pieces it was written from."
            shows = f"Shaded grid: rows {' '.join(attention.target)}; columns {' '.join(attention.source)}."
            blocks.append(Picture(f"attention-{system_number}-{number}", svg, caption, shows))
    chosen = (
        "A short, a middling and a long sentence of the first test set: those at the quartiles of the length, chosen "
        "before anything was translated."
    )
    return [Heading("Where attention looks"), Paragraph(chosen), *blocks] if blocks else []


def tuning(ablation: AblationConfig, outcomes: Mapping[str, Outcome]) -> list[Block]:
    """What was chosen for each system, and what choosing cost."""
    if not ablation.tune:
        return []
    rows = []
    for system in systems_of(ablation):
        cells = tuning_outcomes(ablation, system, outcomes)
        chosen = best_options(ablation, system, outcomes)
        quality = ", ".join(f"{name}: {outcome.best[2]:.2f}" for name, outcome in cells.items())
        updates = sum(outcome.updates for outcome in cells.values())
        seconds = sum(outcome.training_seconds for outcome in cells.values())
        rows.append([system.name, label(chosen) if chosen else "–", quality, f"{updates:,}", f"{seconds:,.0f}"])
    caption = (
        f"Chosen by dev BLEU, ties by dev loss, with seed {ablation.tune_seed}, which is in no other table. A choice "
        "at the edge of what was tried may not be the best there is."
    )
    return [Heading("Tuning"), Table(["system", "chosen", "dev BLEU", "updates", "seconds"], rows, caption, (0, 1, 2))]


def how_it_was_made(results: ComparisonResults, header: Header, outcomes: Mapping[str, Outcome]) -> list[Block]:
    """All that another person needs for the same table."""
    runs = [outcome for system in results.systems for outcome in system.runs.values()]
    signatures = next(iter(runs[0].outputs["greedy"].values())).statistics.signatures
    everything = outcomes.values()
    facts = {
        "threads of a cell": {str(outcome.facts.threads) for outcome in everything},
        "products in": {str(outcome.config["training.precision"]) for outcome in everything},
        "machine": {", ".join(outcome.facts.machine.values()) for outcome in everything},
        "packages": {", ".join(map(" ".join, outcome.facts.packages.items())) for outcome in everything},
    }
    differ = {name: " (they differ!)" if len(values) > 1 else "" for name, values in facts.items()}
    rows = [[name, " | ".join(sorted(values)) + differ[name]] for name, values in facts.items()]
    rows += [[f"signature of {name}", signature] for name, signature in signatures.items()]
    rows += [[name, value] for name, value in header.shared.items() if name.startswith("the ")]
    rows.append(["seeds", ", ".join(map(str, header.ablation.seeds))])
    rows.append(["average pair", f"{header.pair[0]} source and {header.pair[1]} target tokens"])
    recipe = yaml.safe_dump({**header.recipe, "ablation": plain(header.ablation)}, sort_keys=False, allow_unicode=True)
    return [
        Heading("How it was made"),
        Paragraph("The recipe below, with the options of the command line in it, gives the same table again with:"),
        Code(f"mtlite ablate {header.name}"),
        Code(recipe.rstrip()),
        Table(["what", "value"], rows, "Checksums are sha256: of all training pairs, of models, of lines.", (0, 1)),
        Paragraph(
            "Training operations (FLOP) are counted, not measured: every matrix product of one forward and backward "
            "pass over a pair of average lengths counts 2 · rows · columns · inner size; gates, softmax and the "
            "optimizer are left out. Columns of results.csv that start with time_ depend on the machine; all others do "
            "not change when the ablation is done again there."
        ),
    ]
