// The part of a route's view for the mode Lock: clients that hold permits and clients that wait; pausing the lock, closing a connection.

import { get, path } from '../api.js';
import { action, closing } from '../actions.js';
import { el, setText } from '../dom.js';
import { count, duration } from '../format.js';
import { Live } from '../live.js';
import { cardWith, failure, facts, state } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';

const shown = 200; // rows of a queue, which may have ten thousand

export function lock({ id }) {
  const failed = failure();
  const summary = facts('Permits', 'Holding', 'Waiting', 'Longest wait', 'Activations', 'Queue limit');
  const admission = state(admissionOf);
  const pause = action({
    label: ({ isPaused }) => (isPaused ? { text: 'Resume admission' } : { text: 'Pause admission' }),
    ask: ({ isPaused }) =>
      isPaused
        ? { title: `Resume ${id}?`, text: 'The next client in the queue is admitted at once.', action: 'Resume' }
        : { title: `Pause ${id}?`, text: 'No client is admitted until the lock is resumed. Clients that hold a permit continue; the queue keeps its order.', action: 'Pause' },
    run: ({ isPaused }) => ({
      method: 'POST',
      where: path('locks', id, isPaused ? 'resume' : 'pause'),
      done: isPaused ? `${id} admits clients again.` : `${id} is paused.`,
    }),
    after: () => live.now(),
  });
  const holders = clientsTable('Holders', 'No client holds a permit.', holding, () => live.now());
  const queue = clientsTable('Queue', 'No client is waiting.', waiting, () => live.now());
  const others = new Table({
    caption: 'Holders of other hosts',
    empty: 'No client of another host holds a permit.',
    key: ({ instance, connectionId }) => `${instance} ${connectionId}`,
    columns: elsewhere,
  });
  const overall = facts('Holding, all hosts', 'Waiting, all hosts');
  const shared = cardWith('All hosts', 'one queue', el('div', { class: 'pad' }, overall.element), others.element);
  shared.hidden = true;
  const more = el('p', { class: 'empty', hidden: true });
  const live = new Live({
    load: () => get(path('locks', id)),
    show: (found) => {
      failed.hide();
      admission.update(found);
      pause.update(found);
      summary.update(
        count(found.permits),
        count(found.holding.length),
        count(found.waiting.length),
        duration(found.waiting[0]?.waited ?? 0),
        count(found.activations),
        count(found.queueLimit),
      );
      shared.hidden = !found.shared;
      overall.update(count(found.shared?.holding ?? 0), count(found.shared?.waiting ?? 0));
      others.update(found.shared?.holders ?? []);
      holders.update(found.holding);
      queue.update(found.waiting.slice(0, shown));
      more.hidden = found.waiting.length <= shown;
      setText(more, `${count(found.waiting.length - shown)} more clients are waiting.`);
    },
    fail: failed.show,
  });
  return {
    elements: [
      el('div', { class: 'stack' }, [
        cardWith('Lock', el('span', {}, admission.element, ' ', pause.element), failed.element, el('div', { class: 'pad' }, summary.element)),
        cardWith('Holders', 'the longest first', holders.element),
        cardWith('Queue', 'first in, first out', queue.element, more),
        shared,
      ]),
    ],
    update: () => live.tick(),
    close: () => live.close(),
  };
}

function admissionOf({ isPaused, isClosed, pausedAfterFailure, shared }) {
  return isClosed
    ? ['The route was removed', 'warn']
    : isPaused
      ? ['Paused by an operator', 'warn']
      : shared?.state === 'Unreachable'
        ? ['Nobody is admitted: the engine does not answer, or refuses', 'bad']
      : shared?.state === 'Local'
        ? ['Admitting by permits of its own: the engine does not answer', 'warn']
      : pausedAfterFailure > 0
        ? [`Paused for ${duration(pausedAfterFailure)} after a failure`, 'bad']
        : ['Admitting', 'good'];
}

const client = { name: 'Client', id: true, text: (row) => row.client ?? '–' };
const connection = {
  name: 'Connection',
  head: true,
  tight: true,
  text: ({ connectionId }) => connectionId,
  link: ({ connectionId }) => link(['connections', connectionId]),
};

const holding = [
  connection,
  client,
  { name: 'Phase', text: ({ phase }) => phase ?? '–' },
  { name: 'Destination', id: true, text: ({ destinationId }) => destinationId ?? '–' },
  { name: 'Waited', numeric: true, text: ({ waited }) => duration(waited) },
  { name: 'Held for', numeric: true, text: ({ held }) => duration(held) },
];

const waiting = [
  { name: '#', numeric: true, narrow: true, text: ({ position }) => count(position) },
  { name: 'Overall', numeric: true, narrow: true, text: ({ sharedPosition }) => (sharedPosition ? count(sharedPosition) : '–') },
  connection,
  client,
  { name: 'Waiting for', numeric: true, text: ({ waited }) => duration(waited) },
];

const elsewhere = [
  { name: 'Host', head: true, text: ({ instance }) => instance || '–' },
  { name: 'Connection', tight: true, text: ({ connectionId }) => connectionId || '–' },
  { name: 'Client', id: true, text: ({ client }) => client ?? '–' },
  { name: 'Token', numeric: true, text: ({ fencingToken }) => (fencingToken ? `${fencingToken}` : '–') },
];

const clientsTable = (caption, empty, columns, after) =>
  new Table({
    caption,
    empty,
    key: ({ connectionId }) => connectionId,
    columns: [...columns, { name: '', actions: true, make: () => closing(after, ({ connectionId }) => connectionId) }],
  });
