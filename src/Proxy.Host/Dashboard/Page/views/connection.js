// One open connection.

import { get, path } from '../api.js';
import { closing } from '../actions.js';
import { el } from '../dom.js';
import { bytes, duration, time } from '../format.js';
import { Live } from '../live.js';
import { card, facts, failure, heading } from '../parts.js';

export function connection(id) {
  const failed = failure();
  const close = closing(() => live.now());
  const [addresses, traffic, times] = [
    facts('Client', 'Local address', 'Endpoint', 'Route', 'Cluster', 'Destination'),
    facts('Phase', 'From client', 'To client'),
    facts('Since', 'Age', 'Queued', 'Connecting', 'Connected'),
  ];
  const body = el(
    'div',
    { class: 'columns', hidden: true },
    [['Addresses', addresses], ['Traffic', traffic], ['Times', times]].map(([title, { element }]) => card(title, el('div', { class: 'pad' }, element))),
  );
  const live = new Live({
    load: () => get(path('connections', id)),
    show: (found) => {
      failed.hide();
      body.hidden = close.element.hidden = false;
      close.update(found);
      addresses.update(found.client, found.local, found.endpoint, found.route, found.cluster, found.destination);
      traffic.update(found.phase, bytes(found.bytesIn), bytes(found.bytesOut));
      times.update(time(found.startedAt), duration(found.age), duration(found.queued), duration(found.connecting), duration(found.connected));
    },
    fail: (error) => {
      close.element.hidden = true;
      failed.show(error.status === 404 ? new Error(`Connection ${id} is no longer open.`) : error);
    },
  });
  close.element.hidden = true;
  return {
    title: `Connection ${id}`,
    elements: [heading(`Connection ${id}`, el('a', { href: '#/connections' }, 'All connections'), el('span', { class: 'aside' }, close.element)), failed.element, body],
    update: () => live.tick(),
    close: () => live.close(),
  };
}
