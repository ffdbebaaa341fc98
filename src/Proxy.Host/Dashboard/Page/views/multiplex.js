// The part of a route's view for the mode Multiplex: upstream connections, requests in flight, clients and errors of each destination.

import { get, path } from '../api.js';
import { sinceText } from '../attention.js';
import { causeOf } from '../conditions.js';
import { action, closing } from '../actions.js';
import { el, setChildren, setText } from '../dom.js';
import { count, duration, share, time } from '../format.js';
import { Live } from '../live.js';
import { badge, facts, failure, state } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';

const shown = 200; // clients of one destination

export function multiplex({ id, clusterId }) {
  const failed = failure();
  const list = el('div', { class: 'stack' });
  const known = new Map();
  let failures = null;
  const mine = (session) => session.clusterId === clusterId || session.clients.some(({ routeId }) => routeId === id);
  const live = new Live({
    load: () => get('api/multiplex'),
    show: (found) => {
      failed.hide();
      const own = found.filter(mine);
      failures = own.flatMap(({ requests }) => Object.entries(requests)).reduce((sum, [outcome, times]) => sum + (toneOfRequest(outcome) === 'bad' ? times : 0), 0);
      const sessions = own.map((session) => {
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
  return { elements: [failed.element, list], failed: () => failures, update: () => live.tick(), close: () => live.close() };
}

function sessionCard({ clusterId, destinationId, address, protocol }, after) {
  const summary = facts('Upstream', 'Clients', 'Waiting requests', 'In flight', 'Next attempt', 'Suspended');
  const upstream = state(stateOf);
  const renew = renewal(clusterId, destinationId, after);
  const [requests, suspended] = [requestsTable(), suspendedTable()];
  const isSuspended = el('div', {}, part('Suspended', suspended.element));
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
    isSuspended,
    part('Requests', requests.element),
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
        session.suspended.map(({ name }) => name).join(', ') || '–',
      );
      const all = Object.values(session.requests).reduce((sum, times) => sum + times, 0);
      requests.update(Object.entries(session.requests).map(([outcome, times]) => ({ outcome, times, all })));
      isSuspended.hidden = session.suspended.length === 0;
      suspended.update(session.suspended);
      exchanges.update(flying);
      clients.update(session.clients.slice(0, shown));
      more.hidden = session.clients.length <= shown;
      setText(more, `${count(session.clients.length - shown)} more clients.`);
      errors.update(session.errors);
    },
  };
}

const part = (title, ...children) => [el('h3', {}, title), ...children];

// A device that accepts connections and is mute is connected, and yet down.
function stateOf({ isRetired, upstreams, retryIn, condition }) {
  if (condition && condition.level !== 'Ok') {
    return [`${condition.level}: ${causeOf(condition)}`, condition.level === 'Down' ? 'bad' : 'warn'];
  }

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

// The outcomes of requests, by what they mean for a client.
const ends = {
  Answered: ['good', 'The device answered, or got a request that has no reply.'],
  Shared: ['good', 'It shared the exchange of the same read.'],
  Cached: ['good', 'It was answered from the cache.'],
  DeviceException: ['warn', "The device answered with the protocol's error."],
  Denied: ['warn', 'The route does not allow it.'],
  Dropped: ['', 'Its client had gone, or did not take the reply.'],
  NoAnswer: ['bad', 'The device did not answer in time, or its connection was lost.'],
  Suspended: ['bad', 'It failed at once, since the device or its unit is suspended.'],
  NoPath: ['bad', 'The device could not be connected.'],
  QueueFull: ['bad', 'Too many requests waited, or it waited too long.'],
};

const toneOfRequest = (outcome) => ends[outcome]?.[0] ?? 'bad';

const requestsTable = () =>
  new Table({
    caption: 'Requests since the first client, by outcome',
    key: ({ outcome }) => outcome,
    empty: 'No request has ended yet.',
    columns: [
      { name: 'Outcome', head: true, make: () => state(({ outcome }) => [outcome, toneOfRequest(outcome)]) },
      { name: 'Requests', numeric: true, sort: ({ times }) => times, text: ({ times }) => count(times) },
      { name: 'Share', numeric: true, text: ({ times, all }) => share(times, all) },
      { name: 'Meaning', text: ({ outcome }) => ends[outcome]?.[1] ?? '' },
    ],
  });

const suspendedTable = () =>
  new Table({
    caption: 'Units and requests that fail at once, since they were not answered',
    key: ({ name }) => name,
    empty: 'None.',
    columns: [
      { name: 'Name', head: true, id: true, text: ({ name }) => name },
      { name: 'Unanswered in a row', numeric: true, text: ({ probes }) => count(probes) },
      { name: 'Since', numeric: true, text: ({ since }) => sinceText(since).replace('since ', '') },
    ],
  });

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
      { name: 'Route', id: true, cut: true, text: ({ routeId }) => routeId ?? '–', link: ({ routeId }) => link(['routes', routeId ?? '']) },
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
