"""How a report was made: all that another person needs for the same tables."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version

from mtlite.ablation.cells import doubled_cells_of
from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome, RunFacts
from mtlite.comparison.results import ComparisonResults
from mtlite.config.plain_yaml import write_yaml
from mtlite.config.read import plain
from mtlite.config.recipe import Values
from mtlite.evaluation.references import References, most_of_a_sentence
from mtlite.report.document import Block, Code, Folded, Heading, Paragraph, Table
from mtlite.version import __version__

OPTIMIZER = "Adam with β1 = 0.9, β2 = 0.98, ε = 1e-08"
NOT_RECORDED = "not recorded"


def how_it_was_made(results: ComparisonResults, header: Header, outcomes: Mapping[str, Outcome]) -> list[Block]:
    """Corpus, recipe, options, machine, versions and checksums."""
    recipe = write_yaml({**header.recipe, "ablation": plain(header.ablation)})
    rows = [*_corpus(header, outcomes.values()), *_training(header, outcomes.values()), *_scores(results, header)]
    return [
        Heading("How it was made"),
        Paragraph(
            "This command trains and compares again, with the recipe below. On the same machine and with the same "
            "versions, all but the times will be the same; elsewhere, rounding makes other models of the same seeds:"
        ),
        Code(f"mtlite ablate {shlex.quote(header.name)}"),
        Code(recipe.rstrip()),
        Table(["what", "value"], rows, "Data, training, scores, and checksums (sha256).", (0, 1), "provenance"),
        Folded("Options that the recipe leaves open", [_defaults(header, outcomes)]),
        Paragraph(
            "Operations of training (FLOP) are counted, not measured: the matrix products of a forward and a backward "
            "pass over a pair of average lengths, 2 · rows · columns · inner size each; gates, softmax and the "
            "optimizer are left out. Columns of results.csv that start with time_ are measured."
        ),
    ]


def _corpus(header: Header, outcomes: Iterable[Outcome]) -> list[list[str]]:
    facts = [outcome.facts for outcome in outcomes]
    data = header.recipe.get("data") or {}
    train = data.get("train") or {}
    sets = train if isinstance(train, list) else [train]
    return [
        ["corpus", " and ".join(", ".join(str(value) for value in each.values()) for each in sets) or NOT_RECORDED],
        ["languages", f"{header.source_language or 'unknown'} to {header.target_language or 'unknown'}"],
        ["training pairs", _all({f"{each.training_pairs:,}" for each in facts})],
        ["average pair", f"{header.pair[0]} source and {header.pair[1]} target tokens"],
        ["test sets", ", ".join(f"{test}: {_size(header.references(test))}" for test in header.tests)],
        [
            "vocabulary",
            _all({f"{each.source_vocabulary:,} source, {each.target_vocabulary:,} target" for each in facts}),
        ],
    ]


def _size(references: References) -> str:
    """Of a test set."""
    most = most_of_a_sentence(references)
    several = f" with up to {most} references, of which tables of words and −log p take the first" if most > 1 else ""
    return f"{len(references):,} pairs{several}"


def _training(header: Header, outcomes: Iterable[Outcome]) -> list[list[str]]:
    outcomes = list(outcomes)
    facts = [outcome.facts for outcome in outcomes]
    machines = [each.machine for each in facts]
    dates = sorted(each.date for each in facts if each.date)
    return [
        ["optimizer", OPTIMIZER],
        ["seeds", ", ".join(map(str, header.ablation.seeds))],
        ["threads of a training", _all({str(each.threads) for each in facts})],
        ["precision", _all({str(outcome.config["training.precision"]) for outcome in outcomes})],
        ["processor", _by_node(facts, [each.get("processor", NOT_RECORDED) for each in machines])],
        ["system", _all({f"{each['system']}, {each['machine']}, Python {each['python']}" for each in machines})],
        ["trained", " to ".join(dict.fromkeys([dates[0], dates[-1]])) if dates else NOT_RECORDED],
        ["trained with", _by_node(facts, [", ".join(map(" ".join, each.packages.items())) for each in facts])],
        ["compared with", f"mtlite {__version__}, numpy {version('numpy')}, scipy {version('scipy')}"],
    ]


def _scores(results: ComparisonResults, header: Header) -> list[list[str]]:
    output = next(iter(next(iter(results.systems[0].runs.values())).outputs["greedy"].values()))
    signatures = [[f"signature of {name}", signature] for name, signature in output.statistics.signatures.items()]
    return signatures + [[name, str(value)] for name, value in header.shared.items() if name.startswith("the ")]


def _all(values: set[str]) -> str:
    """One value for all trainings, or all values with a warning."""
    return " | ".join(sorted(values)) + (" (they differ)" if len(values) > 1 else "")


def _by_node(facts: Sequence[RunFacts], values: Sequence[str]) -> str:
    """One value for all trainings, or all values, each with the names of its nodes, and a warning."""
    nodes: dict[str, set[str]] = {value: set() for value in values}
    for each, value in zip(facts, values, strict=True):
        nodes[value] |= {name for name in [each.machine.get("node")] if name}
    if len(nodes) == 1:
        return values[0]
    return _all({f"{value} on {', '.join(sorted(names))}" if names else value for value, names in nodes.items()})


def _defaults(header: Header, outcomes: Mapping[str, Outcome]) -> Table:
    """What the options were that nobody gave."""
    ablation = header.ablation
    doubled = {cell.name for cell in doubled_cells_of(ablation)}
    configs = [outcome.config for name, outcome in outcomes.items() if name not in doubled]
    given = {*_names(header.recipe), *ablation.grid, *ablation.tune, "seed", "model.topology", "training.threads"}
    rows = []
    for name in configs[0]:
        if name not in given:
            values = {"–" if each[name] is None else json.dumps(each[name]) for each in configs}
            rows.append([name, " | ".join(sorted(values)).replace('"', "")])
    return Table(["option", "value"], rows, "Several values: they depend on the topology.", (0, 1))


def _names(values: Values, section: str = "") -> Iterator[str]:
    """The full names of all options of a recipe."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _names(value, f"{section}{name}.")
        else:
            yield section + name
