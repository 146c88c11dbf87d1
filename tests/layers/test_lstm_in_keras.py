"""`mtlite.LSTM` wherever Keras puts a layer, asked what Keras' public tests of its recurrent layers ask.

What those tests have (`keras/src/layers/rnn/`, version 3.15) and these have not:

- `lstm_test`, gradient of a stateful layer: of the torch backend.
- `lstm_test`, masks in cuDNN: of a GPU.
- `bidirectional_test` with SimpleRNN and GRU: the same cases stand here with LSTM.
- `time_distributed_test` with Dense, Conv2D and a masked Dense: the same cases stand here with LSTM.
- `time_distributed_test`, a mask of another length: the wrapper refuses it before any layer sees it.
- `rnn_test` with cells of one or two states: those hold no LSTM; here `RNN` runs over the cell of ours.
- `rnn_test`, configurations of such cells: `test_lstm` makes every argument of ours again from its configuration.
- tolerances of a TPU, sparse and ragged inputs: no such device, and no recurrent layer takes such inputs.
"""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from mtlite.layers.lstm import LSTM

BATCH, LENGTH, INPUT, UNITS = 2, 4, 5, 3
HOLES = np.array([[True, True, False, True], [False, True, True, False]])
POLICIES = ["float32", "mixed_bfloat16", "bfloat16", "mixed_float16", "float16", "float64"]
Class = type[keras.layers.LSTM]


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


SEQUENCES = numbers(BATCH, LENGTH, INPUT)
STATE = [numbers(BATCH, UNITS), numbers(BATCH, UNITS) / 2]
SERIES = numbers(BATCH, 3, LENGTH, INPUT)  # of sequences


def assert_alike(make: Callable[[Class], Any], tolerance: float = 2e-5) -> None:
    """What `make` gives has the same shapes, dtypes and values with Keras' layer and with ours."""
    found = []
    for cls in (layers.LSTM, LSTM):
        keras.utils.set_random_seed(1)
        found.append([tf.convert_to_tensor(each) for each in tf.nest.flatten(make(cls))])
    for theirs, ours in zip(*found, strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(tf.cast(ours, tf.float64), tf.cast(theirs, tf.float64), atol=tolerance)


def trained(outputs: Any, inputs: Any, data: np.ndarray, **options: Any) -> list[np.ndarray]:
    """Losses of two epochs, and what the model predicts then."""
    model = keras.Model(inputs, layers.Dense(1, dtype="float32")(outputs))
    model.compile("sgd", "mse", **options)
    history = model.fit(data, np.ones(model(data).shape), epochs=2, batch_size=BATCH, shuffle=False, verbose=0)
    return [np.array(history.history["loss"]), model.predict(data, batch_size=BATCH, verbose=0)]


@pytest.mark.parametrize("start", [None, STATE], ids=["zeros", "state"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_masks_and_states(sequences: bool, zeros: bool, backwards: bool, start: Any) -> None:
    options = {"return_sequences": sequences, "zero_output_for_mask": zeros, "go_backwards": backwards}
    assert_alike(lambda cls: cls(UNITS, return_state=True, **options)(SEQUENCES, mask=HOLES, initial_state=start))


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"unroll": True}, {"use_bias": False}], ids=str)
def test_both_implementations(options: dict[str, Any], implementation: int) -> None:
    assert_alike(lambda cls: cls(UNITS, implementation=implementation, **options)(SEQUENCES))


@pytest.mark.parametrize(
    "form",
    [
        HOLES.astype(np.int32),
        tf.constant(HOLES, tf.float32),
        HOLES[..., None],
        [tf.constant(HOLES)],
        [None],
    ],
    ids=["int", "float", "one more axis", "of the first input", "none of the first input"],
)
def test_every_form_of_a_mask(form: Any) -> None:
    assert_alike(lambda cls: cls(UNITS, return_sequences=True)(SEQUENCES, mask=form))


@pytest.mark.parametrize("inputs", [SEQUENCES.astype(np.float64), np.arange(40).reshape(2, 4, 5)], ids=["64", "int"])
def test_inputs_of_another_dtype(inputs: np.ndarray) -> None:
    assert_alike(lambda cls: cls(UNITS)(inputs))


