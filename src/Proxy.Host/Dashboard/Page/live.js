// Reads the data of a view that is not in the stream: once per snapshot, one request at a time, and less often if answers are slow.

const patience = 4; // times the duration of a request is waited after it: a request that takes 1 s is sent every 5 s

export class Live {
  #load;
  #show;
  #fail;
  #busy = false;
  #rested = 0;
  #closed = false;
  #turn = 0;
  #every;

  /** every: milliseconds that are between two requests at least. */
  constructor({ load, show, fail, every = 0 }) {
    this.#every = every;
    this.#load = load;
    this.#show = show;
    this.#fail = fail;
  }

  /** Reads the data, unless a request is running or has ended too recently. */
  async tick() {
    if (!this.#busy && performance.now() >= this.#rested) {
      await this.now();
    }
  }

  async now() {
    const turn = ++this.#turn; // only the answer to the latest request is shown
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
      this.#rested = ended + Math.max(patience * (ended - started), this.#every);
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
