// The overview: notices, five numbers, three charts, the busiest routes, and outcomes of connections.

import { Chart } from '../chart.js';
import { el, setText } from '../dom.js';
import { bytes, bytesRate, count, duration, perSecond, share, version } from '../format.js';
import { noticesOf } from '../news.js';
import { kindOf, meaningOf, total } from '../outcomes.js';
import { cardWith, heading, notices, tile } from '../parts.js';
import { link } from '../router.js';
import { countsOf, pick, store } from '../store.js';
import { Table } from '../table.js';

const shown = 12; // routes

export function overview() {
  const top = notices();
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
  const ends = outcomesTable();
  const host = el('span', { class: 'note' });

  return {
    title: 'Overview',
    elements: [
      heading('Overview', host),
      top.element,
      el('dl', { class: 'card tiles' }, tiles.map(({ element }) => element)),
      el('div', { class: 'columns' }, charts.map(({ element }) => element)),
      el(
        'div',
        { class: 'columns wide-first' },
        cardWith('Busiest routes', el('a', { href: '#/routes' }, 'All routes'), busiest.element),
        cardWith('How connections ended', '', ends.element),
      ),
    ],
    update: (snapshot) => {
      const { status } = snapshot;
      setText(host, `${location.host} · version ${version(status.version)} · up ${duration(status.uptime)} · revision ${status.revision?.id ?? '–'}`);
      top.update(noticesOf(snapshot));
      updateTiles(tiles, status);
      charts[0].update(store.rates(pick.bytesIn, pick.bytesOut));
      charts[1].update(store.levels(pick.open));
      charts[2].update(store.rates(pick.opened, pick.failed));
      busiest.update([...snapshot.routes.items].sort((a, b) => countsOf(b).open - countsOf(a).open).slice(0, shown));
      ends.update(outcomeRows(status));
    },
    close: () => charts.forEach((chart) => chart.close()),
  };
}

function updateTiles([open, opened, received, sent, failed], { connections }) {
  const lately = store.growth(pick.failed);
  const recent = store.growth(pick.opened);
  const span = `in the last ${duration(Math.max(1, Math.round(store.span)))}`;
  open.update(count(connections.open), `${count(connections.open + total(connections.ended))} since the start`);
  opened.update(`${perSecond(store.rate(pick.opened))}/s`, `${count(recent)} ${span}`);
  received.update(bytesRate(store.rate(pick.bytesIn)), `${bytes(connections.bytesIn)} since the start`);
  sent.update(bytesRate(store.rate(pick.bytesOut)), `${bytes(connections.bytesOut)} since the start`);
  failed.update(count(lately), `${span}, ${share(lately, Math.max(recent, lately))}`, lately > 0 ? 'bad' : '');
}

const rateOf = (route, choose) => store.rate(pick.of(route, choose));

/** The columns of a table of routes that change with each snapshot. HTTP routes count requests, all others connections. */
export const liveColumns = [
  { name: 'Open', numeric: true, sort: (route) => countsOf(route).open, text: (route) => count(countsOf(route).open) },
  { name: 'New/s', numeric: true, text: ({ id }) => perSecond(rateOf(id, pick.opened)) },
  { name: 'From clients', numeric: true, text: ({ id }) => bytesRate(rateOf(id, pick.bytesIn)) },
  { name: 'To clients', numeric: true, text: ({ id }) => bytesRate(rateOf(id, pick.bytesOut)) },
];

function routesTable() {
  return new Table({
    caption: 'Routes with the most open connections, or HTTP requests under way',
    key: ({ id }) => id,
    empty: 'No routes are configured.',
    columns: [
      { name: 'Route', head: true, id: true, text: ({ id }) => id, link: ({ id }) => link(['routes', id]) },
      { name: 'Mode', text: ({ mode }) => mode, tone: () => 'badge' },
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
  const tones = { fine: 'state good', ended: 'state', failed: 'state bad' };
  return new Table({
    caption: 'Connections that have ended, by outcome',
    key: ({ outcome }) => outcome,
    empty: 'No connection has ended yet.',
    columns: [
      { name: 'Outcome', head: true, make: outcomeCell(tones) },
      { name: 'Last 5 min', numeric: true, text: ({ lately }) => count(lately) },
      { name: 'In all', numeric: true, text: ({ times }) => count(times) },
      { name: 'Share', numeric: true, text: ({ times, all }) => share(times, all) },
    ],
  });
}

const outcomeCell = (tones) => () => {
  const [name, meaning] = [el('span'), el('div', { class: 'note' })];
  return {
    element: el('div', {}, name, meaning),
    update: ({ outcome }) => {
      setText(name, outcome);
      name.className = tones[kindOf(outcome)];
      setText(meaning, meaningOf(outcome));
    },
  };
};