def test_wrong_inputs_are_refused_as_in_keras() -> None:
    with pytest.raises(ValueError, match="expected ndim=3"):
        LSTM(UNITS)(SEQUENCES[0])
    unrolled = tf.function(LSTM(UNITS, unroll=True), input_signature=[tf.TensorSpec([BATCH, None, INPUT])])
    with pytest.raises(ValueError, match="unroll"):
        unrolled(SEQUENCES)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "options",
    [{}, {"dtype": "mixed_bfloat16"}, {"dtype": "float64"}, {"unroll": True}, {"dropout": 0.3, "seed": 1}],
    ids=str,
)
@pytest.mark.parametrize("further", [{}, {"go_backwards": True, "zero_output_for_mask": True}], ids=str)
def test_what_stands_at_a_masked_step_does_not_matter(
    further: dict[str, Any], options: dict[str, Any], bad: float
) -> None:
    """Keras' outputs do not see it, either; its gradients are NaN."""
    found = []
    for value in (0.0, bad):
        keras.utils.set_random_seed(1)
        layer = LSTM(UNITS, return_sequences=True, return_state=True, **options, **further)
        inputs = tf.constant(np.where(HOLES[..., None], SEQUENCES, np.float32(value)))
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, mask=HOLES, training=True)
            total = tf.add_n([tf.reduce_sum(tf.cast(part, tf.float32) ** 2) for part in outputs])
        found.append([*outputs, *tape.gradient(total, [inputs, *(weight.value for weight in layer.weights)])])
    for expected, received in zip(*found, strict=True):
        np.testing.assert_array_equal(received, expected)
        assert np.isfinite(tf.cast(received, tf.float64)).all()


def test_gradients_that_are_nan_at_steps_whose_output_is_zero() -> None:
    layer, inputs = LSTM(UNITS, return_sequences=True, zero_output_for_mask=True), tf.constant(SEQUENCES)
    upstream = tf.where(HOLES[..., None], tf.ones([BATCH, LENGTH, UNITS]), np.nan)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, mask=HOLES)
    assert np.isfinite(tape.gradient(outputs, inputs, output_gradients=upstream)).all()


def tanh(x: tf.Tensor) -> tf.Tensor:
    return x / 10


def sigmoid(x: tf.Tensor) -> tf.Tensor:
    return tf.sigmoid(2 * x)


@pytest.mark.parametrize(
    ("options", "fast"),
    [
        ({"activation": tanh}, False),
        ({"recurrent_activation": sigmoid}, False),
        ({"activation": tf.tanh, "recurrent_activation": tf.sigmoid}, True),
        ({"activation": keras.ops.tanh, "recurrent_activation": keras.ops.sigmoid}, True),
    ],
    ids=["own tanh", "own sigmoid", "of TensorFlow", "of keras.ops"],
)
def test_activations_are_known_by_what_they_are_not_by_their_name(options: dict[str, Any], fast: bool) -> None:
    assert LSTM(UNITS, **options).fast() is fast
    assert_alike(lambda cls: cls(UNITS, **options)(SEQUENCES))


OUTPUTS = [{}, {"return_sequences": True}, {"return_state": True}, {"return_sequences": True, "return_state": True}]


@pytest.mark.parametrize("shape", [*itertools.product([BATCH, None], [LENGTH, None])], ids=str)
@pytest.mark.parametrize("options", OUTPUTS, ids=str)
def test_shapes_are_known_before_there_are_values(options: dict[str, Any], shape: tuple[Any, Any]) -> None:
    """Symbolic, as computed, and inside a graph."""
    found = []
    for cls in (layers.LSTM, LSTM):
        layer = cls(UNITS, **options)
        symbolic = layer(keras.Input(batch_shape=(*shape, INPUT)))
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec([*shape, INPUT]))
        shapes = [[tuple(each.shape) for each in tf.nest.flatten(part)] for part in (symbolic, graph.outputs)]
        found.append([*shapes, layer.compute_output_shape((*shape, INPUT))])
    assert found[1] == found[0]
    assert found[1][0] == found[1][1]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("options", OUTPUTS, ids=str)
def test_dtypes_are_those_that_are_announced(options: dict[str, Any], policy: str) -> None:
    # Keras' default for the recurrent kernel cannot be made in bfloat16.
    layer = LSTM(UNITS, dtype=policy, recurrent_initializer="glorot_uniform", **options)
    announced = [each.dtype for each in tf.nest.flatten(layer(keras.Input((None, INPUT))))]
    assert [each.dtype.name for each in tf.nest.flatten(layer(SEQUENCES))] == announced
    assert announced == [layer.compute_dtype] * len(announced)


@pytest.fixture(params=["mixed_bfloat16", "mixed_float16", "float64"])
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def test_under_a_global_policy(policy: str) -> None:
    def make(cls: Class) -> Any:
        return layers.Bidirectional(cls(UNITS, return_sequences=True, return_state=True))(SEQUENCES, mask=HOLES)

    assert_alike(make, tolerance=0.02 if policy == "mixed_bfloat16" else 1e-6)


