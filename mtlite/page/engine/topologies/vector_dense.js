// The "vanilla" LSTM of many tutorials: all outputs at once from the last state.

import { Tensor } from "../tensor.js";
import { Direct } from "./direct.js";

/** Reads the sequence; remembers the top layer's last h; writes all N positions from one Dense layer. */
export class VectorDense extends Direct {
  makeLayers() {
    const { lengths, embedding_size } = this.config;
    this.encoder = this.sourceStack("encoder", { state_only: true });
    this.allPositions = this.dense("all_positions", lengths.fixed * embedding_size);
  }

  positions(source) {
    return this.config.lengths.fixed;
  }

  features(source) {
    const { state } = this.encode(this.encoder, source);
    const { h } = state.at(-1);
    return new Tensor(this.config.lengths.fixed, this.config.embedding_size, this.allPositions.call(h).data);
  }
}
