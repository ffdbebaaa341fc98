// The part of a route's view for the mode Http: its responses by class of status, and the destinations of its cluster.

import { count, share } from '../format.js';
import { total } from '../outcomes.js';
import { cardWith } from '../parts.js';
import { Table } from '../table.js';
import { forward } from './forward.js';

const meanings = {
  '1xx': 'switched to another protocol, such as WebSocket',
  '2xx': 'succeeded',
  '3xx': 'redirected, or not modified',
  '4xx': 'refused as a mistake of the client',
  '5xx': 'failed, at the destination or here',
  none: 'no response was sent: the client had gone',
};

export function http(route) {
  const table = new Table({
    caption: 'Responses by class of status',
    key: ({ status }) => status,
    empty: 'No request has ended yet.',
    columns: [
      { name: 'Status', head: true, text: ({ status }) => status, tone: ({ status }) => (status === '5xx' ? 'state bad' : 'state') },
      { name: 'Requests', numeric: true, text: ({ times }) => count(times) },
      { name: 'Share', numeric: true, text: ({ times, all }) => share(times, all) },
      { name: 'Meaning', text: ({ status }) => meanings[status] ?? '' },
    ],
  });
  const below = forward(route);
  return {
    ...below,
    elements: [cardWith('Responses', 'since the start', table.element), ...below.elements],
    update: (found) => {
      const statuses = found.requests?.statuses ?? {};
      table.update(Object.entries(statuses).map(([status, times]) => ({ status, times, all: total(statuses) })));
      below.update();
    },
  };
}

/** The time of a mean request in seconds; 0 if none has ended. */
export const meanSeconds = ({ duration, ended }) => (total(ended) > 0 ? duration / total(ended) : 0);

/** The time of a mean request, as text. */
export const meanOf = (requests) => (total(requests.ended) > 0 ? `${Number((meanSeconds(requests) * 1000).toPrecision(3))} ms` : '–');
