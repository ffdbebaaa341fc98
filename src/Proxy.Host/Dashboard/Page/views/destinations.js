// The destinations of a cluster with their health, and the actions of an operator.

import { path } from '../api.js';
import { action, actions } from '../actions.js';
import { count, plural } from '../format.js';
import { state } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';

/** The health of a destination as [text, tone]. */
export function healthOf({ health, drained }) {
  if (drained) {
    return ['Drained', 'warn'];
  }

  return health.active === 'Unhealthy' || health.passive === 'Unhealthy'
    ? ['Unhealthy', 'bad']
    : health.available
      ? ['Available', 'good']
      : ['Unavailable', 'bad'];
}

export const isUnhealthy = (destination) => healthOf(destination)[1] === 'bad';

export const destinationsTable = (cluster, after) =>
  new Table({
    caption: `Destinations of cluster ${cluster}`,
    key: ({ id }) => id,
    empty: 'The cluster has no destinations.',
    layout: 'destinations',
    columns: [
      { name: 'Destination', head: true, id: true, text: ({ id }) => id },
      { name: 'Address', id: true, text: ({ address }) => address },
      { name: 'State', make: () => state(healthOf) },
      { name: 'Active check', text: ({ health }) => health.active },
      { name: 'Passive check', text: ({ health }) => health.passive },
      {
        name: 'Open',
        numeric: true,
        text: ({ connections }) => count(connections),
        link: ({ id }) => link(['connections'], { cluster, destination: id }),
      },
      { name: '', actions: true, make: () => actions(drain(cluster, after), closeAll(cluster, after)) },
    ],
  });

const where = (cluster, { id }, ...more) => path('clusters', cluster, 'destinations', id, ...more);

const drain = (cluster, after) =>
  action({
    label: ({ id, drained }) => (drained ? { text: 'Undrain', name: `Undrain ${id}` } : { text: 'Drain', name: `Drain ${id}` }),
    ask: ({ id, drained, connections }) =>
      drained
        ? { title: `Undrain ${id}?`, text: 'The destination gets new connections again.', action: 'Undrain' }
        : {
            title: `Drain ${id}?`,
            text: `The destination gets no new connections until it is undrained or the host restarts. Open connections (${connections}) continue.`,
            action: 'Drain',
          },
    run: (row) => ({
      method: 'POST',
      where: where(cluster, row, row.drained ? 'undrain' : 'drain'),
      done: row.drained ? `${row.id} gets new connections again.` : `${row.id} is drained.`,
    }),
    after,
  });

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
