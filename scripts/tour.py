# %% [markdown]
# # From one-to-many to attention: a tour of the topologies
#
# You have read that LSTMs come as one-to-one, one-to-many, many-to-one and many-to-many. This tour takes these
# pictures and translates English into German with each of them. Every stop has the same four steps:
#
# 1. the wiring as a Keras model of a few lines;
# 2. a check that mtlite computes the same numbers with the same weights;
# 3. a short training in mtlite, which takes sentences of any length;
# 4. three sentences and two scores that show what this wiring can and cannot do.
#
# Run it from top to bottom: `python scripts/tour.py`. It takes about a quarter of an hour, and `--short` takes
# one minute but learns nothing. Editors that know `# %%` cells (VS Code, PyCharm, Spyder) open it as a notebook.

# %%
import logging
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow's log is long, and not our subject

import keras
import numpy as np
from keras import layers
from rich.console import Console

import mtlite
from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.resolve import ResolvedModel, TopologyConfig
from mtlite.data.ids import BOS, EOS
from mtlite.topologies.build import build_model
from mtlite.translation.result import read_result

logging.getLogger("tensorflow").setLevel(logging.ERROR)
ROOT = Path(__file__).resolve().parents[1]
SHORT = "--short" in sys.argv
FOLDER = Path(tempfile.mkdtemp(prefix="mtlite-tour-"))
keras.utils.set_random_seed(1)

# %% [markdown]
# ## The sentences
#
# The village corpus has simple English sentences and their German translations. We train on the short ones, up to
# eight English words. We test on short sentences that are not in training, and on longer ones: has the model learnt
# to translate, or to translate eight words?

# %%


def sentences(name: str, shortest: int, longest: int, most: int | None = None) -> list[tuple[str, str]]:
    """Read the pairs of the village corpus whose English side has so many words."""
    english, german = (
        (ROOT / f"corpora/village/{name}.{side}").read_text("utf-8").splitlines() for side in ("en", "de")
    )
    return [pair for pair in zip(english, german, strict=True) if shortest <= len(pair[0].split()) <= longest][:most]


SETS = {
    "train": sentences("train", 1, 8, 300 if SHORT else None),
    "dev": sentences("dev", 1, 8, 10 if SHORT else 100),
    "short": sentences("test", 1, 8, 10 if SHORT else None),
    "long": sentences("test", 11, 16, 10 if SHORT else None),
}
for name, pairs in SETS.items():
    for number, language in enumerate(("en", "de")):
        (FOLDER / f"{name}.{language}").write_text("".join(f"{pair[number]}\n" for pair in pairs), "utf-8")
    print(f"{name}: {len(pairs)} pairs, such as {' = '.join(pairs[0])}")

# %% [markdown]
# After every training we look at these three, which are not in the training set.
#
# - The first is translated word by word.
# - In the second, the verb has to wait: *has greeted six singers* becomes *hat sechs Sängerinnen gegrüßt*.
# - The third changes its length. *Does* has no translation, and *not* and *a* become one word, *keine*. *Close*
#   becomes two words that stand apart, *macht … zu*, and *barn door* becomes one.

# %%
PROBES = {
    "The squirrel is tame.": "Das Eichhörnchen ist zahm.",
    "The friendly tailor has greeted six singers.": "Der freundliche Schneider hat sechs Sängerinnen gegrüßt.",
    "The singer does not close a barn door.": "Die Sängerin macht keine Scheunentür zu.",
}
print("\nthe references")
for sentence, reference in PROBES.items():
    print(f"  {sentence} → {reference}")

# %% [markdown]
# ## Many-to-many, as in the article
#
# Here is the many-to-many model that most articles show, in plain Keras. Words become numbers, numbers become
# vectors, the LSTM goes from left to right, and a `Dense` layer guesses one German word at each step.
#
# Keras wants batches that are rectangles, so every sentence gets the same number of steps. We give it twelve.

# %%
STEPS = 12
english, german = zip(*SETS["train"], strict=True)
read = layers.TextVectorization(output_sequence_length=STEPS)
write = layers.TextVectorization(output_sequence_length=STEPS)
read.adapt(english)
write.adapt(german)

