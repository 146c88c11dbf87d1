"""`mtlite.LSTM` is `keras.layers.LSTM` with another gradient: held against Keras in float64, in every use of it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.lstm import LSTM

BATCH, INPUT, UNITS = 6, 10, 16
Arrays = dict[str, np.ndarray]


def mask_of(kind: str, length: int) -> np.ndarray | None:
    """`[BATCH, length]`, True where a step counts."""
    random = np.random.default_rng(5)
    steps, lengths = np.arange(length), random.integers(1, length + 1, BATCH)
    if kind == "none":
        return None
    mask = {
        "right": steps < lengths[:, None],
        "left": steps >= (length - lengths)[:, None],
        "holes": random.random((BATCH, length)) < 0.6,
        "empty rows": steps < (lengths * (np.arange(BATCH) % 2))[:, None],
    }[kind]
    return np.asarray(mask)


def weights_like(layer: keras.layers.LSTM) -> list[np.ndarray]:
    random = np.random.default_rng(7)
    return [random.normal(scale=0.4, size=weight.shape) for weight in layer.weights]


def results(
    cls: type[keras.layers.LSTM],
    dtype: str,
    length: int,
    mask: np.ndarray | None = None,
    state: bool = False,
    how: str = "eager",
    **options: Any,
) -> Arrays:
    """Outputs, last state and every gradient of one layer, from the same numbers for every class and format."""
    random = np.random.default_rng(3)
    layer = cls(UNITS, return_sequences=True, return_state=True, dtype=dtype, **options)
    layer.build((BATCH, length, INPUT))
    layer.set_weights(weights_like(layer))
    number = "float64" if dtype == "float64" else "float32"
    inputs = tf.constant(random.normal(size=(BATCH, length, INPUT)), number)
    start = [tf.constant(random.normal(size=(BATCH, UNITS)), number) for _ in range(2)]
    scales = [random.normal(size=shape) for shape in ((BATCH, length, UNITS), (BATCH, UNITS), (BATCH, UNITS))]

    def forward(inputs: tf.Tensor, *start: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        found = layer(inputs, initial_state=list(start) if state else None, mask=mask)
        found = [tf.cast(part, number) for part in found]
        return found, tf.add_n([tf.reduce_sum(part * scale) for part, scale in zip(found, scales, strict=True)])

    watched = [inputs, *(start if state else []), *(weight.value for weight in layer.weights)]

    def run(forward: Callable[..., Any]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch(watched)
            found, total = forward(inputs, *start)
        return found, tape.gradient(total, watched)

    if how == "eager":
        found, gradients = run(forward)
    elif how == "inside a function":
        found, gradients = tf.function(lambda: run(forward))()
    else:  # the tape stands outside of the function
        found, gradients = run(tf.function(forward))
    names = ["inputs", *(["h0", "c0"] if state else []), *(weight.name for weight in layer.weights)]
    values = zip(["outputs", "h", "c", *(f"d {name}" for name in names)], [*found, *gradients], strict=True)
    return {name: tf.convert_to_tensor(value).numpy().astype(float) for name, value in values}


def errors(found: Arrays, reference: Arrays) -> dict[str, float]:
    """‖found − reference‖ / ‖reference‖ of every array."""
    return {
        name: float(np.linalg.norm(found[name] - exact) / max(float(np.linalg.norm(exact)), 1e-30))
        for name, exact in reference.items()
    }


def assert_exact(ours: Arrays, keras_own: Arrays, reference: Arrays) -> None:
    theirs = errors(keras_own, reference)
    for name, error in errors(ours, reference).items():
        assert error <= 2e-6, (name, error)
        assert error <= max(3 * theirs[name], 1e-7), (name, error, theirs[name])


@pytest.mark.parametrize("state", [False, True], ids=["from zeros", "from a state"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("kind", ["none", "right", "left", "holes", "empty rows"])
def test_outputs_states_and_gradients(kind: str, backwards: bool, state: bool) -> None:
    case: dict[str, Any] = {"length": 9, "mask": mask_of(kind, 9), "state": state, "go_backwards": backwards}
    reference = results(keras.layers.LSTM, "float64", **case)
    assert_exact(results(LSTM, "float32", **case), results(keras.layers.LSTM, "float32", **case), reference)


@pytest.mark.parametrize("how", ["inside a function", "tape outside"])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_in_a_graph(length: int, how: str) -> None:
    case: dict[str, Any] = {"length": length, "mask": mask_of("right", length), "state": True}
    reference = results(keras.layers.LSTM, "float64", **case)
    ours = results(LSTM, "float32", how=how, **case)
    assert_exact(ours, results(keras.layers.LSTM, "float32", **case), reference)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("use_bias", [False, True])
def test_one_step_without_a_loop_is_a_loop_of_one_step(dtype: str, use_bias: bool) -> None:
    layer = LSTM(6, dtype=dtype, use_bias=use_bias)
    x, *state = (tf.random.stateless_normal(shape, [7, 7]) for shape in ([1, 4, 5], [4, 6], [4, 6]))
    layer.build([None, None, 5])
    signature = [tf.TensorSpec([None, 4, 5])]  # of a length that is not known beforehand
    in_a_loop = tf.function(lambda x: layer.time_major(x, None, state, False), input_signature=signature)
    for ours, reference in zip(layer.time_major(x, None, state, False), in_a_loop(x), strict=True):
        assert ours.dtype == reference.dtype
        np.testing.assert_array_equal(ours, reference)


@pytest.mark.parametrize("backwards", [False, True])
def test_bfloat16_products(backwards: bool) -> None:
    """Products in bfloat16, states in float32: no error above 2%, and none much above Keras' own."""
    case: dict[str, Any] = {"length": 9, "mask": mask_of("right", 9), "state": True, "go_backwards": backwards}
    reference = results(keras.layers.LSTM, "float64", **case)
    theirs = errors(results(keras.layers.LSTM, "mixed_bfloat16", **case), reference)
    for name, error in errors(results(LSTM, "mixed_bfloat16", **case), reference).items():
        assert error < 0.02, (name, error)
        assert error < 1.5 * theirs[name], (name, error, theirs[name])


