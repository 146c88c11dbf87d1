"""Recipes of other toolkits for the corpus of mtlite's: their own wirings, small ones, with the same pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mtlite.config.recipe import read_recipe

Values = dict[str, Any]
OURS = Path(__file__).resolve().parents[1] / "recipes" / "multi30k-en-de.yaml"

PIECES = 6000
SEED = 1
MANY = 1_000_000  # updates: whoever starts a training ends it by time


def mtlite_attention(folder: Path) -> Values:
    """The recipe of mtlite that stands beside; it learns pieces of its own, as many."""
    sets = {
        name: {side: str(folder / f"{name}.{language}") for side, language in {"source": "en", "target": "de"}.items()}
        for name in ("train", "dev", "test")
    }
    return {**read_recipe(OURS), "data": {"source_language": "en", "target_language": "de", **sets}}


def mtlite_small(folder: Path) -> Values:
    """A model that translates about as well as eole's Transformer: one layer, few units, few updates."""
    recipe = mtlite_attention(folder)
    model = {**recipe["model"], "embedding_size": 96, "units": 96, "layers": 1}
    training = {**recipe["training"], "max_updates": 1300, "validate_every": 325}
    return {**recipe, "model": model, "training": training}


def joeynmt_rnn(folder: Path) -> Values:
    """Two layers of LSTM a side and Luong's attention with input feeding, of the sizes that mtlite's recipe has."""
    embeddings = {"embedding_dim": 256, "scale": False, "dropout": 0.3}
    sides = {"rnn_type": "lstm", "embeddings": embeddings, "num_layers": 2, "dropout": 0.3}
    model = {
        "initializer": "xavier_uniform",
        "tied_embeddings": True,
        "encoder": {"type": "recurrent", **sides, "hidden_size": 192, "bidirectional": True},
        "decoder": {
            **{"type": "recurrent", **sides, "hidden_size": 384, "hidden_dropout": 0.3, "attention": "luong"},
            **{"init_hidden": "bridge", "input_feeding": True},
        },
    }
    training = {
        **{"optimizer": "adam", "learning_rate": 0.001, "clip_grad_norm": 1.0, "label_smoothing": 0.1},
        **{"scheduling": "plateau", "patience": 5, "decrease_factor": 0.5, "learning_rate_min": 1e-5},
        **{"batch_type": "token", "batch_size": 2000, "validation_freq": 250},
    }
    return _joeynmt(folder, model, training)


def joeynmt_transformer(folder: Path) -> Values:
    """Transformer-Tiny, which does best on this corpus (Wu et al. 2021): 4 layers of 128 units and 4 heads.

    Its batches of 4,096 tokens and 2,000 updates of warm-up are for a graphics processor: here, they would take all of
    the time.
    """
    layers: Values = {"type": "transformer", "num_layers": 4, "num_heads": 4, "hidden_size": 128, "ff_size": 256}
    layers["layer_norm"] = "pre"  # as in the recipes that come with it
    sides = {**layers, "embeddings": {"embedding_dim": 128, "scale": True, "dropout": 0.0}, "dropout": 0.3}
    model = {
        **{"initializer": "xavier_uniform", "embed_initializer": "xavier_uniform", "bias_initializer": "zeros"},
        **{"tied_embeddings": True, "tied_softmax": True, "encoder": sides, "decoder": dict(sides)},
    }
    training = {
        **{"optimizer": "adam", "adam_betas": [0.9, 0.98], "scheduling": "warmupinversesquareroot"},
        **{"learning_rate": 0.003, "learning_rate_min": 1e-9, "learning_rate_warmup": 500, "label_smoothing": 0.1},
        **{"batch_type": "token", "batch_size": 2000, "validation_freq": 250, "normalization": "tokens"},
    }
    return _joeynmt(folder, model, training)


