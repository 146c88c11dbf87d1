"""Every option once: name, type, default, help.

Command-line flags, recipes (YAML) and the configuration saved with a run derive from these dataclasses. `None` means
"chosen from the corpus" (`mtlite/data/defaults.py` decides and says so).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class CorpusConfig:
    """Where one set of sentence pairs comes from: two text files, or one file of pairs, or a data set.

    Args:
        source: Text file with one source sentence a line (may be gzipped).
        target: Text file with one target sentence a line (may be gzipped).
        pairs: One file with both sides (.tsv, .jsonl, .csv, .parquet; may be gzipped), or a save_to_disk folder.
        dataset: Name of a data set on the Hugging Face Hub.
        configuration: Configuration of that data set.
        split: Split of that data set or folder, such as train or validation.
    """

    source: str | None = None
    target: str | None = None
    pairs: str | None = None
    dataset: str | None = None
    configuration: str | None = None
    split: str | None = None


@dataclass
class CleaningConfig:
    """Which training pairs are left out. Test sets are never filtered, cut or reordered.

    Args:
        empty: Leave out pairs with an empty side.
        max_characters: Leave out pairs with a side longer than this many characters (0: no limit).
        overlap: Leave out training pairs that also stand in a dev or test set.
        max_length_ratio: Leave out pairs with one side this many times longer in characters than the other (0: off).
        duplicates: Leave out repeated pairs.
        identical: Leave out pairs whose source equals their target.
        script: Leave out pairs with a side mostly in another script than most of the corpus.
    """

    empty: bool = True
    max_characters: int = 1000
    overlap: bool = True
    max_length_ratio: float = 0.0
    duplicates: bool = False
    identical: bool = False
    script: bool = False


@dataclass
class DataConfig:
    """The corpus: training pairs, dev set, test sets.

    Args:
        source: Training text file with one source sentence a line (may be gzipped).
        target: Training text file with one target sentence a line (may be gzipped).
        pairs: One training file with both sides (.tsv, .jsonl, .csv, .parquet; may be gzipped), or a folder made by
            save_to_disk.
        dataset: Name of a data set on the Hugging Face Hub.
        configuration: Configuration of that data set.
        split: Split with the training pairs of that data set or folder (default: train).
        source_language: Language code of the source (default: the ending of its file name).
        target_language: Language code of the target (default: the ending of its file name); it chooses the tokenizer of
            the metric.
        source_column: Column with the source sentences (default: the language code, or source).
        target_column: Column with the target sentences (default: the language code, or target).
        dev: The set that is scored during training (default: cut from the training pairs).
        test: The set that is scored at the end (default: cut from the training pairs).
        tests: Further test sets by name, each with the same keys as test.
        held_out: Pairs cut from the training pairs for a missing dev or test set (at most a tenth of them).
        cleaning: Which training pairs are left out.
    """

    source: str | None = None
    target: str | None = None
    pairs: str | None = None
    dataset: str | None = None
    configuration: str | None = None
    split: str | None = None
    source_language: str | None = None
    target_language: str | None = None
    source_column: str | None = None
    target_column: str | None = None
    dev: CorpusConfig = field(default_factory=CorpusConfig)
    test: CorpusConfig = field(default_factory=CorpusConfig)
    tests: dict[str, CorpusConfig] = field(default_factory=dict)
    held_out: int = 1000
    cleaning: CleaningConfig = field(default_factory=CleaningConfig)


@dataclass
class TokenizerConfig:
    """SentencePiece, trained inside `train` or given.

    Args:
        kind: How text is cut into pieces.
        vocabulary_size: Pieces per vocabulary (default: from the corpus size, or that of a given model); reduced if the
            text has not that many.
        joint: One vocabulary for both sides.
        model: An existing SentencePiece model for both sides, in place of training one.
        source_model: An existing SentencePiece model for the source side.
        target_model: An existing SentencePiece model for the target side.
        byte_fallback: Spell characters without a piece as bytes.
        sampling: Draw a new segmentation of every training sentence in every epoch; 0 is off, 0.1 smooths much, 0.5
            little (Kudo 2018).
        sample_sentences: Sentence pairs that the tokenizer is trained on at most.
    """

    kind: Literal["unigram", "bpe", "word", "char"] = "unigram"
    vocabulary_size: int | None = None
    joint: bool = True
    model: str | None = None
    source_model: str | None = None
    target_model: str | None = None
    byte_fallback: bool = False
    sampling: float = 0.0
    sample_sentences: int = 500_000


@dataclass
class ModelConfig:
    """The wiring and its sizes. Which topology can have which option: `mtlite topologies`.

    Args:
        topology: The wiring; one of the names that `mtlite topologies` lists.
        embedding_size: Numbers per embedding (default: from the corpus size).
        units: LSTM units per layer (default: from the corpus size).
        layers: LSTM layers on each side.
        bidirectional: Read the source in both directions, with half the units each (default: where the topology can).
        attention: Score of a decoder state against an encoder output (Luong et al. 2015; additive: Bahdanau et al.).
        tied_embeddings: Use the target embeddings as output weights (Press & Wolf 2017).
        dropout: Share of numbers set to zero between layers (default: from the corpus size).
        embedding_dropout: Share of numbers set to zero in the embeddings (default: as dropout).
        word_dropout: Share of whole words set to zero in the embeddings.
        layer_normalization: Normalise the output of every LSTM layer (Ba et al. 2016).
        residual: Add the input of an LSTM layer to its output where both have the same size.
        wait: For last-n: steps before writing starts, as a share of the source length.
    """

    topology: str = "attention"
    embedding_size: int | None = None
    units: int | None = None
    layers: int = 2
    bidirectional: bool | None = None
    attention: Literal["dot", "general", "additive"] = "general"
    tied_embeddings: bool = True
    dropout: float | None = None
    embedding_dropout: float | None = None
    word_dropout: float = 0.0
    layer_normalization: bool = False
    residual: bool = False
    wait: float = 0.5


@dataclass
class TrainingConfig:
    """How long, how fast and how carefully to train.

    Args:
        max_updates: Updates of the weights (default: from the corpus size).
        max_seconds: Seconds of updates, validations not counted, that a training may use in place of max_updates (0: no
            such budget); warm-up, schedule and validations keep their share of it. Not reproducible.
        batch_tokens: Padded source plus padded target tokens in a batch, at most.
        accumulate: Batches whose gradients are summed for one update.
        learning_rate: Peak learning rate of Adam (Kingma & Ba 2015).
        schedule: What the learning rate does after the warm-up.
        warmup_updates: Updates over which the learning rate rises from zero (default: from max_updates).
        final_learning_rate: Share of the peak that the linear and cosine schedules end at.
        plateau_factor: For the plateau schedule: the learning rate is multiplied by this when dev loss stops falling.
        clip_norm: Largest norm of all gradients together (0: no clipping).
        label_smoothing: Share of the probability spread over the whole vocabulary in the loss (Szegedy et al. 2016).
        moving_average: Decay of the moving average of the weights that is validated and kept (0: off).
        validate_every: Updates between two validations (default: ten validations in a run).
        patience: Validations without a better dev BLEU before training stops (0: never).
        save_every: Updates between two saved states (default: as validate_every).
        precision: Number format of products; auto is bfloat16 where the processor multiplies it in hardware.
        threads: Processor threads (0: all); with several, a batch is cut in two, and dropout is drawn for each part.
        deterministic: Make TensorFlow refuse operations that are not repeatable. Equal seeds give equal weights without
            it, too; it takes about 2 % more time.
        tensorboard: Write TensorBoard scalars into the run directory.
    """

    max_updates: int | None = None
    max_seconds: float = 0.0
    batch_tokens: int = 4000
    accumulate: int = 1
    learning_rate: float = 0.002
    schedule: Literal["constant", "linear", "cosine", "inverse-square-root", "plateau"] = "linear"
    warmup_updates: int | None = None
    final_learning_rate: float = 0.02
    plateau_factor: float = 0.5
    clip_norm: float = 1.0
    label_smoothing: float = 0.1
    moving_average: float = 0.0
    validate_every: int | None = None
    patience: int = 0
    save_every: int | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: int = 0
    deterministic: bool = False
    tensorboard: bool = True


@dataclass
class SearchConfig:
    """How a translation is found.

    Args:
        beam_size: Hypotheses kept at every step; 1 is greedy search.
        length_penalty: Exponent of the length penalty of Wu et al. (2016): 0 prefers short, 1 long hypotheses.
        nbest: Hypotheses given for every sentence.
        sample: Draw words at random in place of searching for the best.
        temperature: For sampling: below 1 bolder towards likely words, above 1 more even.
        top_k: For sampling: draw among the k likeliest words only (0: all).
        top_p: For sampling: draw among the likeliest words that together reach this probability (Holtzman et al. 2020).
        max_source_tokens: Longer sources are cut, with a warning.
        batch_tokens: Padded source tokens times beam size translated at once, at most.
    """

    beam_size: int = 5
    length_penalty: float = 1.0
    nbest: int = 1
    sample: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    max_source_tokens: int = 1024
    batch_tokens: int = 4_000


@dataclass
class Config:
    """Everything that defines a run.

    Args:
        seed: One seed for everything: splits, weights, data order, dropout, sampling.
        data: The corpus.
        tokenizer: Text to ids.
        model: The topology and its sizes.
        training: How to train.
        search: How to translate.
    """

    seed: int = 1
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    search: SearchConfig = field(default_factory=SearchConfig)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists, numbers and strings: what YAML and JSON can hold."""
        return dataclasses.asdict(self)


def settled(value: int | None) -> int:
    """A value that `mtlite/data/defaults.py` has filled in where the user left it open."""
    if value is None:
        raise ValueError("a configuration was used before its open values were chosen")
    return value
