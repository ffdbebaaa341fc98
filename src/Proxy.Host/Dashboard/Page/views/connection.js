// One connection, as long as it is open.

import { get, path } from '../api.js';
import { closing } from '../actions.js';
import { el } from '../dom.js';
import { bytes, duration, time } from '../format.js';
import { Live } from '../live.js';
import { card, facts, failure, heading } from '../parts.js';

export function connection(id) {
  const failed = failure();
  const close = closing(() => live.now());
  const [who, what, when] = [
    facts('Client', 'Local address', 'Endpoint', 'Route', 'Cluster', 'Destination'),
    facts('Phase', 'From client', 'To client'),
    facts('Since', 'Age', 'Queued', 'Connecting', 'Connected'),
  ];
  const body = el(
    'div',
    { class: 'columns', hidden: true },
    [['Who', who], ['What', what], ['When', when]].map(([title, { element }]) => card(title, el('div', { class: 'pad' }, element))),
  );
  const live = new Live({
    load: () => get(path('connections', id)),
    show: (found) => {
      failed.hide();
      body.hidden = close.element.hidden = false;
      close.update(found);
      who.update(found.client, found.local, found.endpoint, found.route, found.cluster, found.destination);
      what.update(found.phase, bytes(found.bytesIn), bytes(found.bytesOut));
      when.update(time(found.startedAt), duration(found.age), duration(found.queued), duration(found.connecting), duration(found.connected));
    },
    fail: (error) => {
      close.element.hidden = true;
      failed.show(error.status === 404 ? new Error(`Connection ${id} is not open any more.`) : error);
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
