// Long computations say how far they are, and can be stopped.

const PAUSE_AFTER = 40; // milliseconds of computing before messages are let in

/**
 * What the caller of a long computation gives it.
 * @typedef {{progress?: (done: number, all: number, newest?: any) => void, stopped?: () => boolean}} Control
 */

/** The computation ended because its caller asked for it. */
export class Stopped extends Error {
  constructor() {
    super("stopped");
    this.name = "Stopped";
  }
}

let pausedAt = 0;

/**
 * Call it now and then in a long computation: it lets messages in, and throws `Stopped` if one of them said so.
 * @param {Control} control
 */
export async function pause(control) {
  if (performance.now() - pausedAt > PAUSE_AFTER) {
    // A promise alone lets no message in; a timer does.
    await new Promise((resolve) => setTimeout(resolve));
    pausedAt = performance.now();
  }
  if (control.stopped?.()) throw new Stopped();
}
