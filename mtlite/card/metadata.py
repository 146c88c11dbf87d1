"""The metadata of a card, as the Hugging Face Hub reads them; its own classes check and write them."""

from __future__ import annotations

from collections.abc import Iterator, Set

from huggingface_hub import EvalResult, ModelCardData
from huggingface_hub.utils import yaml_dump

from mtlite.config.options import CorpusConfig
from mtlite.evaluation.metrics import HUB_NAMES, label_of
from mtlite.languages import language_code, name_of
from mtlite.storage.run_directory import Run
from mtlite.translation.result import Result, StoredScores


def metadata(run: Run, result: Result, name: str) -> ModelCardData:
    """The metadata of a finished run: `name` is what the model is called."""
    codes = dict.fromkeys(filter(None, map(language_code, (run.facts.source_language, run.facts.target_language))))
    topology = run.config.model.topology
    metrics = dict.fromkeys(HUB_NAMES.get(each, each) for test in result.tests.values() for each in test.by_metric)
    return ModelCardData(
        language=list(codes) or None,
        library_name="mtlite",
        pipeline_tag="translation",
        tags=["translation", "lstm", "recurrent", topology],
        datasets=list(dict.fromkeys(filter(None, map(hub_name, run.config.data.train)))) or None,
        metrics=list(metrics),
        model_name=name,
        eval_results=[each for test, scores in result.tests.items() for each in _results(run, test, scores)],
    )


def yaml_of(data: ModelCardData, without: Set[str]) -> str:
    """Metadata as YAML, without some keys."""
    return str(yaml_dump({key: value for key, value in data.to_dict().items() if key not in without}, sort_keys=False))


def corpus_of(run: Run, test: str) -> CorpusConfig | None:
    """Where a test set comes from; None if it was split off the training pairs."""
    return run.config.data.given_sets().get("data.test" if test == "test" else f"data.tests.{test}")


def hub_name(corpus: CorpusConfig) -> str | None:
    """The name of a data set on the Hub; None for one that lies in a folder, or for text files."""
    name = corpus.dataset or ""
    return name if name.count("/") == 1 and not name.startswith((".", "/", "~")) else None


def _results(run: Run, test: str, scores: StoredScores) -> Iterator[EvalResult]:
    """The scores of one test set: the figures of `result.json`, to the last digit."""
    corpus = corpus_of(run, test)
    source, target = (name_of(each or "?") for each in (run.facts.source_language, run.facts.target_language))
    for metric, score in scores.by_metric.items():
        yield EvalResult(
            task_type="translation",
            task_name=f"Translation {source} → {target}",
            dataset_type=(corpus and hub_name(corpus)) or f"{run.path.resolve().name}/{test}",
            dataset_name=test,
            dataset_split=(corpus and corpus.split) or test,
            dataset_args={"sentences": scores.sentences, "sha256 of the references": scores.sha256},
            metric_type=HUB_NAMES.get(metric, metric),
            metric_name=label_of(metric),
            metric_value=score.score,
            metric_args={"signature": score.signature, "half of the 95% interval": score.half_width},
        )
