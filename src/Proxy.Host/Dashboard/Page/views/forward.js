// The part of a route's view for the modes Forward and Http: the destinations of its cluster.

import { get, path } from '../api.js';
import { Live } from '../live.js';
import { cardWith, failure } from '../parts.js';
import { el } from '../dom.js';
import { link } from '../router.js';
import { destinationsTable, withDevices } from './destinations.js';

export function forward({ clusterId }) {
  const table = destinationsTable(clusterId, () => live.now());
  const failed = failure();
  const live = new Live({
    load: () => get(path('clusters', clusterId)),
    show: (cluster) => {
      failed.hide();
      table.update(withDevices(cluster));
    },
    fail: failed.show,
  });
  return {
    elements: clusterId
      ? [cardWith('Destinations', el('a', { href: link(['clusters', clusterId]) }, `Cluster ${clusterId}`), failed.element, table.element)]
      : [],
    update: () => (clusterId ? live.tick() : undefined),
    close: () => live.close(),
  };
}
