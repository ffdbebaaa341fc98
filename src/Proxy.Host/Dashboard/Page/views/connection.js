// One connection: an open one, or one of the last that were not Completed, of which the host keeps how they ended.

import { get, path } from '../api.js';
import { closing } from '../actions.js';
import { el } from '../dom.js';
import { bytes, count, duration, time } from '../format.js';
import { Live } from '../live.js';
import { meaningOf } from '../outcomes.js';
import { card, facts, failure, heading } from '../parts.js';
import { sessions } from './tls.js';

export function connection(id) {
  const failed = failure();
  const close = closing(() => live.now());
  const [addresses, traffic, times] = [
    facts('Client', 'Local address', 'Endpoint', 'Route', 'Cluster', 'Destination'),
    facts('Phase', 'From client', 'To client', 'Outcome', 'Request', 'Status', 'Reason'),
    facts('Since', 'Age', 'Queued', 'Connecting', 'Connected'),
  ];
  const tls = sessions();
  const body = el(
    'div',
    { class: 'columns', hidden: true },
    [['Addresses', addresses], ['Traffic', traffic], ['Times', times]].map(([title, { element }]) => card(title, el('div', { class: 'pad' }, element))),
  );
  const ended = el('p', { class: 'note', hidden: true });
  const live = new Live({
    load: () => get(path('connections', id)).catch(lost),
    show: (found) => {
      if (found.endedAt) {
        over(found);
        return;
      }

      failed.hide();
      body.hidden = close.element.hidden = false;
      close.update(found);
      addresses.update(found.client, found.local, found.endpoint, found.route, found.cluster, found.destination);
      tls.update(found);
      traffic.update(found.phase, bytes(found.bytesIn), bytes(found.bytesOut));
      times.update(time(found.startedAt), duration(found.age), duration(found.queued), duration(found.connecting), duration(found.connected));
    },
    fail: (error) => {
      close.element.hidden = true;
      failed.show(error.status === 404 ? new Error(`Connection ${id} is no longer open.`) : error);
    },
  });
  // A request's id is that of its connection and a number, and only the former is in the list of open ones.
  async function lost(error) {
    const end = error.status === 404 ? (await get('api/history')).ends.find((one) => one.id === id) : undefined;
    if (!end) {
      throw error;
    }

    return end;
  }

  function over(end) {
    failed.hide();
    body.hidden = ended.hidden = false;
    close.element.hidden = true;
    ended.textContent = `It ended at ${time(end.endedAt)}. ${meaningOf(end.outcome)}`;
    addresses.update(end.client, null, end.endpoint, end.route, end.cluster, end.destination);
    traffic.update('Ended', bytes(end.bytesIn), bytes(end.bytesOut), end.outcome, end.request, end.status && count(end.status), end.reason);
    times.update(time(new Date(new Date(end.endedAt) - end.duration * 1000).toISOString()), duration(end.duration), duration(end.queued), duration(end.connecting), null);
  }

  close.element.hidden = true;
  return {
    title: `Connection ${id}`,
    elements: [heading(`Connection ${id}`, el('a', { href: '#/connections' }, 'All connections'), el('span', { class: 'aside' }, close.element)), ended, failed.element, body, tls.element],
    update: () => (ended.hidden ? live.tick() : undefined), // what has ended does not change
    close: () => live.close(),
  };
}