def _joeynmt(folder: Path, model: Values, training: Values) -> Values:
    pieces = {"model_file": str(folder / "joint.model")}
    side = {
        **{"level": "bpe", "tokenizer_type": "sentencepiece", "tokenizer_cfg": pieces, "max_length": 100},
        **{"voc_file": str(folder / "joint.vocabulary"), "voc_limit": PIECES + 8},
    }
    return {
        **{"name": "multi30k", "joeynmt_version": "2.3.0", "model_dir": "", "use_cuda": False, "random_seed": SEED},
        "data": {
            **{name: str(folder / name) for name in ("train", "dev", "test")},
            **{"dataset_type": "plain", "src": {"lang": "en", **side}, "trg": {"lang": "de", **side}},
        },
        "testing": {
            **{"beam_size": 1, "batch_type": "token", "batch_size": 4000, "max_output_length": 100},
            **{"eval_metrics": ["bleu"], "sacrebleu_cfg": {"tokenize": "13a"}},
        },
        "training": {
            **training,
            **{
                "epochs": MANY,
                "updates": MANY,
                "early_stopping_metric": "bleu",
                "keep_best_ckpts": -1,
                "shuffle": True,
            },
            **{"overwrite": False, "logging_freq": 50, "print_valid_sents": []},
        },
        "model": model,
    }


def eole_rnn(folder: Path) -> Values:
    """Two layers of LSTM a side and Luong's attention with input feeding, of the sizes that mtlite's recipe has."""
    model = {
        **{"architecture": "rnn", "rnn_type": "LSTM", "layers": 2, "hidden_size": 384},
        **{"embeddings": {"word_vec_size": 256}, "share_embeddings": True},
        "encoder": {"encoder_type": "brnn"},
        "decoder": {"decoder_type": "rnn", "global_attention": "general"},
        "input_feed": 1,
    }
    training = {
        **{"optim": "adam", "learning_rate": 0.001, "max_grad_norm": 1.0, "dropout": [0.3]},
        **{"batch_type": "tokens", "batch_size": 2000, "normalization": "tokens"},
    }
    return _eole(folder, model, training)


def eole_transformer(folder: Path) -> Values:
    """Transformer-Tiny, as above."""
    model = {
        **{"architecture": "transformer", "layers": 4, "heads": 4, "hidden_size": 128, "transformer_ff": 256},
        "embeddings": {"word_vec_size": 128, "position_encoding_type": "SinusoidalInterleaved"},
        **{"share_embeddings": True, "share_decoder_embeddings": True},
    }
    training = {
        **{"optim": "adam", "adam_beta2": 0.98, "decay_method": "noam", "learning_rate": 0.8, "warmup_steps": 500},
        **{"dropout": [0.3], "attention_dropout": [0.1], "param_init_method": "xavier_uniform"},
        **{"batch_type": "tokens", "batch_size": 2000, "normalization": "tokens", "max_grad_norm": 0.0},
    }
    return _eole(folder, model, training)


def _eole(folder: Path, model: Values, training: Values) -> Values:
    return {
        **{"seed": SEED, "share_vocab": True, "src_vocab": str(folder / "joint.counts"), "src_vocab_size": PIECES},
        **{"tgt_vocab_size": PIECES, "overwrite": True, "report_every": 100, "n_sample": 0},
        "data": {
            "corpus_1": {"path_src": str(folder / "train.pieces.en"), "path_tgt": str(folder / "train.pieces.de")},
            "valid": {"path_src": str(folder / "dev.pieces.en"), "path_tgt": str(folder / "dev.pieces.de")},
        },
        "training": {
            **training,
            **{"label_smoothing": 0.1, "train_steps": MANY, "save_checkpoint_steps": 250, "valid_steps": MANY},
            **{
                "keep_checkpoint": -1,
                "num_workers": 0,
                "bucket_size": 30_000,
                "compute_dtype": "fp32",
                "world_size": 0,
            },
            **{"accum_count": [1], "model_path": "", "train_from": None},
        },
        "model": model,
    }


RECIPES = {
    "mtlite-attention": mtlite_attention,
    "mtlite-small": mtlite_small,
    "joeynmt-rnn": joeynmt_rnn,
    "joeynmt-transformer": joeynmt_transformer,
    "eole-rnn": eole_rnn,
    "eole-transformer": eole_transformer,
}
"""By name, what makes a recipe for a folder that holds the corpus."""