ARGUMENTS: list[dict[str, Any]] = [
    {"units": 5},
    {"activation": "relu"},
    {"activation": None},
    {"recurrent_activation": "hard_sigmoid"},
    {"use_bias": False},
    {"kernel_initializer": "ones"},
    {"recurrent_initializer": "glorot_normal"},
    {"bias_initializer": "ones", "unit_forget_bias": False},
    {"unit_forget_bias": False},
    {"kernel_regularizer": "l2"},
    {"recurrent_regularizer": "l2"},
    {"bias_regularizer": "l1"},
    {"activity_regularizer": "l2"},
    {"kernel_constraint": "non_neg"},
    {"recurrent_constraint": "unit_norm"},
    {"bias_constraint": "non_neg"},
    {"dropout": 0.5, "seed": 3},
    {"recurrent_dropout": 0.5, "seed": 3},
    {"seed": 3},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"go_backwards": True},
    {"stateful": True},
    {"unroll": True},
    {"use_cudnn": False},
    {"zero_output_for_mask": True, "return_sequences": True},
    {"zero_output_for_mask": True},
    {"dtype": "float64"},
    {"dtype": "float16"},
    {"trainable": False},
    {"name": "another"},
]


def test_all_arguments_are_tested() -> None:
    expected = set(inspect.signature(keras.layers.LSTM.__init__).parameters) - {"self", "kwargs"}
    assert expected <= {name for options in ARGUMENTS for name in options}


