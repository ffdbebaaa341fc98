// The stream of snapshots. It reconnects after every loss, and closes while the tab is hidden.

import { request } from './api.js';
import { EventParser } from './sse.js';

const silence = 20000; // milliseconds; the host sends at least a heartbeat every ten seconds
const firstDelay = 500;
const longestDelay = 10000;
const reasons = { TypeError: 'The host does not answer.', AbortError: 'The host has not sent anything for 20 s.' };
const hiddenFor = 30000; // milliseconds; browsers allow few connections per host, so hidden tabs should not hold one

export class EventStream extends EventTarget {
  #path;
  #running = null;
  #delay = firstDelay;
  #wake = null;
  #hidden = null;

  constructor(path) {
    super();
    this.#path = path;
    document.addEventListener('visibilitychange', () => this.#visibility());
  }

  start() {
    if (!this.#running) {
      this.#running = new AbortController();
      this.#run(this.#running);
    }
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
    this.#wake?.();
    this.#tell('stopped');
  }

  /** Reconnects now instead of after the delay. */
  retry() {
    this.#delay = firstDelay;
    this.#wake?.();
  }

  async #run(running) {
    while (!running.signal.aborted) {
      let reason = 'The host ended the stream.';
      try {
        await this.#read(running);
      } catch (error) {
        reason = reasons[error.name] ?? error.message;
      }

      if (!running.signal.aborted) {
        await this.#rest(reason);
      }
    }
  }

  async #read(running) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    running.signal.addEventListener('abort', stop);
    let watchdog = setTimeout(stop, silence);
    try {
      const response = await request(this.#path, { signal: attempt.signal, headers: { Accept: 'text/event-stream' } });
      if (!response.ok) {
        throw new Error(response.status === 503 ? 'Too many dashboards are open.' : `The host answered ${response.status}.`);
      }

      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          return;
        }

        clearTimeout(watchdog);
        watchdog = setTimeout(stop, silence);
        parser.push(value).forEach((event) => this.#deliver(event));
      }
    } finally {
      clearTimeout(watchdog);
      running.signal.removeEventListener('abort', stop);
      attempt.abort();
    }
  }

  #deliver(event) {
    this.#delay = firstDelay;
    this.#tell('live');
    this.dispatchEvent(new CustomEvent('snapshot', { detail: JSON.parse(event.data) }));
  }

  // Half of the delay is random, so that not all dashboards reconnect at the same moment.
  async #rest(reason) {
    const delay = this.#delay * (0.5 + Math.random() / 2);
    this.#delay = Math.min(this.#delay * 2, longestDelay);
    this.#tell('lost', { reason, until: Date.now() + delay });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #visibility() {
    clearTimeout(this.#hidden);
    if (document.hidden) {
      this.#hidden = setTimeout(() => this.stop(), hiddenFor);
    } else {
      this.start();
    }
  }

  #tell(state, more = {}) {
    this.dispatchEvent(new CustomEvent('state', { detail: { state, ...more } }));
  }
}
