// A live chart, drawn by uPlot. The legend follows the pointer; a description and a table of values make it accessible.

import { el, setAttribute, setText } from './dom.js';
import { time } from './format.js';
import { kept } from './store.js';

const height = 152;
const shortest = 60; // seconds; a page that was just opened shows this span instead of five mostly empty minutes
const whole = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
const stepOfValues = 10; // seconds between the rows of the table of values
const describedEvery = 15000; // milliseconds
const probes = new Map();

// A canvas needs a colour, but the custom properties contain light-dark(). A hidden element with the class has the computed colour.
function colour(name) {
  if (!probes.has(name)) {
    const probe = el('span', { class: `swatch ${name}`, hidden: true });
    document.body.append(probe);
    probes.set(name, probe);
  }

  return getComputedStyle(probes.get(name)).color;
}

const faint = (rgb) => rgb.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.10)');

/** series: { name, tone: "in" | "out" | "bad" }; format(value) → text; integers: whether ticks are whole numbers. */
export class Chart {
  #series;
  #format;
  #integers;
  #title;
  #plot = el('div', { class: 'plot', role: 'img' });
  #values;
  #details;
  #uplot = null;
  #data = null;
  #described = 0;
  #size = new ResizeObserver(() => this.#resize());
  #theme = () => this.#draw();

  constructor({ title, series, format, integers }) {
    this.#integers = integers;
    this.#title = title;
    this.#series = series;
    this.#format = format;
    this.#values = series.map(() => el('b', {}, '–'));
    this.#details = el('details', { class: 'values', ontoggle: () => this.#list() }, el('summary', {}, `${title}: values`), el('div'));
    const legend = series.map((one, i) => el('span', {}, el('span', { class: `swatch ${one.tone}` }), `${one.name} `, this.#values[i]));
    this.element = el(
      'figure',
      { class: 'chart card' },
      el('header', {}, el('h2', {}, title)),
      el('div', { class: 'legend', 'aria-hidden': 'true' }, legend),
      this.#plot,
      this.#details,
    );
    this.#size.observe(this.#plot);
    document.addEventListener('theme', this.#theme);
  }

  update(data) {
    this.#data = data;
    if (!this.#uplot) {
      this.#draw();
    } else {
      this.#uplot.setData(data, false);
      this.#uplot.setScale('x', this.#window());
    }

    this.#legend(null);
    this.#describe();
  }

  close() {
    this.#size.disconnect();
    document.removeEventListener('theme', this.#theme);
    this.#uplot?.destroy();
  }

  #window() {
    const [times] = this.#data;
    const last = times.at(-1) ?? Date.now() / 1000;
    const span = Math.min(kept, Math.max(shortest, last - (times[0] ?? last)));
    return { min: last - span, max: last };
  }

  #draw() {
    if (!this.#data || this.#plot.clientWidth === 0) {
      return;
    }

    this.#uplot?.destroy();
    this.#uplot = new globalThis.uPlot(this.#options(), this.#data, this.#plot);
    this.#uplot.setScale('x', this.#window());
  }

  #options() {
    const axis = { stroke: colour('axis'), grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    return {
      width: this.#plot.clientWidth,
      height,
      legend: { show: false },
      cursor: { sync: { key: 'time' }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] } },
      axes: [
        { ...axis, size: 24, space: 64, values: clock },
        { ...axis, size: 62, space: 34, gap: 4, ...(this.#integers ? { incrs: whole } : {}), values: (_, values) => values.map(this.#format) },
      ],
      series: [{}, ...this.#series.map(({ tone }) => line(colour(tone)))],
      hooks: { setCursor: [(plot) => this.#legend(plot.cursor.idx ?? null)] },
    };
  }

  #resize() {
    if (!this.#uplot) {
      this.#draw();
    } else if (this.#plot.clientWidth > 0) {
      this.#uplot.setSize({ width: this.#plot.clientWidth, height });
    }
  }

  #legend(index) {
    this.#values.forEach((value, i) => {
      const line = this.#data?.[i + 1] ?? [];
      setText(value, this.#format(index === null ? line.at(-1) : line[index]));
    });
  }

  #describe() {
    const now = Date.now();
    if (now - this.#described > describedEvery) {
      this.#described = now;
      const parts = this.#series.map(({ name }, i) => {
        const line = this.#data[i + 1].filter((value) => value !== null);
        return `${name} now ${this.#format(line.at(-1))}, highest ${this.#format(line.length > 0 ? Math.max(...line) : undefined)}`;
      });
      setAttribute(this.#plot, 'aria-label', `Chart of the last five minutes. ${this.#title}: ${parts.join('; ')}.`);
    }
  }

  #list() {
    const [times = [], ...lines] = this.#data ?? [];
    const rows = [];
    for (let i = times.length - 1, at = Infinity; i >= 0; i--) {
      if (times[i] > at) {
        continue;
      }

      at = times[i] - stepOfValues;
      rows.push(
        el('tr', {}, el('th', { scope: 'row' }, time(times[i] * 1000)), lines.map((line) => el('td', { class: 'num' }, this.#format(line[i])))),
      );
    }

    const names = this.#series.map(({ name }) => el('th', { scope: 'col', class: 'num' }, name));
    this.#details.lastElementChild.replaceChildren(
      el(
        'table',
        {},
        el('caption', { class: 'unseen' }, `${this.#title}, every ten seconds, the newest first`),
        el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Time'), names)),
        el('tbody', {}, rows),
      ),
    );
  }
}

// Shows seconds only if ticks are less than a minute apart.
const clock = (_, times, __, ___, step) => times.map((at) => (step < 60 ? time(at * 1000).slice(-8) : time(at * 1000).slice(-8, -3)));

const line = (stroke) => ({ stroke, fill: faint(stroke), width: 1.5, points: { show: false }, spanGaps: false });
