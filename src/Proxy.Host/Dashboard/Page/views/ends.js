// The last ends that were not Completed, which the host keeps: the table for the overview, and all of them with a filter.

import { get } from '../api.js';
import { el } from '../dom.js';
import { bytes, count, duration, time } from '../format.js';
import { Live } from '../live.js';
import { meaningOf, toneOfOutcome } from '../outcomes.js';
import { failure, heading } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';

const every = 5000; // milliseconds; the answer has up to 400 ends

export function ends(query) {
  const failed = failure();
  const table = endsTable(true);
  const field = el('input', { type: 'search', value: query.get('filter') ?? '', 'aria-label': 'Filter ends', placeholder: 'Filter  /' });
  let found = [];
  const refresh = () => {
    const text = field.value.trim().toLowerCase();
    table.update(found.filter((end) => matches(end, text)));
  };
  const live = readEnds((list) => {
    failed.hide();
    found = list;
    refresh();
  }, failed.show);
  field.addEventListener('input', () => {
    history.replaceState(null, '', link(['ends'], { filter: field.value }));
    refresh();
  });
  return {
    title: 'Ends',
    elements: [
      heading('Ends', el('span', { class: 'note' }, 'the last 200 that failed, and the last 200 others that were not Completed'), el('span', { class: 'aside' }, field)),
      failed.element,
      el('section', { class: 'card' }, table.element),
    ],
    update: () => live.tick(),
    close: () => live.close(),
  };
}

/** Reads the ends, the newest first. */
export const readEnds = (show, fail) => new Live({ load: () => get('api/history'), show: (found) => show(found.ends), fail, every });

const matches = (end, text) =>
  [end.id, end.outcome, end.status, end.route, end.cluster, end.destination, end.client, end.request, end.reason].some((part) => `${part ?? ''}`.toLowerCase().includes(text));

/** Ids are those of the access log, and a request has the id of its connection and a number. */
export const endsTable = (full) =>
  new Table({
    caption: 'The last ends that were not Completed, the newest first',
    key: ({ id, endedAt }) => `${id} ${endedAt}`,
    empty: full ? 'None that matches.' : 'None.',
    columns: [
      { name: 'Connection', head: true, tight: true, text: ({ id }) => id, link: ({ id }) => link(['connections', id]) },
      { name: 'Ended', sort: full && (({ endedAt }) => endedAt), text: ({ endedAt }) => time(endedAt) },
      { name: 'Outcome', sort: full && (({ outcome }) => outcome), make: outcomeCell },
      { name: 'Route', id: true, cut: true, sort: full && (({ route }) => route), text: ({ route }) => route ?? '–', link: ({ route }) => link(['routes', route ?? '']) },
      { name: 'Destination', id: true, cut: true, sort: full && (({ destination }) => destination), text: ({ cluster, destination }) => [cluster, destination].filter(Boolean).join(' / ') || '–' },
      { name: 'Client', id: true, sort: full && (({ client }) => client), text: ({ client }) => client ?? '–' },
      { name: 'Lasted', numeric: true, sort: full && ((end) => end.duration), text: (end) => duration(end.duration) },
      ...(full
        ? [
            { name: 'From client', numeric: true, text: ({ bytesIn }) => bytes(bytesIn) },
            { name: 'To client', numeric: true, text: ({ bytesOut }) => bytes(bytesOut) },
            { name: 'Request', id: true, text: ({ request, reason }) => [request, reason].filter(Boolean).join(': ') || '–' },
          ]
        : []),
    ],
  });

const outcomeCell = () => {
  const element = el('span');
  return {
    element,
    update: ({ outcome, status }) => {
      const isAnswer = outcome === 'Completed';
      element.textContent = status ? `${isAnswer ? '' : `${outcome}, `}status ${count(status)}` : outcome;
      element.className = isAnswer ? 'state bad' : toneOfOutcome(outcome);
      element.title = meaningOf(isAnswer ? '' : outcome);
    },
  };
};
