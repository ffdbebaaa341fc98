// The list of routes, with a filter and sorting.

import { el } from '../dom.js';
import { bytes, count } from '../format.js';
import { cardWith, heading } from '../parts.js';
import { link } from '../router.js';
import { countsOf } from '../store.js';
import { Table } from '../table.js';
import { meanOf, meanSeconds } from './http.js';
import { liveColumns, routeState } from './overview.js';

export function routes(query) {
  let snapshot = null;
  const make = (caption, columns) =>
    new Table({ caption, key: ({ id }) => id, empty: 'No route matches the filter.', order: { column: 0, descending: false }, columns });
  const [table, web] = [make('Routes', columns), make('HTTP routes', webColumns)];
  const webCard = cardWith('HTTP routes', 'requests, and responses by class of status', web.element);
  const card = el('section', { class: 'card' }, table.element);
  const rest = el('p', { class: 'note', hidden: true });
  const field = el('input', { type: 'search', value: query.get('filter') ?? '', 'aria-label': 'Filter routes', placeholder: 'Filter  /' });
  const refresh = () => {
    const text = field.value.trim().toLowerCase();
    const { items, others } = snapshot.routes;
    const wanted = items.filter((route) => [route.id, route.mode, route.target].some((part) => part?.toLowerCase().includes(text)));
    table.update(wanted.filter(({ requests }) => !requests));
    web.update(wanted.filter(({ requests }) => requests));
    webCard.hidden = !items.some(({ requests }) => requests);
    card.hidden = !webCard.hidden && items.every(({ requests }) => requests);
    rest.hidden = others.count === 0;
    rest.textContent =
      `${count(others.count)} more routes have ${count(others.connections)} open connections and have transferred ` +
      `${bytes(others.bytesIn + others.bytesOut)}; the API lists them all (/api/routes).`;
  };
  field.addEventListener('input', () => {
    history.replaceState(null, '', link(['routes'], { filter: field.value }));
    refresh();
  });

  return {
    title: 'Routes',
    elements: [heading('Routes', el('span', { class: 'aside' }, field)), card, webCard, rest],
    update: (next) => {
      snapshot = { ...next, routes: { ...next.routes, items: next.routes.items.map(withTarget) } };
      refresh();
    },
  };
}

const withTarget = (route) => ({ ...route, target: route.clusterId ?? route.connector ?? '' });

const bytesOf = (route) => countsOf(route).bytesIn + countsOf(route).bytesOut;

const name = { name: 'Route', head: true, id: true, cut: true, sort: ({ id }) => id, text: ({ id }) => id, link: ({ id }) => link(['routes', id]) };
const moved = { name: 'Bytes', numeric: true, sort: (route) => bytesOf(route), text: (route) => bytes(bytesOf(route)) };

const columns = [
  name,
  { name: 'Mode', sort: ({ mode }) => mode, text: ({ mode }) => mode, tone: () => 'badge' },
  routeState,
  {
    name: 'Cluster or connector',
    id: true,
    cut: true,
    sort: ({ target }) => target,
    text: ({ target }) => target,
    link: ({ clusterId }) => (clusterId ? link(['clusters', clusterId]) : link(['channels'])),
  },
  { name: 'Endpoints', text: ({ endpoints }) => (endpoints ?? []).join(', ') },
  ...liveColumns,
  { name: 'Ended', numeric: true, sort: (route) => countsOf(route).total, text: (route) => count(countsOf(route).total) },
  moved,
];

const classes = ['2xx', '3xx', '4xx', '5xx'];

const webColumns = [
  name,
  routeState,
  { name: 'Cluster', id: true, cut: true, sort: ({ target }) => target, text: ({ target }) => target, link: ({ clusterId }) => link(['clusters', clusterId ?? '']) },
  ...liveColumns,
  ...classes.map((one) => ({
    name: one,
    numeric: true,
    sort: ({ requests }) => requests.statuses[one] ?? 0,
    text: ({ requests }) => count(requests.statuses[one] ?? 0),
    tone: ({ requests }) => (one === '5xx' && requests.statuses[one] > 0 ? 'bad' : ''),
  })),
  { name: 'Mean time', numeric: true, sort: ({ requests }) => meanSeconds(requests), text: ({ requests }) => meanOf(requests) },
  moved,
];
