// The data from the stream: the newest snapshot, and the samples of the last five minutes for the charts, which begin with those that the
// host has kept. Rates are computed from totals, so that they are right even if the page has missed a snapshot.

import { failures, total } from './outcomes.js';

export const kept = 300; // seconds
const together = 1.2; // seconds; the host's sample is left out where the page has one of its own
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
    }

    const begins = last?.start !== sample.start && sample.uptime < kept;
    if (begins) {
      this.samples.push(this.#beginning(sample.start));
    }

    if (!begins || sample.uptime >= shortestStep) {
      this.samples.push(sample);
    }

    this.samples.sort((a, b) => a.time - b.time); // the sample of a start may be older than samples of another host
    const old = this.samples.findIndex(({ time }) => time >= sample.time - kept);
    this.samples.splice(0, old);
  }

  // All totals were zero when the host started; the first sample that is taken may already have counted something.
  #beginning(start) {
    const zero = { open: 0, ended: 0, failed: 0, openRequests: 0, requests: 0, failedRequests: 0, bytesIn: 0, bytesOut: 0, outcomes: {} };
    return { ...totalsOf({ ...zero, at: start }), start, uptime: 0, time: this.#base };
  }

  /** Adds the samples that the host has kept, where the page has none of its own. */
  fill(history) {
    const last = this.samples.at(-1);
    if (!last) {
      return;
    }

    const own = this.samples.filter(({ start }) => start === last.start).map(({ uptime }) => uptime);
    const found = history
      .map((traffic) => ({ traffic, uptime: last.uptime - (last.at - Date.parse(traffic.at)) / 1000 }))
      .filter(({ uptime }) => uptime >= Math.max(0, last.uptime - kept) && own.every((at) => Math.abs(at - uptime) > together))
      .map(({ traffic, uptime }) => ({ ...totalsOf(traffic), start: last.start, uptime, time: this.#base + uptime }));
    this.samples = [...this.samples, ...found].sort((a, b) => a.time - b.time);
  }

  /** The rate per second over the last five seconds; null until there are two samples. */
  rate(pick) {
    const last = this.samples.at(-1);
    let first = last;
    for (let i = this.samples.length - 2; i >= 0 && follows(this.samples[i], this.samples[i + 1]) && pick(this.samples[i]) !== undefined; i--) {
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
export function countsOf({ requests, connections, ended, bytesIn, bytesOut }) {
  const { open, ended: ends, ...rest } = requests ?? { open: connections, ended, failed: failures(ended), bytesIn, bytesOut };
  return { open, ended: ends, total: total(ends), failed: rest.failed, bytesIn: rest.bytesIn, bytesOut: rest.bytesOut };
}

const numbersOf = ({ open, total: ended, failed, bytesIn, bytesOut }) => ({ open, ended, failed, bytesIn, bytesOut });

// The totals of the host, in the shape of the history.
const totalsOf = ({ at, open, ended, failed, openRequests, requests, failedRequests, bytesIn, bytesOut, outcomes }) => ({
  at: Date.parse(at),
  open,
  openRequests,
  opened: open + ended + openRequests + requests,
  failed: failed + failedRequests,
  bytesIn,
  bytesOut,
  outcomes,
});

const sampleOf = ({ status, routes, traffic }) => ({
  ...totalsOf(traffic),
  time: 0,
  start: status.startedAt,
  uptime: status.uptime,
  routes: new Map(routes.items.map((route) => [route.id, numbersOf(countsOf(route))])),
});

export const pick = {
  open: (sample) => sample.open,
  opened: (sample) => sample.opened ?? sample.open + sample.ended,
  failed: (sample) => sample.failed,
  bytesIn: (sample) => sample.bytesIn,
  bytesOut: (sample) => sample.bytesOut,
  /** Picks a value of one route instead of the host. */
  of: (route, choose) => (sample) => {
    const found = sample.routes?.get(route);
    return found === undefined ? undefined : choose(found);
  },
};

export const store = new Store();
