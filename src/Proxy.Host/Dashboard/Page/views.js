// Chooses the view for a hash. A view is { title, elements, start?, update?(snapshot), close? }.

import { el } from './dom.js';
import { heading } from './parts.js';
import { about } from './views/about.js';
import { channels } from './views/channels.js';
import { clusters } from './views/clusters.js';
import { configuration } from './views/configuration.js';
import { connection } from './views/connection.js';
import { connections } from './views/connections.js';
import { ends } from './views/ends.js';
import { fleet } from './views/fleet.js';
import { health } from './views/health.js';
import { overview } from './views/overview.js';
import { route } from './views/route.js';
import { routes } from './views/routes.js';

const views = {
  routes: ([id], query) => (id === undefined ? routes(query) : route(id)),
  clusters: ([id]) => clusters(id),
  connections: ([id], query) => (id === undefined ? connections(query) : connection(id)),
  channels: ([name]) => channels(name),
  configuration: ([tab]) => configuration(tab),
  fleet: () => fleet(),
  about: () => about(),
  health: (_, query) => health(query),
  ends: (_, query) => ends(query),
};

export function viewFor([first, ...rest], query) {
  if (first === undefined) {
    return overview();
  }

  return Object.hasOwn(views, first) ? views[first](rest, query) : missing(first);
}

const missing = (name) => ({
  title: 'Not found',
  elements: [heading('Not found'), el('p', {}, `There is no view “${name}”. `, el('a', { href: '#/' }, 'Overview'))],
});
