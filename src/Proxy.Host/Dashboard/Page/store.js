// The data from the stream: the newest snapshot, and the samples of the last five minutes for the charts. Rates are computed from
// totals, so that they are right even if the page has missed a snapshot.

import { failures, total } from './outcomes.js';

export const kept = 300; // snapshots, one a second
const longestStep = 5; // seconds; a longer step between two samples is shown as a gap
const shortestStep = 0.4; // seconds; of two samples closer than this, one is dropped: after a stall, the rate between them would be a false spike
const drift = 2; // seconds; when the two clocks differ by more, the offset between them is reset
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

  // The time of a sample is the host's, converted to the browser's clock, so that a late arrival does not shift it.
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

  /** The rate per second over the last five seconds; null until there are two samples. */
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

  /** How much a total has grown since the oldest sample since the host was started. */
  growth(pick) {
    const last = this.samples.at(-1);
    const first = this.samples.find((sample) => sample.start === last?.start);
    return last ? (pick(last) ?? 0) - (pick(first) ?? 0) : 0;
  }

  /** The time over which growth is measured, in seconds. */
  get span() {
    const last = this.samples.at(-1);
    const first = this.samples.find((sample) => sample.start === last?.start);
    return last ? last.uptime - first.uptime : 0;
  }

  /** The times of the samples and, for each pick, its values. */
  levels(...picks) {
    return this.#series(picks, (_, sample, pick) => pick(sample) ?? null);
  }

  /** The times of the samples and, for each pick, its rates per second. */
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

/** What a route counts: the requests of an HTTP route, the connections of any other. */
export const countsOf = (route) => route.requests ?? { open: route.connections, ended: route.ended, bytesIn: route.bytesIn, bytesOut: route.bytesOut };

const numbersOf = ({ open, ended, failed, bytesIn, bytesOut }) => ({
  open,
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
      routes.items.map((route) => {
        const counts = countsOf(route);
        return [route.id, numbersOf({ ...counts, ended: total(counts.ended), failed: failures(counts.ended) })];
      }),
    ),
  };
}

export const pick = {
  open: (sample) => sample.open,
  opened: (sample) => sample.open + sample.ended,
  failed: (sample) => sample.failed,
  bytesIn: (sample) => sample.bytesIn,
  bytesOut: (sample) => sample.bytesOut,
  /** Picks a value of one route instead of the host. */
  of: (route, choose) => (sample) => {
    const found = sample.routes.get(route);
    return found === undefined ? undefined : choose(found);
  },
};

export const store = new Store();