@pytest.mark.parametrize("options", [*OUTPUTS, {"go_backwards": True}, {"dtype": "mixed_bfloat16"}], ids=str)
def test_a_stateful_layer(options: dict[str, Any]) -> None:
    def make(cls: Class) -> Any:
        layer = cls(UNITS, stateful=True, **options)
        found = [layer(SEQUENCES), layer(SEQUENCES), layer(SEQUENCES, mask=HOLES)]
        layer.reset_state()
        return [*found, layer(SEQUENCES), layer(SEQUENCES, initial_state=STATE), *(part.value for part in layer.states)]

    assert_alike(make)


def test_a_stateful_model() -> None:
    def make(cls: Class) -> Any:
        inputs = keras.Input(batch_shape=(BATCH, LENGTH, INPUT))
        layer = layers.Bidirectional(cls(UNITS, stateful=True))
        found = trained(layer(inputs), inputs, SEQUENCES)
        layer.reset_state()
        return [*found, layer(SEQUENCES)]

    assert_alike(make)


def test_a_stateful_layer_wants_one_batch_size() -> None:
    layer = LSTM(UNITS, stateful=True)
    layer(SEQUENCES)
    with pytest.raises(ValueError, match="Expected batch size: 2"):
        layer(SEQUENCES[:1])
    with pytest.raises(ValueError, match="must be static"):
        LSTM(UNITS, stateful=True)(keras.Input((LENGTH, INPUT)))


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "ave", "mul", None])
@pytest.mark.parametrize("options", OUTPUTS, ids=str)
def test_bidirectional(options: dict[str, Any], merge_mode: str | None) -> None:
    def make(cls: Class) -> Any:
        layer = layers.Bidirectional(cls(UNITS, **options), merge_mode=merge_mode)
        state = [part * scale for scale in (1, 2) for part in STATE]
        found = [layer(SEQUENCES), layer(SEQUENCES, mask=HOLES), layer(SEQUENCES, mask=HOLES, initial_state=state)]
        shapes = tf.nest.flatten(layer.compute_output_shape(SEQUENCES.shape))
        assert shapes == [size for each in tf.nest.flatten(found[0]) for size in each.shape]
        return found

    assert_alike(make)


def test_bidirectional_with_another_layer_backwards() -> None:
    def make(cls: Class) -> Any:
        backward = cls(UNITS, go_backwards=True, activation="relu")
        return layers.Bidirectional(cls(UNITS), backward_layer=backward, merge_mode="sum")(SEQUENCES)

    assert_alike(make)


@pytest.mark.parametrize("wrap", [lambda layer: layer, layers.Bidirectional], ids=["alone", "in both directions"])
def test_time_distributed(wrap: Callable[[Any], Any]) -> None:
    mask = np.stack([HOLES, ~HOLES, HOLES], axis=1)
    assert_alike(lambda cls: layers.TimeDistributed(wrap(cls(UNITS)))(SERIES, mask=mask))


@pytest.mark.parametrize("shape", [(3, LENGTH, INPUT), (None, None, INPUT)], ids=str)
def test_time_distributed_in_a_model(shape: tuple[Any, ...]) -> None:
    """Keras unrolls a known number of sequences, and vectorises one that is not known."""

    def make(cls: Class) -> Any:
        inputs = keras.Input(shape)
        outputs = layers.TimeDistributed(cls(UNITS, return_sequences=True))(inputs)
        assert outputs.shape == (None, *shape[:2], UNITS)
        return trained(outputs, inputs, SERIES)

    assert_alike(make)


def test_rnn_over_its_cell() -> None:
    def make(cls: Class) -> Any:
        layer, upper = cls(UNITS), cls(UNITS)
        one = layer(SEQUENCES)
        np.testing.assert_allclose(layers.RNN(layer.cell)(SEQUENCES), one, atol=1e-6)
        stacked = layers.RNN(layers.StackedRNNCells([layer.cell, upper.cell]), return_state=True)
        return [one, stacked(SEQUENCES, mask=HOLES)]

    assert_alike(make)


class Flat(keras.Model):
    """A subclassed model that has to know the length of its sequences."""

    def __init__(self, cls: Class) -> None:
        super().__init__()
        self.lstm, self.flatten = cls(UNITS, return_sequences=True), layers.Flatten()
        self.dense = layers.Dense(1)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dense(self.flatten(self.lstm(x)))


