"""A sequence in, its next token out, asked again for every token."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.autoregressive import Autoregressive, Decoded, Memory, State


class ManyToOne(Autoregressive):
    """Reads source and target so far as one sequence; remembers the LSTM's last (h, c); writes the one next token.

    ```
    target          o              o
                    ↑              ↑
    lstm    o→o→o→o→o    o→o→o→o→o→o
            ↑ ↑ ↑ ↑ ↑    ↑ ↑ ↑ ↑ ↑ ↑
    read    o o o o o    o o o o o o
    ```

    The sequence is the source, `</s>`, `<s>` and the target so far, read by one stack of `layers`. All prefixes are
    trained at once: the stack hands its state over the padding of a row and goes on over the target, which equals a
    row without gaps. It is an encoder-decoder whose encoder and decoder share their weights, and at equal size has
    about half as many in its LSTMs. Source `[batch, S]`, then target so far `[batch, T]` → outputs over the target
    `[batch, T, units]` → logits `[batch, T, vocabulary]`. From the many-to-one picture of Karpathy (2015); it is a
    recurrent language model (Mikolov et al. 2010) of both sides. The Keras model that this generalises:

    ```python
    last = LSTM(units)(Concatenate(axis=1)([source, target_so_far]))
    logits_of_next = Dense(vocabulary)(last)
    ```
    """

    def make_layers(self) -> None:
        self.lstm = self.stack("lstm")

    def read(self, source: tf.Tensor) -> tuple[Memory, State]:
        _, last = self.encode(self.lstm, source)
        return {}, last

    def decode(self, tokens: tf.Tensor, state: State, memory: Memory) -> Decoded:
        outputs, state = self.lstm(self.target_embedding(tokens), state=state)
        return Decoded(outputs, state)