model = keras.Sequential(
    [
        layers.Embedding(read.vocabulary_size(), 64),
        layers.LSTM(128, return_sequences=True),
        layers.Dense(write.vocabulary_size()),
    ]
)
model.compile(keras.optimizers.Adam(0.005), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(read(english), write(german), batch_size=64, epochs=1 if SHORT else 4, verbose=0)


def show_keras(model: keras.Model, heading: str) -> None:
    """Print what a Keras model writes for the three sentences."""
    words = write.get_vocabulary()
    print(f"\n{heading}")
    for sentence, ids in zip(PROBES, np.argmax(model(read(list(PROBES))), axis=-1), strict=True):
        print(f"  {sentence} → {' '.join(words[number] for number in ids if number)}")


show_keras(model, "many-to-many, in plain Keras")

# %% [markdown]
# `mtlite.LSTM` can stand where `keras.layers.LSTM` stands. It takes the same arguments and weights and gives the same
# numbers, but trains faster on a processor. Here it takes over the weights of the model above:

# %%
faster = keras.Sequential(
    [
        layers.Embedding(read.vocabulary_size(), 64),
        mtlite.LSTM(128, return_sequences=True),
        layers.Dense(write.vocabulary_size()),
    ]
)
faster.build((None, STEPS))
faster.set_weights(model.get_weights())
show_keras(faster, "the same, with mtlite.LSTM")

# %% [markdown]
# ## What mtlite adds
#
# This model has four weaknesses, and none of them is the wiring:
#
# - It knows whole words only: a word that is not in the training set cannot be read or written.
# - Lower case and no full stops: the German that comes out cannot be compared with real German.
# - Twelve steps for everybody: short sentences waste them, long ones are cut.
# - It also learns to write padding, and its loss counts that as success.
#
# mtlite takes care of these in the same way for all wirings: it cuts text into *pieces* of words, puts sentences of
# like length into a batch, masks the padding, ends each sentence with a piece `</s>`, and scores the German text with
# BLEU (0 is nothing in common with the reference, 100 is the reference word for word). Sizes, updates and data are
# the same for all of them, too; what the wiring itself brings along differs, such as the number of parameters.
#
# The next cell has two helpers. `same_wiring` copies the weights of a small Keras model, layer by layer, into
# mtlite's model and compares the numbers that come out. `learn` trains mtlite's model on the village and shows the
# result.

# %%
VOCABULARY, SIZE, UNITS = 30, 8, 16
S, N = 8, 4  # pieces that the small models read, and that they write
SOURCE = np.array([[5, 9, 6, 11, 7, 8, 10, EOS]])
TARGET = np.array([[12, 13, 14, EOS]])
SO_FAR = np.array([[BOS, 12, 13, 14]])  # what has been written before each piece of the target

source = keras.Input((S,), dtype="int32")
so_far = keras.Input((N,), dtype="int32")


def embed() -> layers.Embedding:
    """The table of vectors; source and target share it."""
    return layers.Embedding(VOCABULARY, SIZE, name="source_embedding")


def lstm(name: str, **options: bool) -> mtlite.LSTM:
    """A layer under the name that it has in mtlite's model."""
    return mtlite.LSTM(UNITS, name=name, **options)


def head() -> layers.Dense:
    """From a vector to a score for every piece of the vocabulary."""
    return layers.Dense(VOCABULARY, name="head")


def same_wiring(topology: str, model: keras.Model) -> None:
    """Copy the weights of a Keras model into a topology, and compare what both compute."""
    options = {"embedding_size": SIZE, "units": UNITS, "layers": 1, "bidirectional": False, "attention": "dot"}
    options |= {"dropout": 0.0, "embedding_dropout": 0.0, "tied_embeddings": False}
    four = LengthRule(0, N)
    config = TopologyConfig.of(
        ResolvedModel(topology=topology, **options),  # type: ignore[arg-type]
        source_vocabulary=VOCABULARY,
        target_vocabulary=VOCABULARY,
        joint=True,
        lengths=LengthRules(direct=four, search=four, fixed=N, expansion=2),
    )
    ours = build_model(config)
    for layer in model.layers:
        if layer.weights:
            getattr(ours, layer.name).set_weights(layer.get_weights())
    outputs = model([SOURCE, SO_FAR] if len(model.inputs) == 2 else SOURCE)
    expected = np.reshape(outputs, (1, -1, VOCABULARY))
    received = np.array(ours((SOURCE, TARGET)))[:, -expected.shape[1] :]
    print(f"\n{topology}: the Keras model and mtlite differ by at most {np.abs(expected - received).max():.0e}")
    np.testing.assert_allclose(received, expected, atol=1e-6)


# %%
OPTIONS = {
    "data.source_language": "en",
    "data.target_language": "de",
    **{f"data.train.{side}": str(FOLDER / f"train.{code}") for side, code in (("source", "en"), ("target", "de"))},
    **{f"data.dev.{side}": str(FOLDER / f"dev.{code}") for side, code in (("source", "en"), ("target", "de"))},
    **{f"data.test.{side}": str(FOLDER / f"short.{code}") for side, code in (("source", "en"), ("target", "de"))},
    "data.tests": {"long": {"source": str(FOLDER / "long.en"), "target": str(FOLDER / "long.de")}},
    "tokenizer.vocabulary_size": 300 if SHORT else 1500,
    "model.embedding_size": 16 if SHORT else 128,
    "model.units": 16 if SHORT else 192,
    "model.layers": 1,
    "model.dropout": 0.0,
    "training.max_updates": 4 if SHORT else 1000,
    "training.validate_every": 4 if SHORT else 1000,
    "training.batch_tokens": 1500,
    "training.learning_rate": 0.006,
    "training.tensorboard": False,
    "search.beam_size": 1,
}
SCORES: dict[str, tuple[float, float]] = {}


def learn(topology: str, heading: str = "", **model_options: bool) -> None:
    """Train a topology; print its scores and what it writes for the three sentences."""
    heading = heading or topology
    options = {**OPTIONS, "model.topology": topology, **{f"model.{name}": on for name, on in model_options.items()}}
    run = mtlite.train(options, run=FOLDER / heading.replace(", ", "-").replace(" ", "-"), console=Console(quiet=True))
    tests = read_result(run).tests
    SCORES[heading] = tests["test"].bleu.score, tests["long"].bleu.score
    print("{}: BLEU {:.1f} on short sentences, {:.1f} on long ones".format(heading, *SCORES[heading]))
    for sentence, translation in zip(PROBES, mtlite.Translator.load(run)(list(PROBES)), strict=True):
        print(f"  {sentence} → {translation}")


# %% [markdown]
# ## One-to-one: a dictionary
#
# - **Reads** each piece alone.
# - **Remembers** nothing but that piece.
# - **Writes** one piece for each piece that it reads.
#
# There is no LSTM here: this is what is left when you take the recurrence away. It can look words up, and many nouns
# come out right. It cannot choose between *der*, *die* and *das* for *the*, since that depends on the next word.
# Often it writes no more than the `D` that they share.

# %%
hidden = layers.Dense(UNITS, activation="tanh", name="hidden")(embed()(source))
same_wiring("one-to-one", keras.Model(source, head()(hidden)))
learn("one-to-one")

# %% [markdown]
# ## One-to-many: a bag of words
#
# - **Reads** the whole sentence as one vector, the mean of its pieces. (In the article, the one vector is an image.)
# - **Remembers** that vector, once for each step.
# - **Writes** with an LSTM over the copies.
#
# Every step now knows which words are in the sentence, and the LSTM knows how far it has come. But *the dog bites the
# man* and *the man bites the dog* have the same mean: the order is gone before the LSTM starts. And no step knows
# which piece the steps before it chose, so pieces come twice.

# %%
bag = layers.GlobalAveragePooling1D()(embed()(source))
outputs = lstm("decoder", return_sequences=True)(layers.RepeatVector(N)(bag))
same_wiring("one-to-many", keras.Model(source, head()(outputs)))
learn("one-to-many")

# %% [markdown]
# ## Aligned: many-to-many in step
#
# - **Reads** the sequence.
# - **Remembers** what came before, in the state of the LSTM.
# - **Writes** at each step, one piece for each piece that it reads.
#
# This is the model from the beginning. It keeps the order, and translates what goes word by word. But each German
# piece is written before the rest of the English sentence is read, so *the* is a guess again. It cannot write now
# what it reads later, and it cannot write more pieces than it reads.

# %%
outputs = lstm("lstm", return_sequences=True)(embed()(source))
same_wiring("aligned", keras.Model(source, head()(outputs)))
learn("aligned", "aligned, one direction", bidirectional=False)

# %% [markdown]
# A second LSTM that reads from right to left removes the first limit (in Keras: `Bidirectional`). mtlite does this by
# default wherever a topology allows it. The second limit stays. From here on we keep the default.

# %%
learn("aligned", "aligned, both directions")

# %% [markdown]
# ## Padded: first read, then write
#
# - **Reads** the whole sentence, then N blanks.
# - **Remembers** everything in the state of the LSTM.
# - **Writes** at the blanks.
#
# A sentence is read to its end before the first German piece is written, and the output has a length of its own. The
# price: the state has to hold the whole sentence, and to keep it while the LSTM writes. The way from a word to its
# translation is as long as the sentence, and a long way is learnt slowly.

# %%
outputs = lstm("lstm", return_sequences=True)(layers.ZeroPadding1D((0, N))(embed()(source)))
same_wiring("padded", keras.Model(source, head()(outputs[:, -N:])))
learn("padded")

# %% [markdown]
# ## Last-n: start writing half-way
#
# - **Reads** the sequence.
# - **Remembers** the state of the LSTM, after a wait of half the sentence.
# - **Writes** at the last N steps.
#
# It lies between the two before: `aligned` does not wait, and `padded` waits for the end. A word now has to be kept
# for half a sentence only. But what stands in the second half cannot yet be written in the first.

# %%
outputs = lstm("lstm", return_sequences=True)(embed()(source))
same_wiring("last-n", keras.Model(source, head()(outputs[:, -N:])))
learn("last-n")

# %% [markdown]
# ## Vector-dense: many-to-one, with a wide one
#
# - **Reads** the sequence.
# - **Remembers** the last output h.
# - **Writes** all N positions at once, from one `Dense` layer.
#
# This is the "vanilla" LSTM of many tutorials. From h it is one step to every German piece, so it learns faster than
# `padded`. But there is no memory on the German side: no position knows what the others write, so one may belong to
# another sentence than the next. And N is fixed in the weights: nothing longer can be written.

# %%
h = lstm("encoder")(embed()(source))
positions = layers.Reshape((N, SIZE))(layers.Dense(N * SIZE, name="all_positions")(h))
same_wiring("vector-dense", keras.Model(source, head()(positions)))
learn("vector-dense")

# %% [markdown]
# ## Repeat-vector: many-to-one, then one-to-many
#
# - **Reads** the sequence.
# - **Remembers** the last output h, once for each step.
# - **Writes** with a second LSTM over the copies.
#
# Two LSTMs, each with one job, and any length on either side. The second LSTM sees h at every step, but it never
# learns which piece was chosen: if two translations are possible, it may begin one and end the other.

# %%
h = lstm("encoder")(embed()(source))
outputs = lstm("decoder", return_sequences=True)(layers.RepeatVector(N)(h))
same_wiring("repeat-vector", keras.Model(source, head()(outputs)))
learn("repeat-vector")

# %% [markdown]
# ## Encoder-decoder: the writer reads its own words
#
# - **Reads** the sequence.
# - **Remembers** the last (h, c), which starts the decoder.
# - **Writes** with an LSTM that reads the target so far.
#
# Up to here, all positions were written in one pass. From here on, a piece is written and read back before the next
# one is asked for, so the model goes on with the sentence that it has begun: the German becomes fluent. In training
# it reads the reference instead of its own pieces (teacher forcing), so all steps are still computed at once.
#
# The weak point is that one vector holds the whole sentence. Fluent German can be a translation of something else:
# look at the nouns.

# %%
both = embed()
_, h, c = lstm("encoder", return_state=True)(both(source))
outputs = lstm("decoder", return_sequences=True)(both(so_far), initial_state=[h, c])
same_wiring("encoder-decoder", keras.Model([source, so_far], head()(outputs)))
learn("encoder-decoder")

# %% [markdown]
# ## Many-to-one: the next word, again and again
#
# - **Reads** the source and the target so far as one sequence.
# - **Remembers** the last (h, c).
# - **Writes** one piece: the next. Then it is asked again.
#
# This is a language model over both languages, and an encoder-decoder whose two LSTMs share their weights. One LSTM
# has to do both jobs with half the parameters.

# %%
last = lstm("lstm")(embed()(layers.Concatenate(axis=1)([source, so_far])))
same_wiring("many-to-one", keras.Model([source, so_far], head()(last)))
learn("many-to-one")

# %% [markdown]
# ## Peek: the vector stays in sight
#
# - **Reads** the sequence.
# - **Remembers** (h, c), and shows h to the decoder at every step.
# - **Writes** with an LSTM that reads the target so far.
#
# The decoder of `encoder-decoder` has to carry the source through its own state while it writes. Here it can look at
# h again. The bottleneck is as narrow as before, but nothing behind it is forgotten.

# %%
both = embed()
_, h, c = lstm("encoder", return_state=True)(both(source))
context = layers.RepeatVector(N)(h)
inputs = layers.Concatenate()([both(so_far), context])
outputs = lstm("decoder", return_sequences=True)(inputs, initial_state=[h, c])
same_wiring("peek", keras.Model([source, so_far], head()(layers.Concatenate()([outputs, context]))))
learn("peek")

# %% [markdown]
# ## Attention: look back at every word
#
# - **Reads** the sequence.
# - **Remembers** (h, c), and every output of the encoder.
# - **Writes** with an LSTM that reads the target so far and, at every step, looks back at the source.
#
# At each step the decoder compares its output with every encoder output, and takes their mean, in which those that
# fit count most. No single vector has to hold the whole sentence any more.

# %%
both = embed()
encoded, h, c = lstm("encoder", return_sequences=True, return_state=True)(both(source))
queries = lstm("decoder", return_sequences=True)(both(so_far), initial_state=[h, c])
context = layers.Attention(dropout=0.0)([queries / UNITS**0.5, encoded])
same_wiring("attention", keras.Model([source, so_far], head()(layers.Concatenate()([queries, context]))))
learn("attention")

# %% [markdown]
# ## CTC: many-to-many, with blanks
#
# - **Reads** the sequence, and spreads each position over k.
# - **Remembers** the output of the LSTM at each of these positions.
# - **Writes** a piece or a blank at each; blanks are left out.
#
# It writes in one pass again, like `aligned`, but has k times the room and is free to choose where the pieces stand.
# The loss adds up all ways to place them. It is strong where the output follows the order of the input. A verb that
# moves to the end it has to carry there.

# %%
encoded = lstm("encoder", return_sequences=True)(embed()(source))
spread = layers.Reshape((2 * S, UNITS))(layers.Dense(2 * UNITS, name="spread")(encoded))
outputs = lstm("decoder", return_sequences=True)(spread)
same_wiring("ctc", keras.Model(source, head()(outputs)))
learn("ctc")

# %% [markdown]
# ## Side by side
#
# The best come last. One short training each does not settle which is better by how much: `mtlite ablate` trains
# every topology with several seeds and says which differences are larger than chance.

# %%
print("\nBLEU      short   long")
for heading, (on_short, on_long) in sorted(SCORES.items(), key=lambda entry: entry[1]):
    print(f"{heading:<26}{on_short:6.1f} {on_long:6.1f}")
print(f"\nThe run directories are in {FOLDER}: try mtlite translate {FOLDER / 'attention'}")
