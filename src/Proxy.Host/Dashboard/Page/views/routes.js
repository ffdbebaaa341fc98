// The list of routes, with a filter and sorting.

import { el } from '../dom.js';
import { bytes, count } from '../format.js';
import { failures, total } from '../outcomes.js';
import { heading } from '../parts.js';
import { link } from '../router.js';
import { countsOf } from '../store.js';
import { Table } from '../table.js';
import { liveColumns } from './overview.js';

export function routes(query) {
  let snapshot = null;
  const table = new Table({
    caption: 'Routes',
    key: ({ id }) => id,
    empty: 'No route matches the filter.',
    order: { column: 0, descending: false },
    columns,
  });
  const rest = el('p', { class: 'note', hidden: true });
  const field = el('input', { type: 'search', value: query.get('filter') ?? '', 'aria-label': 'Filter routes', placeholder: 'Filter  /' });
  const refresh = () => {
    const text = field.value.trim().toLowerCase();
    const { items, others } = snapshot.routes;
    table.update(items.filter((route) => [route.id, route.mode, route.target].some((part) => part?.toLowerCase().includes(text))));
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
    elements: [heading('Routes', el('span', { class: 'aside' }, field)), el('section', { class: 'card' }, table.element), rest],
    update: (next) => {
      snapshot = { ...next, routes: { ...next.routes, items: next.routes.items.map(withTarget) } };
      refresh();
    },
  };
}

const withTarget = (route) => ({ ...route, target: route.clusterId ?? route.connector ?? '' });

const bytesOf = (route) => countsOf(route).bytesIn + countsOf(route).bytesOut;

const columns = [
  { name: 'Route', head: true, id: true, sort: ({ id }) => id, text: ({ id }) => id, link: ({ id }) => link(['routes', id]) },
  { name: 'Mode', sort: ({ mode }) => mode, text: ({ mode }) => mode, tone: () => 'badge' },
  {
    name: 'Cluster or connector',
    id: true,
    sort: ({ target }) => target,
    text: ({ target }) => target,
    link: ({ clusterId }) => (clusterId ? link(['clusters', clusterId]) : link(['channels'])),
  },
  { name: 'Endpoints', id: true, text: ({ endpoints }) => (endpoints ?? []).join(', ') },
  ...liveColumns,
  { name: 'Ended', numeric: true, sort: (route) => total(countsOf(route).ended), text: (route) => count(total(countsOf(route).ended)) },
  {
    name: 'Failed',
    numeric: true,
    sort: (route) => failures(countsOf(route).ended),
    text: (route) => count(failures(countsOf(route).ended)),
    tone: (route) => (failures(countsOf(route).ended) > 0 ? 'bad' : ''),
  },
  {
    name: 'Bytes',
    numeric: true,
    sort: (route) => bytesOf(route),
    text: (route) => bytes(bytesOf(route)),
  },
];
