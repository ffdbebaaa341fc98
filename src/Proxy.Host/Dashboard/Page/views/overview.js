// The overview: what needs attention, five numbers, three charts, the busiest routes, outcomes of connections, and the last ends.

import { attention, rowsOf } from '../attention.js';
import { Chart } from '../chart.js';
import { conditions, toneOf } from '../conditions.js';
import { el, setText } from '../dom.js';
import { bytes, bytesRate, count, duration, perSecond, plural, share, version } from '../format.js';
import { meaningOf, toneOfOutcome, total } from '../outcomes.js';
import { cardWith, heading, state, tile } from '../parts.js';
import { link } from '../router.js';
import { countsOf, pick, store } from '../store.js';
import { Table } from '../table.js';
import { endsTable, readEnds } from './ends.js';

const shown = 12; // routes
const lastEnds = 10;

export function overview() {
  const top = attention('Needs attention');
  const health = el('span', { class: 'aside note' });
  const fine = el('p', { class: 'empty' });
  const names = ['Open connections', 'New connections', 'From clients', 'To clients', 'Failed'];
  const tiles = names.map(tile);
  const charts = [
    new Chart({
      title: 'Traffic',
      series: [{ name: 'From clients', tone: 'in' }, { name: 'To clients', tone: 'out' }],
      format: bytesRate,
      integers: true,
    }),
    new Chart({ title: 'Open connections', series: [{ name: 'Open', tone: 'in' }], format: count, integers: true }),
    new Chart({
      title: 'New and failed per second',
      series: [{ name: 'New', tone: 'in' }, { name: 'Failed', tone: 'bad' }],
      format: perSecond,
    }),
  ];
  const busiest = routesTable();
  const outcomes = outcomesTable();
  const lately = endsTable(false);
  const live = readEnds((found) => lately.update(found.slice(0, lastEnds)));
  const host = el('span', { class: 'note' });

  return {
    title: 'Overview',
    elements: [
      heading('Overview', host),
      el(
        'section',
        { class: 'card' },
        el('header', {}, el('h2', {}, 'Needs attention'), health, el('a', { href: link(['health']) }, 'All conditions')),
        top.element,
        fine,
      ),
      el('dl', { class: 'card tiles' }, tiles.map(({ element }) => element)),
      el('div', { class: 'columns' }, charts.map(({ element }) => element)),
      el(
        'div',
        { class: 'columns wide-first' },
        cardWith('Busiest routes', el('a', { href: '#/routes' }, 'All routes'), busiest.element),
        cardWith('How connections ended', '', outcomes.element),
      ),
      cardWith('Last ends that were not Completed', el('a', { href: link(['ends']) }, 'All that are kept'), lately.element),
    ],
    update: (snapshot) => {
      const { status } = snapshot;
      setText(host, `${location.host} · version ${version(status.version)} · up ${duration(status.uptime)} · revision ${status.revision?.id ?? '–'}`);
      const rows = rowsOf(snapshot);
      top.update(rows);
      const { down, degraded, ok } = snapshot.health;
      setText(health, `${count(down)} down, ${count(degraded)} degraded, ${count(ok)} fine`);
      fine.hidden = rows.length > 0;
      setText(fine, `Nothing: all ${count(ok)} routes, clusters, destinations and other parts are fine.`);
      updateTiles(tiles, snapshot);
      charts[0].update(store.rates(pick.bytesIn, pick.bytesOut));
      charts[1].update(store.levels(pick.open));
      charts[2].update(store.rates(pick.opened, pick.failed));
      busiest.update(snapshot.routes.items);
      outcomes.update(outcomeRows(status));
      live.tick();
    },
    close: () => {
      live.close();
      charts.forEach((chart) => chart.close());
    },
  };
}

