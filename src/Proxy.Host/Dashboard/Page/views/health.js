// Everything that is degraded or down, with a filter.

import { get } from '../api.js';
import { sinceText } from '../attention.js';
import { causeOf, pageOf, toneOf } from '../conditions.js';
import { el, setText } from '../dom.js';
import { count } from '../format.js';
import { Live } from '../live.js';
import { failure, heading, state } from '../parts.js';
import { link } from '../router.js';
import { store } from '../store.js';
import { Table } from '../table.js';

const shown = 500; // rows
const exact = ['kind', 'level', 'reason'];

export function health(query) {
  const failed = failure();
  const table = conditionsTable();
  const [summary, more] = [el('span', { class: 'note' }), el('p', { class: 'note', hidden: true })];
  const field = el('input', { type: 'search', value: query.get('filter') ?? '', 'aria-label': 'Filter conditions', placeholder: 'Filter  /' });
  const chosen = exact.map((name) => [name, query.get(name)]).filter(([, value]) => value);
  const every = el('a', { href: link(['health']), hidden: chosen.length === 0 }, 'Show all');
  let found = [];
  const refresh = () => {
    const text = field.value.trim().toLowerCase();
    const wanted = found.filter((one) => chosen.every(([name, value]) => one[name] === value) && matches(one, text));
    table.update(wanted.slice(0, shown));
    more.hidden = wanted.length <= shown;
    setText(more, `${count(wanted.length - shown)} more; use the filter to see them.`);
  };
  const live = new Live({
    load: () => get('api/conditions'),
    show: (answer) => {
      failed.hide();
      found = answer.conditions;
      setText(summary, [`${count(answer.down)} down, ${count(answer.degraded)} degraded, ${count(answer.ok)} fine`, ...chosen.map(([, value]) => value)].join(' · '));
      refresh();
    },
    fail: failed.show,
  });
  field.addEventListener('input', () => {
    history.replaceState(null, '', link(['health'], { ...Object.fromEntries(chosen), filter: field.value }));
    refresh();
  });
  return {
    title: 'Health',
    elements: [heading('Health', summary, every, el('span', { class: 'aside' }, field)), failed.element, el('section', { class: 'card' }, table.element), more],
    update: () => live.tick(),
    close: () => live.close(),
  };
}

const matches = ({ kind, id, reason, lastError }, text) => `${kind} ${id} ${reason} ${lastError ?? ''}`.toLowerCase().includes(text);

const conditionsTable = () =>
  new Table({
    caption: 'What is degraded or down, the worst first',
    key: ({ kind, id }) => `${kind} ${id}`,
    empty: 'Nothing that matches is degraded or down.',
    columns: [
      { name: 'What', head: true, cut: true, id: true, sort: ({ id }) => id, text: ({ id }) => id, link: (row) => pageOf(row, store.snapshot) },
      { name: 'Kind', sort: ({ kind }) => kind, text: ({ kind }) => kind },
      { name: 'Level', sort: ({ level }) => level, make: () => state(({ level }) => [level, toneOf(level)]) },
      { name: 'Cause', sort: ({ reason }) => reason, text: causeOf },
      { name: 'Last error', id: true, text: ({ lastError }) => lastError ?? '–' },
      { name: 'Count', numeric: true, sort: (row) => row.count, text: (row) => count(row.count) },
      { name: 'Since', sort: ({ since }) => since, text: ({ since }) => sinceText(since).replace('since ', '') || '–' },
    ],
  });
