"""Every option once: name, type, range, default, help.

Command-line flags, recipes (YAML) and the configuration saved with a run derive from these dataclasses. `None` means
"chosen from the corpus" (`mtlite/config/resolve.py` decides and says so).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, get_args

from mtlite.config.read import Between, Count, Matching, Share, plain, shown
from mtlite.config.registry import OPTIONAL, TOPOLOGIES, entry_of, refuse_options
from mtlite.errors import UsageError
from mtlite.limits import MAX_VOCABULARY, TEST_SET_NAME

_MANY = 2**31 - 1
Positive = Annotated[int, Between(1, _MANY)]
Size = Annotated[int, Between(1, 2**16)]
Layers = Annotated[int, Between(1, 100)]
BatchTokens = Annotated[int, Between(2, _MANY)]
LearningRate = Annotated[float, Between(0, 1000)]
LanguageCode = Annotated[str, Matching(".+", "a language code such as de, or null")]
MetricName = Literal["bleu", "chrf2", "ter", "exact-match", "wer", "per", "cer"]
METRICS: tuple[str, ...] = get_args(MetricName)
DEFAULT_METRICS: tuple[MetricName, ...] = ("bleu", "chrf2", "ter")


@dataclass(frozen=True)
class CorpusConfig:
    """Where one set of sentence pairs comes from: two text files, or one file of pairs, or a data set.

    Args:
        source: Text file with one source sentence a line (may be gzipped).
        target: Text file with one target sentence a line (may be gzipped).
        pairs: One file with both sides (.tsv, .txt, .csv, .jsonl, .parquet; may be gzipped), or a save_to_disk folder.
        header: Whether the first line of a file of rows names its columns (default: in .csv it does; in .tsv and .txt,
            if it names sides or languages).
        dataset: Name of a data set on the Hugging Face Hub.
        configuration: Configuration of that data set.
        split: Split of that data set or folder, such as train or validation.
        references: Of a dev or test set: files with further translations, line by line, any of which is right.
        weight: Of one of several training corpora: how often each of its pairs comes in an epoch.
        most_pairs: Of a training corpus: use so many of its pairs at most, drawn by data.seed; those of a smaller
            number are among those of a larger one (default: all).
    """

    source: str | None = None
    target: str | None = None
    pairs: str | None = None
    header: bool | None = None
    dataset: str | None = None
    configuration: str | None = None
    split: str | None = None
    references: list[str] = field(default_factory=list)
    weight: Annotated[int, Between(1, 1000)] = 1
    most_pairs: Positive | None = None


@dataclass(frozen=True)
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
    max_characters: Count = 1000
    overlap: bool = True
    max_length_ratio: Annotated[float, Between(0, _MANY)] = 0.0
    duplicates: bool = False
    identical: bool = False
    script: bool = False

    def check(self) -> None:
        ratio = self.max_length_ratio
        if 0 < ratio < 1:
            raise UsageError(f"data.cleaning.max_length_ratio: expected 0 (off), 1 or more, received {ratio}")


@dataclass(frozen=True)
class DataConfig:
    """The corpus: training pairs, dev set, test sets.

    Args:
        train: The training pairs: one corpus or a list of them, which are joined in their order.
        source_language: Language code of the source (default: the ending of its file name).
        target_language: Language code of the target (default: the ending of its file name); it chooses the tokenizer of
            the metric, which counts characters where a script has no spaces between words.
        source_column: Column with the source sentences: its name, or in files of rows its number (default: the
            language, or source, or the first).
        target_column: Column with the target sentences (default: the language, or target, or the second).
        dev: The set that is scored during training (default: split off the training pairs).
        test: The set that is scored at the end (default: split off the training pairs).
        tests: Further test sets by name, each with the same keys as test.
        join_repeated_sources: Make one sentence of the pairs of a dev or test set that have the same source: their
            targets are its references.
        held_out: Pairs split off the training pairs for a missing dev or test set (at most a tenth of them).
        seed: Decides which pairs are split off; it is not the seed of the training.
        cleaning: Which training pairs are left out.
    """

    MOVED: ClassVar[dict[str, str]] = {
        name: f"training pairs are given under data.train: write data.train.{name}"
        for name in ("source", "target", "pairs", "dataset", "configuration", "split")
    }

    train: list[CorpusConfig] = field(default_factory=lambda: [CorpusConfig()])
    source_language: LanguageCode | None = None
    target_language: LanguageCode | None = None
    source_column: str | int | None = None
    target_column: str | int | None = None
    dev: CorpusConfig = field(default_factory=CorpusConfig)
    test: CorpusConfig = field(default_factory=CorpusConfig)
    tests: dict[str, CorpusConfig] = field(default_factory=dict)
    join_repeated_sources: bool = False
    held_out: Positive = 1000
    seed: Count = 1
    cleaning: CleaningConfig = field(default_factory=CleaningConfig)

    def check(self) -> None:
        if any(each.references for each in self.train):
            problem = "expected none, since only dev and test sets have several references"
            raise UsageError(f"data.train.references: {problem}: give further pairs as one more corpus in data.train")
        if any(each.weight > 1 for each in self.train) and self.cleaning.duplicates:
            raise UsageError(
                "data.train.weight repeats pairs, which data.cleaning.duplicates leaves out: expected one of the two"
            )
        for name, each in self.given_sets().items():
            for option in ("weight", "most_pairs"):
                if getattr(each, option) != getattr(CorpusConfig(), option):
                    raise UsageError(f"{name}: expected no {option}, which is for training corpora: leave it out")
        for name in self.tests:
            if not TEST_SET_NAME.fullmatch(name) or name in ("dev", "test"):
                expected = "names of letters, digits, '-', '_' and '.' other than dev and test"
                raise UsageError(f"data.tests: expected {expected}, received {shown(name)}")

    def with_splits(self) -> CorpusConfig:
        """The first training corpus that may have several splits."""
        return next((part for part in self.train if part.pairs or part.dataset), CorpusConfig())

    def given_sets(self) -> dict[str, CorpusConfig]:
        """Dev and test sets, by their options; one given by its split alone is at the location of training pairs."""
        sets = {"data.test": self.test, "data.dev": self.dev}
        sets = {name: each for name, each in sets.items() if each != CorpusConfig()}
        sets |= {f"data.tests.{name}": each for name, each in self.tests.items()}
        training = self.with_splits()
        for name, each in sets.items():
            if each.split and not (each.source or each.target or each.pairs or each.dataset):
                sets[name] = dataclasses.replace(
                    each,
                    pairs=training.pairs,
                    dataset=training.dataset,
                    configuration=each.configuration or training.configuration,
                )
        return sets


@dataclass(frozen=True)
class TokenizerConfig:
    """SentencePiece, trained inside `train` or given.

    Args:
        kind: How text is cut into pieces.
        vocabulary_size: Pieces per vocabulary (default: from the corpus size, or that of a given model); reduced if the
            text has not that many.
        joint: One vocabulary for both sides.
        model: An existing SentencePiece model for both sides, instead of training one.
        source_model: An existing SentencePiece model for the source side.
        target_model: An existing SentencePiece model for the target side.
        byte_fallback: Spell characters without a piece as bytes.
        sampling: Draw a new segmentation of every training sentence in every epoch (0: off). For unigram, 0.1 smooths
            much, 0.5 little (Kudo 2018); for bpe, it is the share of merges left out (Provilkov et al. 2020).
        sample_sentences: Sentence pairs that the tokenizer is trained on at most.
    """

    kind: Literal["unigram", "bpe", "word", "char"] = "unigram"
    vocabulary_size: Annotated[int, Between(8, MAX_VOCABULARY)] | None = None
    joint: bool = True
    model: str | None = None
    source_model: str | None = None
    target_model: str | None = None
    byte_fallback: bool = False
    sampling: Annotated[float, Between(0, 1000)] = 0.0
    sample_sentences: Positive = 500_000

    def check(self) -> None:
        if self.model or self.source_model or self.target_model:
            return  # what these models can do is seen when they are read
        self.refuse_sampling(self.kind, self.kind)
        if self.byte_fallback and self.kind not in ("unigram", "bpe"):
            received = f"received {self.kind}: leave it out"
            raise UsageError(f"tokenizer.byte_fallback: expected tokenizer.kind unigram or bpe, {received}")

    def refuse_sampling(self, kind: str, received: str) -> None:
        """Refuse a sampling that a tokenizer of this kind cannot do; `received` says which one it is."""
        if self.sampling and kind not in ("unigram", "bpe"):
            expected = "expected tokenizer.kind unigram or bpe"
            raise UsageError(f"tokenizer.sampling: {expected}, received {received}: leave it out")
        if self.sampling > 1 and kind == "bpe":
            raise UsageError(
                f"tokenizer.sampling: expected a share of merges for bpe, from 0 to 1, received {self.sampling:g}"
            )


@dataclass(frozen=True)
class ModelConfig:
    """The wiring and its sizes. Which topology can have which option: `mtlite topologies`.

    Args:
        topology: The wiring: a name that `mtlite topologies` lists, or MODULE:CLASS for one of your own.
        embedding_size: Numbers per embedding (default: from the corpus size).
        units: LSTM units per layer (default: from the corpus size).
        layers: LSTM layers on each side (default: from the corpus size).
        bidirectional: Read the source in both directions, with half the units each (default: where the topology can).
        attention: Score of a decoder state against an encoder output (Luong et al. 2015; additive: Bahdanau et al.).
        attention_heads: Parts of the units that look back each by itself (Vaswani et al. 2017; Chen et al. 2018).
        tied_embeddings: Use the target embeddings as output weights (Press & Wolf 2017).
        dropout: Share of numbers set to zero between layers (default: from the corpus size).
        embedding_dropout: Share of numbers set to zero in the embeddings (default: as dropout).
        word_dropout: Share of whole words set to zero in the embeddings.
        layer_normalization: Normalise the output of every LSTM layer (Ba et al. 2016).
        residual: Add the input of an LSTM layer to its output where both have the same size.
        wait: For last-n: steps before writing starts, as a share of the source length.
    """

    topology: str = "attention"
    embedding_size: Size | None = None
    units: Size | None = None
    layers: Layers | None = None
    bidirectional: bool | None = None
    attention: Literal["dot", "general", "additive"] = "general"
    attention_heads: Literal[1, 2, 4, 8] = 1
    tied_embeddings: bool = True
    dropout: Share | None = None
    embedding_dropout: Share | None = None
    word_dropout: Share = 0.0
    layer_normalization: bool = False
    residual: bool = False
    wait: Annotated[float, Between(0, 1)] = 0.5

    @property
    def reads_both_ways(self) -> bool:
        """Whether the source is read in both directions: as asked for; if nothing was, wherever the topology can."""
        return "bidirectional" in entry_of(self.topology).options if self.bidirectional is None else self.bidirectional

    def check(self) -> None:
        asked = {name: getattr(self, name) for name in OPTIONAL if getattr(self, name) != getattr(ModelConfig, name)}
        refuse_options(self.topology, asked)
        if self.units is not None and self.units % 2 and self.reads_both_ways:
            raise UsageError(f"model.units: expected an even number for two directions, received {self.units}")
        if self.units is not None and self.units % self.attention_heads:
            expected = f"a multiple of model.attention_heads ({self.attention_heads})"
            raise UsageError(f"model.units: expected {expected}, received {self.units}")


@dataclass(frozen=True)
class TrainingConfig:
    """How long, how fast and how carefully to train.

    Args:
        max_updates: Updates of the weights (default: from the corpus size).
        max_seconds: Train for this many seconds, validation excluded, instead of max_updates (0: off). Warm-up,
            schedule and validation intervals scale with it. Not reproducible.
        batch_tokens: Most padded source plus padded target tokens in a batch (default: from the corpus size).
        accumulate: Batches whose gradients are summed for one update.
        learning_rate: Peak learning rate of Adam (Kingma & Ba 2015; default: from the corpus size).
        schedule: What the learning rate does after the warm-up.
        cycles: How often the schedule runs, each time from half the peak of the time before (Denkowski & Neubig 2017).
        warmup_updates: Updates over which the learning rate rises from zero (default: from max_updates).
        final_learning_rate: Share of the peak that the linear and cosine schedules end at.
        clip_norm: Largest norm of all gradients together (0: no clipping).
        label_smoothing: Share of the probability spread over the whole vocabulary in the loss (Szegedy et al. 2016).
        consistency: Weight of the divergence of two passes with other dropout, as alpha of R-Drop (Liang et al. 2021);
            an update is twice the work (0: one pass).
        moving_average: Decay of the moving average of the weights that is validated and kept (0: off).
        validate_every: Updates between two validations (default: ten validations in a run).
        patience: Validations without a better dev BLEU before training stops (0: never).
        save_every: Updates between two saved states (default: as validate_every).
        precision: Number format of products; auto is bfloat16 where the processor multiplies it in hardware.
        threads: Processor threads (0: all). A batch is cut into a part for each, up to 8, and dropout is drawn for each
            part: to repeat a training, give the same number as well as the same seed. A resumed run keeps its parts.
        deterministic: Make TensorFlow refuse operations that are not repeatable. Equal seeds give equal weights without
            it, too; it takes about 2% more time.
        tensorboard: Write TensorBoard scalars into the run directory.
        start_from: Run directory whose weights training starts from, with its tokenizer and model (fine-tuning).
    """

    MOVED: ClassVar[dict[str, str]] = {"plateau_factor": "the schedule plateau is gone: give training.schedule linear"}

    max_updates: Positive | None = None
    max_seconds: Annotated[float, Between(0, _MANY)] = 0.0
    batch_tokens: BatchTokens | None = None
    accumulate: Positive = 1
    learning_rate: LearningRate | None = None
    schedule: Literal["constant", "linear", "cosine", "inverse-square-root"] = "linear"
    cycles: Annotated[int, Between(1, 100)] = 1
    warmup_updates: Count | None = None
    final_learning_rate: Annotated[float, Between(0, 1)] = 0.02
    clip_norm: Annotated[float, Between(0, _MANY)] = 1.0
    label_smoothing: Share = 0.1
    consistency: Annotated[float, Between(0, 100)] = 0.0
    moving_average: Share = 0.0
    validate_every: Positive | None = None
    patience: Count = 0
    save_every: Positive | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: Annotated[int, Between(0, 4096)] = 0
    deterministic: bool = False
    tensorboard: bool = True
    start_from: str | None = None


@dataclass(frozen=True)
class SearchConfig:
    """How a translation is found.

    Args:
        beam_size: Hypotheses kept at every step; 1 is greedy search. A topology that writes in one pass has none.
        length_penalty: Exponent of the length penalty of Wu et al. (2016): 0 prefers short, 1 long hypotheses.
        blank_penalty: What is taken from the logit of a blank, for a topology that writes blanks: the more, the longer
            its outputs.
        min_length: Pieces that a hypothesis has at least, as far as its topology has positions for them.
        nbest: Hypotheses given for every sentence, fewer where the beam has not so many different texts.
        equal_texts: Keep hypotheses of one text in an n-best list: other pieces may give the same text.
        sample: Draw words at random instead of searching for the best.
        temperature: For sampling: below 1 favours likely words, above 1 flattens the distribution.
        top_k: For sampling: draw among the k likeliest words only (0: all).
        top_p: For sampling: draw among the likeliest words that together reach this probability (Holtzman et al. 2020).
        max_source_tokens: Longer sources are cut, with a warning.
        batch_tokens: Padded source tokens times beam size translated at once, at most.
    """

    beam_size: Annotated[int, Between(1, 1000)] = 5
    length_penalty: Annotated[float, Between(0, 10)] = 1.0
    blank_penalty: Annotated[float, Between(-100, 100)] = 0.0
    min_length: Annotated[int, Between(0, 1000)] = 0
    nbest: Annotated[int, Between(1, 1000)] = 1
    equal_texts: bool = False
    sample: bool = False
    temperature: Annotated[float, Between(1e-3, 1000)] = 1.0
    top_k: Annotated[int, Between(0, MAX_VOCABULARY)] = 0
    top_p: Annotated[float, Between(1e-6, 1)] = 1.0
    max_source_tokens: Annotated[int, Between(2, 2**20)] = 1024
    batch_tokens: Annotated[int, Between(1, 10**7)] = 4_000

    def check(self) -> None:
        if self.nbest > self.beam_size and not self.sample:
            most = f"search.beam_size ({self.beam_size})"
            raise UsageError(f"search.nbest: expected at most {most}, received {self.nbest}")

    def fitting(self, topology: str) -> SearchConfig:
        """The same without what a topology cannot have: one that writes in one pass has no beam."""
        return self if entry_of(topology).ranks else dataclasses.replace(self, beam_size=1)

    def in_words(self, topology: str) -> str:
        """How a topology searches, for people: `beam 5`, `sampling` or `one pass`."""
        if not entry_of(topology).ranks:
            return "one pass"
        return "sampling" if self.sample else f"beam {self.beam_size}"

    def greedy(self) -> SearchConfig:
        """The same limits with greedy search: what is used on the dev set during training."""
        return dataclasses.replace(self, beam_size=1, nbest=1, sample=False)


@dataclass(frozen=True)
class EvaluationConfig:
    """How translations are judged.

    Args:
        metrics: What is reported, in this order; verdicts are about the first, those by the others are secondary. bleu,
            chrf2 and ter are sacrebleu's; exact-match is the share of sentences that are right as a whole; wer, per and
            cer are error rates by edit distance over words and phones (both between spaces) and characters.
    """

    metrics: list[MetricName] = field(default_factory=lambda: [*DEFAULT_METRICS])

    def check(self) -> None:
        if not self.metrics:
            raise UsageError(f"evaluation.metrics: expected at least one of {', '.join(METRICS)}, received none")
        if repeated := [name for name in self.metrics if self.metrics.count(name) > 1]:
            raise UsageError(f"evaluation.metrics: expected each metric once, received {repeated[0]} twice")
        if {"wer", "per"} <= {*self.metrics}:
            raise UsageError(
                "evaluation.metrics: expected wer or per, received both, which are one number under two names: leave "
                "one out (the word error rate of grapheme-to-phoneme papers is 100 − exact-match)"
            )


@dataclass(frozen=True)
class Config:
    """Everything that defines a run.

    Args:
        seed: Of the training: weights, data order, dropout, sampling of pieces.
        data: The corpus.
        tokenizer: Text to ids.
        model: The topology and its sizes.
        training: How to train.
        search: How to translate.
        evaluation: How to judge translations.
    """

    MOVED: ClassVar[dict[str, str]] = {"ablation": "this is an ablation recipe: give it to mtlite ablate"}

    seed: Count = 1
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def check(self) -> None:
        refuse_search(self.model.topology, self.search)
        if self.training.consistency and entry_of(self.model.topology).blanks:
            problem = f"topology '{self.model.topology}' sums over paths, and has no distribution at a position"
            raise UsageError(f"training.consistency: {problem}: expected 0")

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and strings: what YAML and JSON can hold."""
        return plain(self)  # type: ignore[no-any-return]


def refuse_search(topology: str, search: SearchConfig) -> None:
    """Refuse a search that this topology cannot have."""
    entry = entry_of(topology)
    if search.sample and entry.family == "direct":
        problem = f"topology '{topology}' writes all tokens in one pass"
        remedy = "expected an autoregressive topology (mtlite topologies lists them)"
        raise UsageError(f"search.sample: {problem}: {remedy}")
    if search.nbest > 1 and not entry.ranks:
        able = ", ".join(name for name, each in TOPOLOGIES.items() if each.ranks)
        problem = f"topology '{topology}' writes one hypothesis a sentence"
        raise UsageError(f"search.nbest: {problem}: expected 1, or a run of {able}")
