// The part of a route's view for the mode Multiplex: upstream connections, requests in flight, clients and errors of each destination.

import { get, path } from '../api.js';
import { action, closing } from '../actions.js';
import { el, setChildren, setText } from '../dom.js';
import { count, duration, time } from '../format.js';
import { Live } from '../live.js';
import { badge, facts, failure, state } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';

const shown = 200; // clients of one destination

export function multiplex({ id, clusterId }) {
  const failed = failure();
  const list = el('div', { class: 'stack' });
  const known = new Map();
  const mine = (session) => session.clusterId === clusterId || session.clients.some(({ routeId }) => routeId === id);
  const live = new Live({
    load: () => get('api/multiplex'),
    show: (found) => {
      failed.hide();
      const sessions = found.filter(mine).map((session) => {
        const key = JSON.stringify([session.clusterId, session.destinationId, session.address]);
        if (!known.has(key)) {
          known.set(key, sessionCard(session, () => live.now()));
        }

        known.get(key).update(session);
        return known.get(key).element;
      });
      setChildren(list, sessions);
    },
    fail: failed.show,
  });
  return { elements: [failed.element, list], update: () => live.tick(), close: () => live.close() };
}

function sessionCard({ clusterId, destinationId, address, protocol }, after) {
  const summary = facts('Upstream', 'Clients', 'Waiting requests', 'In flight', 'Next attempt', 'Suspended units');
  const upstream = state(stateOf);
  const renew = renewal(clusterId, destinationId, after);
  const exchanges = exchangesTable();
  const clients = clientsTable(after);
  const errors = errorsTable();
  const more = el('p', { class: 'empty', hidden: true });
  const element = el(
    'section',
    { class: 'card' },
    el(
      'header',
      {},
      el('h2', { class: 'id' }, `${clusterId} / ${destinationId}`),
      el('span', { class: 'note id' }, address),
      badge(protocol),
      el('span', { class: 'aside' }, upstream.element, ' ', renew.element),
    ),
    el('div', { class: 'pad' }, summary.element),
    part('In flight', exchanges.element),
    part('Clients', clients.element, more),
    part('Recent errors', errors.element),
  );
  return {
    element,
    update: (session) => {
      const flying = session.upstreams.flatMap(({ exchanges: list }) => list);
      upstream.update(session);
      renew.update(session);
      summary.update(
        session.upstreams.map(({ state: now, age }) => (age > 0 ? `${now}, ${duration(age)}` : now)).join('; ') || 'Not connected',
        count(session.clients.length),
        count(session.queued),
        count(session.upstreams.reduce((sum, { inFlight }) => sum + inFlight, 0)),
        session.retryIn > 0 ? `in ${duration(session.retryIn)}` : '–',
        session.suspendedUnits.join(', ') || '–',
      );
      exchanges.update(flying);
      clients.update(session.clients.slice(0, shown));
      more.hidden = session.clients.length <= shown;
      setText(more, `${count(session.clients.length - shown)} more clients.`);
      errors.update(session.errors);
    },
  };
}

const part = (title, ...children) => [el('h3', {}, title), ...children];

function stateOf({ isRetired, upstreams, retryIn }) {
  const states = upstreams.map(({ state: now }) => now);
  return isRetired
    ? ['No longer configured', 'warn']
    : states.some((now) => now === 'Ready' || now === 'Resting')
      ? ['Connected', 'good']
      : states.includes('Connecting')
        ? ['Connecting', 'warn']
        : retryIn > 0
          ? ['Unreachable', 'bad']
          : ['Idle', ''];
}

const renewal = (cluster, destination, after) =>
  action({
    label: () => ({ text: 'Renew connections', name: `Renew connections to ${destination}` }),
    ask: () => ({
      title: `Renew the connections to ${destination}?`,
      text: 'Each upstream connection is replaced once its requests in flight are answered. Waiting requests are sent on the new connections.',
      action: 'Renew',
    }),
    run: () => ({ method: 'POST', where: path('multiplex', cluster, destination, 'renew'), done: `The connections to ${destination} are being renewed.` }),
    after,
  });

const connectionLink = {
  sort: ({ connectionId }) => connectionId,
  text: ({ connectionId }) => connectionId,
  link: ({ connectionId }) => link(['connections', connectionId]),
  tight: true,
  head: true,
};

const exchangesTable = () =>
  new Table({
    caption: 'Exchanges in flight',
    key: ({ connectionId, unit, age }) => `${connectionId} ${unit} ${age}`,
    empty: 'No request is in flight.',
    columns: [
      { name: 'Connection', ...connectionLink },
      { name: 'Unit', numeric: true, text: ({ unit }) => unit ?? '–' },
      { name: 'Sharing the reply', numeric: true, text: ({ sharing }) => count(sharing) },
      { name: 'Age', numeric: true, text: ({ age }) => duration(age) },
    ],
  });

const clientsTable = (after) =>
  new Table({
    caption: 'Clients',
    key: ({ connectionId }) => connectionId,
    empty: 'No client is connected.',
    order: { column: 0, descending: false },
    columns: [
      { name: 'Connection', ...connectionLink },
      { name: 'Client', id: true, text: ({ client }) => client ?? '–' },
      { name: 'Route', id: true, text: ({ routeId }) => routeId ?? '–', link: ({ routeId }) => link(['routes', routeId ?? '']) },
      { name: 'Waiting', numeric: true, text: ({ queued }) => count(queued) },
      { name: 'In flight', numeric: true, text: ({ inFlight }) => count(inFlight) },
      { name: '', actions: true, make: () => closing(after, ({ connectionId }) => connectionId) },
    ],
  });

const errorsTable = () =>
  new Table({
    caption: 'Reasons why upstream connections were lost or not established, the newest first',
    key: ({ at, reason }) => `${at} ${reason}`,
    empty: 'None.',
    columns: [
      { name: 'Reason', head: true, id: true, text: ({ reason }) => reason },
      { name: 'Times in a row', numeric: true, text: ({ times }) => count(times) },
      { name: 'Last', numeric: true, text: ({ at }) => time(at) },
    ],
  });
