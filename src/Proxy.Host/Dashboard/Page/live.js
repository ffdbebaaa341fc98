// Reads what a view shows besides the stream: once with each snapshot, never twice at a time, and seldomer where answers take long.

const patience = 4; // a view that takes a second to answer is asked every five

export class Live {
  #load;
  #show;
  #fail;
  #busy = false;
  #rested = 0;
  #closed = false;
  #turn = 0;

  constructor({ load, show, fail }) {
    this.#load = load;
    this.#show = show;
    this.#fail = fail;
  }

  /** Reads it unless it was read just now. */
  async tick() {
    if (!this.#busy && performance.now() >= this.#rested) {
      await this.now();
    }
  }

  async now() {
    const turn = ++this.#turn; // of two answers, only the one asked for last counts
    this.#busy = true;
    const started = performance.now();
    try {
      const found = await this.#load();
      if (this.#counts(turn)) {
        this.#show(found);
      }
    } catch (error) {
      if (this.#counts(turn)) {
        this.#fail?.(error);
      }
    } finally {
      const ended = performance.now();
      this.#rested = ended + patience * (ended - started);
      this.#busy = this.#turn !== turn;
    }
  }

  close() {
    this.#closed = true;
  }

  #counts(turn) {
    return !this.#closed && turn === this.#turn;
  }
}