@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}], ids=str)
def test_a_subclassed_model(options: dict[str, Any]) -> None:
    def make(cls: Class) -> Any:
        inputs = keras.Input((LENGTH, INPUT))
        return trained(Flat(cls)(inputs), inputs, SEQUENCES, **options)

    assert_alike(make)


def test_compiled_for_the_machine() -> None:
    """Under XLA, outputs and gradients are the same."""
    layer, inputs = layers.Bidirectional(LSTM(UNITS, return_sequences=True)), tf.constant(SEQUENCES)

    def run() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, mask=HOLES)
        return [outputs, *tape.gradient(outputs, [inputs, *(weight.value for weight in layer.weights)])]

    for plain, compiled in zip(run(), tf.function(run, jit_compile=True)(), strict=True):
        np.testing.assert_allclose(compiled, plain, atol=1e-6)


def test_a_model_called_with_other_weights() -> None:
    def make(cls: Class) -> Any:
        inputs = keras.Input((None, INPUT))
        model = keras.Model(inputs, cls(UNITS)(inputs))
        doubled = [weight.value * 2 for weight in model.trainable_variables]
        others = [variable.value for variable in model.non_trainable_variables]
        return model.stateless_call(doubled, others, SEQUENCES)[0]

    assert_alike(make)


def nested(**options: Any) -> keras.Model:
    """Every wrapper, and a layer whose path is Keras' own, in one model."""
    inputs = keras.Input((2, None, INPUT))
    each = layers.TimeDistributed(layers.Bidirectional(LSTM(UNITS, **options)))(inputs)
    outputs, *state = LSTM(UNITS, return_sequences=True, return_state=True, name="reader", **options)(each)
    outputs = LSTM(UNITS, activation="relu", **options)(outputs, initial_state=state)
    return keras.Model(inputs, layers.Dense(1, dtype="float32")(outputs))


def through_file(ending: str) -> Callable[[keras.Model, Path, dict[str, Any]], Any]:
    def again(model: keras.Model, folder: Path, _: dict[str, Any]) -> Any:
        model.save(folder / f"model.{ending}")
        return keras.models.load_model(folder / f"model.{ending}")

    return again


def through_weights(ending: str, **how: Any) -> Callable[[keras.Model, Path, dict[str, Any]], Any]:
    def again(model: keras.Model, folder: Path, options: dict[str, Any]) -> Any:
        model.save_weights(folder / f"model.weights.{ending}", **how)
        other = nested(**options)
        other.load_weights(folder / f"model.weights.{ending}")
        return other

    return again


def through_configuration(make: Callable[[keras.Model], keras.Model]) -> Callable[[keras.Model, Path, Any], Any]:
    def again(model: keras.Model, _: Path, __: Any) -> Any:
        other = make(model)
        other.set_weights(model.get_weights())
        return other

    return again


def through_export(model: keras.Model, folder: Path, _: Any) -> Any:
    model.export(folder / "exported", verbose=False)
    return layers.TFSMLayer(folder / "exported", call_endpoint="serve")


WAYS: dict[str, Callable[[keras.Model, Path, dict[str, Any]], Any]] = {
    ".keras": through_file("keras"),
    ".h5": through_file("h5"),
    ".weights.h5": through_weights("h5"),
    "weights in shards": through_weights("json", max_shard_size=1e-6),
    "JSON": through_configuration(lambda model: keras.models.model_from_json(model.to_json())),
    "clone": through_configuration(keras.models.clone_model),
    "pickle": lambda model, *_: pickle.loads(pickle.dumps(model)),
    "copy": lambda model, *_: copy.deepcopy(model),
    "export": through_export,
}


@pytest.mark.parametrize("options", [{}, {"dtype": "mixed_bfloat16"}], ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_a_model_comes_back_as_it_was(way: str, options: dict[str, Any], tmp_path: Path) -> None:
    model = nested(**options)
    again = WAYS[way](model, tmp_path, options)
    np.testing.assert_allclose(again(SERIES[:, :2]), model(SERIES[:, :2]), atol=1e-6)
    assert way == "export" or isinstance(again.get_layer("reader"), LSTM)


def test_a_stateful_layer_comes_back_as_it_was(tmp_path: Path) -> None:
    inputs = keras.Input(batch_shape=(BATCH, LENGTH, INPUT))
    model = keras.Model(inputs, LSTM(UNITS, stateful=True)(inputs))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for _ in range(2):
        np.testing.assert_array_equal(again(SEQUENCES), model(SEQUENCES))
