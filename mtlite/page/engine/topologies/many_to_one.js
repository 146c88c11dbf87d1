// A sequence in, its next token out, asked again for every token.

import { Autoregressive } from "./autoregressive.js";

/** Reads source and target so far as one sequence; remembers the LSTM's last (h, c); writes the one next token. */
export class ManyToOne extends Autoregressive {
  makeLayers() {
    this.lstm = this.stack("lstm");
  }

  read(source) {
    const { state } = this.encode(this.lstm, source);
    return { memory: {}, state };
  }

  decode(tokens, state, memory) {
    const decoded = this.lstm.step(this.targetEmbedding.call(tokens), state);
    return { features: decoded.outputs, state: decoded.state, attention: null };
  }
}
