// What the stream told: the newest snapshot, and five minutes of what charts show. Rates are made here, from totals:
// a page that missed a snapshot still computes the right rate between the two it saw.

import { failures, total } from './outcomes.js';

export const kept = 300; // snapshots, one a second
const longestStep = 5; // seconds; a longer gap is shown as one
const shortestStep = 0.4; // two that come together after a stall are one: the rate between them would be a spike that never was
const drift = 2;
const smooth = 5; // seconds over which the numbers on tiles are averaged

class Store extends EventTarget {
  snapshot = null;
  samples = [];
  #base = 0;

  get status() {
    return this.snapshot?.status ?? null;
  }

  add(snapshot) {
    const previous = this.snapshot;
    this.snapshot = snapshot;
    this.#keep(sampleOf(snapshot));

    this.dispatchEvent(new CustomEvent('change', { detail: { snapshot, previous } }));
  }

  // Times are the host's, moved to the browser's clock: what arrives late has not happened late.
  #keep(sample) {
    const last = this.samples.at(-1);
    const now = Date.now() / 1000;
    if (last?.start !== sample.start || now - this.#base - sample.uptime > drift) {
      this.#base = now - sample.uptime;
    }

    sample.time = this.#base + sample.uptime;
    if (last && follows(last, sample) && sample.uptime - last.uptime < shortestStep) {
      this.samples.pop();
    } else if (this.samples.length === kept) {
      this.samples.shift();
    }

    this.samples.push(sample);
  }

  /** A rate over the last seconds; null when it is not known yet. */
  rate(pick) {
    const last = this.samples.at(-1);
    let first = last;
    for (let i = this.samples.length - 2; i >= 0 && follows(this.samples[i], this.samples[i + 1]); i--) {
      first = this.samples[i];
      if (last.uptime - first.uptime >= smooth) {
        break;
      }
    }

    return last && first !== last ? rateBetween(first, last, pick) : null;
  }

  /** How much a total has grown since the oldest sample of this start of the host. */
  growth(pick) {
    const last = this.samples.at(-1);
    const first = this.samples.find((sample) => sample.start === last?.start);
    return last ? (pick(last) ?? 0) - (pick(first) ?? 0) : 0;
  }

  /** The seconds that growth looks back. */
  get span() {
    const last = this.samples.at(-1);
    const first = this.samples.find((sample) => sample.start === last?.start);
    return last ? last.uptime - first.uptime : 0;
  }

  /** Times and, for each pick, values at those times. */
  levels(...picks) {
    return this.#series(picks, (_, sample, pick) => pick(sample) ?? null);
  }

  /** The same as rates. */
  rates(...picks) {
    return this.#series(picks, (previous, sample, pick) => rateBetween(previous, sample, pick));
  }

  #series(picks, value) {
    const times = [];
    const lines = picks.map(() => []);
    for (let i = 1; i < this.samples.length; i++) {
      const [previous, sample] = [this.samples[i - 1], this.samples[i]];
      const joined = follows(previous, sample);
      times.push(sample.time);
      picks.forEach((pick, line) => lines[line].push(joined ? value(previous, sample, pick) : null));
    }

    return [times, ...lines];
  }
}

const follows = (previous, sample) => previous.start === sample.start && sample.uptime - previous.uptime <= longestStep;

function rateBetween(first, last, pick) {
  const [from, to, step] = [pick(first), pick(last), last.uptime - first.uptime];
  return from === undefined || to === undefined || step <= 0 ? null : Math.max(0, (to - from) / step);
}

const numbersOf = ({ connections, open, ended, failed, bytesIn, bytesOut }) => ({
  open: connections ?? open,
  ended,
  failed,
  bytesIn,
  bytesOut,
});

function sampleOf({ status, routes }) {
  const { open, ended, bytesIn, bytesOut } = status.connections;
  return {
    time: 0,
    start: status.startedAt,
    uptime: status.uptime,
    outcomes: ended,
    ...numbersOf({ open, ended: total(ended), failed: failures(ended), bytesIn, bytesOut }),
    routes: new Map(
      routes.items.map((route) => [route.id, numbersOf({ ...route, ended: total(route.ended), failed: failures(route.ended) })]),
    ),
  };
}

export const pick = {
  open: (sample) => sample.open,
  opened: (sample) => sample.open + sample.ended,
  failed: (sample) => sample.failed,
  bytesIn: (sample) => sample.bytesIn,
  bytesOut: (sample) => sample.bytesOut,
  /** The same of one route. */
  of: (route, choose) => (sample) => {
    const found = sample.routes.get(route);
    return found === undefined ? undefined : choose(found);
  },
};

export const store = new Store();
