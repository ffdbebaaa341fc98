// The destinations of a cluster with their health, and the actions of an operator.

import { path } from '../api.js';
import { action, actions } from '../actions.js';
import { sinceText } from '../attention.js';
import { causeOf, conditions } from '../conditions.js';
import { bytes, count, plural } from '../format.js';
import { state } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';
import { drainedBy, drainedText, drainEverywhere, drainHere } from './drains.js';

/** The state of a destination as [text, tone]. Where it is multiplexed, its device is part of it: one that is mute can be dialed. */
export function stateOf(row) {
  const { level, reason } = worst(row);
  if (level === 'Down') {
    return [row.drained ? `${drainedText(row)}, down` : 'Down', 'bad'];
  }

  if (row.drained) {
    return [drainedText(row), 'warn'];
  }

  return level === 'Degraded'
    ? ['Degraded', 'warn']
    : !row.health.available
      ? ['Unavailable', 'bad']
      : reason === 'NotChecked'
        ? ['Not tried yet', '']
        : ['Available', 'good'];
}

export const isDown = (destination) => stateOf(destination)[1] === 'bad';

const levels = ['Ok', 'Degraded', 'Down'];

const worst = ({ condition, device }) =>
  device && levels.indexOf(device.level) > levels.indexOf(condition?.level) ? device : (condition ?? { level: 'Ok', reason: 'None' });

/** The destinations of a cluster with the conditions of their devices. */
export const withDevices = ({ id, destinations }) =>
  destinations.map((destination) => ({ ...destination, device: conditions.find('Device', `${id}/${destination.id}`) }));

function checksOf({ checks, health }) {
  const results = { Unknown: 'no result yet', Healthy: 'healthy', Unhealthy: 'unhealthy' };
  const one = (name, result) => `${name}: ${results[result] ?? result}`;
  return checks === 'Off'
    ? 'checks off'
    : [checks !== 'Passive' && one('active', health.active), checks !== 'Active' && one('passive', health.passive)].filter(Boolean).join(', ');
}

function errorOf(row) {
  const condition = worst(row);
  const error = condition.level === 'Ok' ? [] : [condition.lastError ?? causeOf(condition), sinceText(condition.since)];
  return [...error, drainedBy(row)].filter(Boolean).join(', ') || '–';
}

export const destinationsTable = (cluster, after) =>
  new Table({
    caption: `Destinations of cluster ${cluster}`,
    key: ({ id }) => id,
    empty: 'The cluster has no destinations.',
    layout: 'destinations',
    columns: [
      { name: 'Destination', head: true, id: true, cut: true, sort: ({ id }) => id, text: ({ id }) => id },
      { name: 'Address', id: true, cut: true, sort: ({ address }) => address, text: ({ address }) => address },
      { name: 'State', sort: (row) => stateOf(row)[0], make: () => state(stateOf) },
      { name: 'Checks', text: checksOf },
      { name: 'Last error', id: true, text: errorOf },
      { name: 'Dials', numeric: true, sort: ({ traffic }) => traffic?.dials ?? 0, text: ({ traffic }) => count(traffic?.dials) },
      {
        name: 'Failed',
        numeric: true,
        sort: ({ traffic }) => traffic?.failedDials ?? 0,
        text: ({ traffic }) => count(traffic?.failedDials),
        tone: ({ traffic }) => (traffic?.failedDials > 0 ? 'bad' : ''),
      },
      {
        name: 'Open',
        numeric: true,
        sort: ({ connections }) => connections,
        text: ({ connections }) => count(connections),
        link: ({ id }) => link(['connections'], { cluster, destination: id }),
      },
      { name: 'From clients', numeric: true, sort: ({ traffic }) => traffic?.bytesIn ?? 0, text: ({ traffic }) => bytes(traffic?.bytesIn) },
      { name: 'To clients', numeric: true, sort: ({ traffic }) => traffic?.bytesOut ?? 0, text: ({ traffic }) => bytes(traffic?.bytesOut) },
      { name: '', actions: true, make: () => actions(...draining(cluster, after), closeAll(cluster, after)) },
    ],
  });

const where = (cluster, { id }, ...more) => path('clusters', cluster, 'destinations', id, ...more);

function draining(cluster, after) {
  const what = {
    gets: 'new connections',
    goesOn: ({ connections }) => `Open connections (${connections}) continue.`,
    where: (row) => where(cluster, row),
    after,
  };
  return [drainHere(what), drainEverywhere(what)];
}

const closeAll = (cluster, after) =>
  action({
    danger: true,
    label: ({ id }) => ({ text: 'Close connections', name: `Close connections of ${id}` }),
    ask: ({ id, connections }) => ({
      title: `Close ${plural(connections, 'connection')} of ${id}?`,
      text: 'Each TCP connection is reset on both sides, and data in transit is lost. HTTP requests continue.',
      action: 'Close connections',
    }),
    run: (row) => ({
      method: 'DELETE',
      where: where(cluster, row, 'connections'),
      done: (answer) => `${plural(answer?.closed ?? 0, 'connection')} of ${row.id} closed.`,
    }),
    after,
  });