@pytest.mark.parametrize("options", ARGUMENTS, ids=str)
def test_every_argument_behaves_as_in_keras(options: dict[str, Any]) -> None:
    inputs = np.random.default_rng(1).normal(size=(3, 4, INPUT)).astype(np.float32)
    mask = np.array([[True] * 4, [True, True, False, False], [False, True, False, True]])
    found = []
    for cls in (keras.layers.LSTM, LSTM):
        keras.utils.set_random_seed(1)
        layer = cls(**{"units": UNITS, "name": "lstm", **options})
        calls = [layer(inputs, mask=mask, training=True) for _ in range(2)]
        found.append([*tf.nest.flatten(calls), *layer.losses, *layer.weights])
        assert len(layer.trainable_weights) == (0 if options.get("trainable") is False else len(layer.weights))
    for theirs, ours in zip(*found, strict=True):
        assert ours.dtype == theirs.dtype
        tolerance = 2e-3 if theirs.dtype == "float16" else 1e-5
        np.testing.assert_allclose(tf.convert_to_tensor(ours), tf.convert_to_tensor(theirs), atol=tolerance)
    again = LSTM.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("options", "fast"),
    [
        ({}, True),
        ({"use_bias": False}, True),
        ({"go_backwards": True}, True),
        ({"zero_output_for_mask": True}, True),
        ({"dtype": "mixed_bfloat16"}, True),
        ({"activation": "relu"}, False),
        ({"recurrent_activation": "hard_sigmoid"}, False),
        ({"dropout": 0.1}, False),
        ({"recurrent_dropout": 0.1}, False),
        ({"stateful": True}, False),
        ({"unroll": True}, False),
        ({"use_cudnn": True}, False),
        ({"dtype": "float64"}, False),
        ({"dtype": "float16"}, False),
        ({"dtype": "bfloat16"}, False),
    ],
    ids=str,
)
def test_what_the_fast_path_covers(options: dict[str, Any], fast: bool) -> None:
    assert LSTM(UNITS, **options).fast() is fast


def test_a_gpu_gets_the_path_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["GPU:0"])
    layer = LSTM(UNITS, return_sequences=True)
    assert not layer.fast()
    calls = []
    monkeypatch.setattr("mtlite.layers.lstm.whole_sequence", lambda *_: calls.append(1))
    inputs = np.random.default_rng(1).normal(size=(3, 4, INPUT)).astype(np.float32)
    layer(inputs)
    assert not calls


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_stack_on_a_gpu_gets_the_same(dtype: str, backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = LSTM(UNITS, dtype=dtype)
    layer.build((None, None, INPUT))
    random = np.random.default_rng(1)
    inputs = tf.constant(random.normal(size=(4, 3, INPUT)), tf.float32)
    mask = tf.constant([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]], tf.float32)[..., None]
    state = [tf.constant(random.normal(size=(3, UNITS)), tf.float32) for _ in range(2)]
    ours = layer.time_major(inputs, mask, state, backwards)
    monkeypatch.setattr(LSTM, "fast", lambda _: False)
    theirs = layer.time_major(inputs, mask, state, backwards)
    counted = mask.numpy()[..., 0] > 0
    tolerance = 1e-5 if dtype == "float32" else 0.05
    np.testing.assert_allclose(
        tf.cast(ours[0], tf.float32)[counted], tf.cast(theirs[0], tf.float32)[counted], atol=tolerance
    )
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        assert mine.dtype == other.dtype == tf.float32
        np.testing.assert_allclose(mine, other, atol=tolerance)
    assert (layer.return_sequences, layer.go_backwards) == (False, False)


def data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    inputs = random.normal(size=(8, 5, INPUT)).astype(np.float32)
    inputs[::2, 3:] = 0.0  # padding
    return inputs, random.normal(size=(8, 1)).astype(np.float32)


def sequential(lstm: type[keras.layers.LSTM], **options: Any) -> keras.Model:
    layers = [keras.layers.Masking(), lstm(UNITS, **options), keras.layers.Dense(1, dtype="float32")]
    return keras.Sequential([keras.Input((None, INPUT)), *layers])


def functional(lstm: type[keras.layers.LSTM], **options: Any) -> keras.Model:
    """An encoder whose state starts a decoder."""
    inputs = keras.Input((None, INPUT))
    masked = keras.layers.Masking()(inputs)
    _, *state = lstm(UNITS, return_state=True, **options)(masked)
    outputs = lstm(UNITS, return_sequences=True, **options)(masked, initial_state=state)
    pooled = keras.layers.GlobalAveragePooling1D(dtype="float32")(outputs)
    return keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(pooled))


