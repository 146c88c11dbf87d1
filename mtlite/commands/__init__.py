"""One module per command: its options, and the call that does it."""

# name → what it does; each is the module of that name
COMMANDS = {
    "train": "train a model on parallel text and score it",
    "translate": "translate lines with one or more trained models",
    "distil": "translate a training corpus, for the training of another model",
    "evaluate": "score a trained model on its test sets or on other files",
    "attention": "draw where a model looks while it translates a sentence",
    "page": "make one HTML file that carries trained models, translates, and shows how",
    "export": "write a trained model as ONNX or SavedModel, for programs that do not have mtlite",
    "serve": "answer over HTTP, as LibreTranslate does, with trained models",
    "compare": "say which differences between finished runs or hypothesis files are more than chance",
    "ablate": "train topologies × seeds × options on one corpus and report on them",
    "topologies": "list the topologies and the options that each can have",
    "runs": "list run directories: topology, corpus, state, scores, size",
    "cache": "list what is kept of prepared corpora, or clear it",
    "completion": "print a script with which bash, zsh or fish completes options",
}
