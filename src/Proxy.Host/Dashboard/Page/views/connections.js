// The open connections. Only the page that is shown is read from the API, since there can be very many.

import { get } from '../api.js';
import { closing } from '../actions.js';
import { el, setAttribute, setText } from '../dom.js';
import { bytes, count, duration } from '../format.js';
import { Live } from '../live.js';
import { failure, heading } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';

const pageSize = 100;
const typed = 300; // milliseconds after the last key press until the filter is applied
const filters = ['route', 'endpoint', 'cluster', 'destination', 'client'];
const sorts = { age: 'Oldest first', bytes: 'Most bytes first', id: 'By id' };

export function connections(query) {
  const failed = failure();
  const cursors = []; // of the previous pages
  let next = null;
  const table = connectionsTable(() => live.now());
  const summary = el('span', { class: 'note' });
  const fields = filters.map((name) => el('input', { type: 'search', name, value: query.get(name) ?? '', size: 12 }));
  const sort = el('select', { name: 'sort' }, Object.entries(sorts).map(([value, text]) => el('option', { value }, text)));
  sort.value = Object.hasOwn(sorts, query.get('sort')) ? query.get('sort') : 'age';
  const form = el(
    'form',
    { class: 'filters', 'aria-label': 'Filter connections' },
    fields.map((field) => el('label', {}, titled(field.name), field)),
    el('label', {}, 'Order', sort),
  );
  const pager = pages((step) => {
    if (step > 0) {
      cursors.push(next);
    } else {
      cursors.pop();
    }

    live.now();
  });

  const wanted = () => ({ ...Object.fromEntries(fields.map(({ name, value }) => [name, value.trim()])), sort: sort.value });
  const live = new Live({
    load: () => get(`api/connections?${asked(wanted(), cursors.at(-1))}`),
    show: (page) => {
      failed.hide();
      next = page.next ?? null;
      setText(summary, `${count(page.matching)} of ${count(page.open)} open connections`);
      table.update(page.items);
      pager.update(cursors.length, next !== null);
    },
    fail: failed.show,
  });
  const search = () => {
    cursors.length = 0;
    history.replaceState(null, '', link(['connections'], { ...wanted(), sort: sort.value === 'age' ? '' : sort.value }));
    live.now();
  };
  let typing = null;
  form.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(search, typed);
  });
  form.addEventListener('submit', (event) => event.preventDefault());

  return {
    title: 'Connections',
    elements: [heading('Connections', summary), form, failed.element, el('section', { class: 'card' }, table.element), pager.element],
    update: () => live.tick(),
    close: () => live.close(),
  };
}

const titled = (name) => name[0].toUpperCase() + name.slice(1);

function asked(wanted, after) {
  const pairs = Object.entries({ ...wanted, limit: pageSize, after }).filter(([, value]) => value);
  return new URLSearchParams(pairs);
}

function pages(turn) {
  const make = (text, step) => el('button', { type: 'button', onclick: ({ target }) => target.getAttribute('aria-disabled') || turn(step) }, text);
  const [back, on, number] = [make('Previous page', -1), make('Next page', 1), el('span', { class: 'note' })];
  return {
    element: el('div', { class: 'heading', role: 'group', 'aria-label': 'Pages' }, back, on, number),
    update: (before, more) => {
      setAttribute(back, 'aria-disabled', before > 0 ? null : 'true');
      setAttribute(on, 'aria-disabled', more ? null : 'true');
      setText(number, `Page ${before + 1}`);
    },
  };
}

const connectionsTable = (after) =>
  new Table({
    caption: 'Open connections',
    key: ({ id }) => id,
    empty: 'No open connection matches.',
    columns: [
      { name: 'Connection', head: true, tight: true, text: ({ id }) => id, link: ({ id }) => link(['connections', id]) },
      { name: 'Client', id: true, text: ({ client }) => client ?? '–' },
      { name: 'Route', id: true, cut: true, text: ({ route }) => route ?? '–', link: ({ route }) => link(['routes', route ?? '']) },
      { name: 'Destination', id: true, cut: true, text: ({ cluster, destination }) => [cluster, destination].filter(Boolean).join(' / ') || '–' },
      { name: 'Phase', text: ({ phase }) => phase ?? '–' },
      { name: 'From client', numeric: true, text: ({ bytesIn }) => bytes(bytesIn) },
      { name: 'To client', numeric: true, text: ({ bytesOut }) => bytes(bytesOut) },
      { name: 'Age', numeric: true, text: ({ age }) => duration(age) },
      { name: '', actions: true, make: () => closing(after) },
    ],
  });