def bidirectional(lstm: type[keras.layers.LSTM], **options: Any) -> keras.Model:
    inputs = keras.Input((None, INPUT))
    masked = keras.layers.Masking()(inputs)
    outputs = keras.layers.Bidirectional(lstm(UNITS, return_sequences=True, **options))(masked)
    last = keras.layers.Bidirectional(lstm(UNITS, **options))(outputs)
    return keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(last))


@pytest.mark.parametrize("options", [{}, {"use_bias": False}, {"dtype": "mixed_bfloat16"}], ids=str)
@pytest.mark.parametrize("make", [sequential, functional, bidirectional])
def test_in_a_keras_model(make: Callable[..., keras.Model], options: dict[str, Any], tmp_path: Path) -> None:
    inputs, targets = data()
    losses, models = [], []
    for lstm in (keras.layers.LSTM, LSTM):
        keras.utils.set_random_seed(1)
        model = make(lstm, **options)
        model.compile("adam", "mse")
        history = model.fit(inputs, targets, epochs=2, batch_size=4, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
        models.append(model)
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05 if options.get("dtype") else 1e-4)
    models[1].save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs), models[1](inputs))
    assert any(isinstance(getattr(layer, "forward_layer", layer), LSTM) for layer in again.layers)


def test_weights_go_from_keras_and_back(tmp_path: Path) -> None:
    inputs, _ = data()
    theirs, ours = sequential(keras.layers.LSTM), sequential(LSTM)
    theirs.save_weights(tmp_path / "model.weights.h5")
    for layer, other in zip(ours.layers, theirs.layers, strict=True):
        layer.set_weights(other.get_weights())
    np.testing.assert_allclose(ours(inputs), theirs(inputs), atol=1e-6)


@pytest.mark.parametrize("make", [sequential, functional, bidirectional])
def test_export(make: Callable[..., keras.Model], tmp_path: Path) -> None:
    """A SavedModel gives the same values and gradients without this package."""
    inputs, targets = data()
    model = make(LSTM)
    model.compile("adam", "mse")
    model.fit(inputs, targets, verbose=0)
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "exported")
    found = []
    for call in (model, loaded.serve):
        with tf.GradientTape() as tape:
            tape.watch(values := tf.constant(inputs))
            outputs = call(values)
        found.append((outputs, tape.gradient(outputs, values)))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_saved_model_is_found_where_keras_is_imported_first(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    sequential(LSTM).save(path)
    code = f"import keras, mtlite; keras.models.load_model({str(path)!r})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("parallel", [False, True])
def test_jacobian(parallel: bool) -> None:
    inputs = tf.constant(data()[0][:2])
    theirs, ours = (cls(3, return_sequences=True, zero_output_for_mask=True) for cls in (keras.layers.LSTM, LSTM))
    for layer in (theirs, ours):
        layer.build(inputs.shape)
    ours.set_weights(theirs.get_weights())
    found = []
    for layer in (theirs, ours):
        with tf.GradientTape(persistent=not parallel) as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        found.append(tape.jacobian(outputs, inputs, experimental_use_pfor=parallel))
    np.testing.assert_allclose(found[1], found[0], atol=1e-6)


def test_gradient_of_a_gradient() -> None:
    """A gradient penalty differentiates the gradient."""
    inputs = tf.constant(data()[0])
    theirs, ours = (cls(3) for cls in (keras.layers.LSTM, LSTM))
    for layer in (theirs, ours):
        layer.build(inputs.shape)
    ours.set_weights(theirs.get_weights())
    found = []
    for layer in (theirs, ours):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                outputs = layer(inputs)
            penalty = tf.reduce_sum(inner.gradient(outputs, inputs) ** 2)
        found.append(outer.gradient(penalty, layer.trainable_weights))
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)


def test_sizes_that_only_the_weights_know() -> None:
    inputs = tf.constant(data()[0])
    layer = LSTM(UNITS)
    expected = layer(inputs)
    unknown = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None])])
    np.testing.assert_allclose(unknown(inputs), expected, atol=1e-6)