// A host with HTTP routes has requests, too; they count as new and failed, and their bodies as bytes.
function updateTiles([open, opened, received, sent, failed], { routes, traffic }) {
  const hasRequests = traffic.requests + traffic.openRequests > 0 || routes.items.some(({ requests }) => requests);
  const lately = store.growth(pick.failed);
  const recent = store.growth(pick.opened);
  const span = `in the last ${duration(Math.max(1, Math.round(store.span)))}`;
  const since = `${count(traffic.open + traffic.ended)} since the start`;
  open.update(count(traffic.open), hasRequests ? `and ${plural(traffic.openRequests, 'HTTP request')}` : since);
  opened.rename(hasRequests ? 'New connections and requests' : 'New connections');
  opened.update(`${perSecond(store.rate(pick.opened))}/s`, `${count(recent)} ${span}`);
  received.update(bytesRate(store.rate(pick.bytesIn)), `${bytes(traffic.bytesIn)} since the start`);
  sent.update(bytesRate(store.rate(pick.bytesOut)), `${bytes(traffic.bytesOut)} since the start`);
  failed.update(count(lately), `${span}, ${share(lately, Math.max(recent, lately))}`, lately > 0 ? 'bad' : '');
}

const rateOf = (route, choose) => store.rate(pick.of(route, choose));

/** The columns of a table of routes that change with each snapshot. HTTP routes count requests, all others connections. */
export const liveColumns = [
  { name: 'Open', numeric: true, sort: (route) => countsOf(route).open, text: (route) => count(countsOf(route).open) },
  { name: 'New/s', numeric: true, sort: ({ id }) => rateOf(id, pick.opened) ?? 0, text: ({ id }) => perSecond(rateOf(id, pick.opened)) },
  {
    name: 'Failed',
    numeric: true,
    sort: (route) => countsOf(route).failed,
    text: (route) => count(countsOf(route).failed),
    tone: (route) => (countsOf(route).failed > 0 ? 'bad' : ''),
  },
  { name: 'From clients', numeric: true, sort: ({ id }) => rateOf(id, pick.bytesIn) ?? 0, text: ({ id }) => bytesRate(rateOf(id, pick.bytesIn)) },
  { name: 'To clients', numeric: true, sort: ({ id }) => rateOf(id, pick.bytesOut) ?? 0, text: ({ id }) => bytesRate(rateOf(id, pick.bytesOut)) },
];

/** How well a route works: its clients of the last minute, its lock, its cluster and its devices. */
export const routeState = {
  name: 'State',
  sort: (route) => ['Down', 'Degraded', 'Ok'].indexOf(conditions.levelOf(route)),
  make: () => state((route) => [conditions.levelOf(route), toneOf(conditions.levelOf(route))]),
};

function routesTable() {
  return new Table({
    caption: 'Routes, those with the most open connections or HTTP requests under way first',
    key: ({ id }) => id,
    empty: 'No routes are configured.',
    most: shown,
    order: { column: 2, descending: true },
    columns: [
      { name: 'Route', head: true, id: true, cut: true, text: ({ id }) => id, link: ({ id }) => link(['routes', id]) },
      routeState,
      ...liveColumns,
    ],
  });
}

function outcomeRows({ connections }) {
  const oldest = store.samples.find(({ start }) => start === store.samples.at(-1)?.start)?.outcomes ?? {};
  const all = total(connections.ended);
  return Object.entries(connections.ended)
    .filter(([, times]) => times > 0)
    .map(([outcome, times]) => ({ outcome, times, all, lately: times - (oldest[outcome] ?? 0) }))
    .sort((a, b) => b.times - a.times || a.outcome.localeCompare(b.outcome));
}

function outcomesTable() {
  return new Table({
    caption: 'Connections that have ended, by outcome',
    key: ({ outcome }) => outcome,
    empty: 'No connection has ended yet.',
    columns: [
      { name: 'Outcome', head: true, make: outcomeCell },
      { name: 'Last 5 min', numeric: true, text: ({ lately }) => count(lately) },
      { name: 'In all', numeric: true, text: ({ times }) => count(times) },
      { name: 'Share', numeric: true, text: ({ times, all }) => share(times, all) },
    ],
  });
}

const outcomeCell = () => {
  const [name, meaning] = [el('span'), el('div', { class: 'note' })];
  return {
    element: el('div', {}, name, meaning),
    update: ({ outcome }) => {
      setText(name, outcome);
      name.className = toneOfOutcome(outcome);
      setText(meaning, meaningOf(outcome));
    },
  };
};
