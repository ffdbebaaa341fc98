// What is wrong, as the host says it in /api/conditions, and the words for it. Every page reads the same conditions.

import { get } from './api.js';
import { plural } from './format.js';
import { Live } from './live.js';
import { link } from './router.js';

const often = 5000; // milliseconds between two requests for all conditions, where the stream does not have all of them

const kinds = {
  Route: 'route',
  Cluster: 'cluster',
  Destination: 'destination',
  Device: 'device',
  Unit: 'unit',
  Lock: 'lock',
  Channel: 'channel',
  Member: 'member',
  Listener: 'address',
  Certificate: 'certificate',
  Log: 'log',
  Configuration: 'part of the configuration',
  Resource: 'resource',
  Limit: 'limit',
  Endpoint: 'endpoint',
  Fleet: 'host',
  Engine: 'engine',
};

const several = { address: 'addresses', 'part of the configuration': 'parts of the configuration' };

const causes = {
  ConnectFailed: 'connecting fails',
  CheckFailed: 'active checks fail',
  TakenOut: 'passive checks have taken it out',
  ClientsFail: 'clients fail',
  DestinationsDown: 'destinations are down',
  NoDestination: 'it has no destination, or all are drained',
  Drained: 'drained by an operator while it did not work',
  NoAnswer: 'requests are not answered',
  Suspended: 'requests fail at once, since earlier ones were not answered',
  ConnectionLost: 'connections are lost or cannot be made',
  RequestsFail: 'requests fail',
  QueueFull: 'the queue is full, or was in the last minute',
  Paused: 'paused by an operator',
  ActivationFailed: 'hooks or dials of activations fail',
  Suspect: 'it does not answer',
  Gone: 'lost without leaving',
  RegistryUnreachable: 'the registry does not answer, so members may be out of date',
  EngineUnreachable: 'the engine does not answer, or refuses',
  NotListening: 'a local address cannot be bound',
  BindFailed: 'an edit waits, since its address cannot be bound',
  Rejected: 'the last good configuration runs on',
  RestartNeeded: 'edited, and takes effect only after a restart',
  OutOfDate: 'may be out of date, since the engine does not answer',
  FileReplaced: 'its file was replaced at the host of its bind mount, so edits do not arrive',
  ExpiresSoon: 'it ends soon',
  Expired: 'it has ended',
  NotYetValid: 'it is not valid yet, or the clock here is wrong',
  Unreadable: 'it cannot be read',
  LinesLost: 'lines were lost in the last minutes: its file or pipe is too slow',
  AcceptingPaused: 'no client is accepted, since descriptors are used up',
  NearLimit: 'nearly used up',
  NoLocalPort: 'dials found no free local port in the last minutes',
  LimitReached: 'clients were refused in the last minute',
  SourcesFull: 'more sources of clients are connected than are told apart',
  InstanceTaken: 'another process is registered under the same id',
  EngineUnreachable: 'it does not answer',
  LeaseLost: 'this host has no lease, so its keys are gone',
  EngineRefused: 'it refuses what this host asks, as without a right or with a full disk',
  DocumentDiffers: 'another host has run a newer document for more than five minutes',
};

/** The cause in words; a reason that this page does not know, from a newer host, as it is. */
export const causeOf = ({ reason }) => causes[reason] ?? reason;

export const toneOf = (level) => ({ Down: 'bad', Degraded: 'warn' })[level] ?? 'good';

/** "Destination mail/a is down", "20 destinations in 10 clusters are down". */
export function titleOf({ kind, level, reason, count, clusters }, id) {
  if (reason === 'Rejected') {
    return 'The last edit was rejected';
  }

  const word = kinds[kind] ?? kind;
  const how = level.toLowerCase();
  if (id !== undefined) {
    return `${word[0].toUpperCase()}${word.slice(1)} ${id} is ${how}`;
  }

  const where = clusters > 0 ? ` in ${plural(clusters, 'cluster')}` : '';
  return `${count === 1 ? `1 ${word}` : plural(count, word).replace(`${word}s`, several[word] ?? `${word}s`)}${where} ${count === 1 ? 'is' : 'are'} ${how}`;
}

/** The cluster of "cluster/destination"; either id may contain a slash, so the known clusters decide. */
export function clusterOf(id, snapshot) {
  const known = (snapshot?.routes.items ?? []).map(({ clusterId }) => clusterId).filter((one) => one && id.startsWith(`${one}/`));
  return known.length > 0 ? known.reduce((a, b) => (b.length > a.length ? b : a)) : id.split('/')[0];
}

/** The route of a limit: of "route/key", as keys have no slash. */
export const routeOf = (id) => id.slice(0, id.lastIndexOf('/'));

/** The hash of the page of what a condition is about. */
export function pageOf({ kind, id, reason }, snapshot) {
  switch (kind) {
    case 'Route':
    case 'Lock':
      return link(['routes', id]);
    case 'Limit':
      return link(['routes', routeOf(id)]);
    case 'Cluster':
      return link(['clusters', id]);
    case 'Destination':
      return link(['clusters', clusterOf(id, snapshot)]);
    case 'Device':
    case 'Unit': {
      const cluster = clusterOf(id, snapshot);
      const route = snapshot?.routes.items.find(({ clusterId, mode }) => clusterId === cluster && mode === 'Multiplex');
      return route ? link(['routes', route.id]) : link(['clusters', cluster]);
    }
    case 'Certificate': {
      const [, owner, name] = /^ReverseProxy:(TcpRoutes|Clusters):(.+?)(?::Tcp)?:Tls:/.exec(id) ?? [];
      return owner ? link([owner === 'Clusters' ? 'clusters' : 'routes', name]) : link(['configuration']);
    }
    case 'Channel':
      return link(['channels', id]);
    case 'Member':
      return link(['channels']);
    case 'Fleet':
      return link(['fleet']);
    case 'Log':
    case 'Resource':
      return link(['about']);
    default:
      return reason === 'RestartNeeded' ? link(['configuration', 'difference']) : link(['configuration']);
  }
}

const levels = ['Ok', 'Degraded', 'Down'];

/** The worse of two levels. */
export const worse = (one, other) => (levels.indexOf(other) > levels.indexOf(one) ? other : one);

class Conditions {
  #list = [];
  #snapshot = null;
  #ofRoutes = new Map();
  #ofClusters = new Map();
  #live = new Live({ load: () => get('api/conditions'), show: ({ conditions }) => this.#keep(conditions), every: often });

  /** The stream has the worst fifty; if there are more, all are read. */
  update(snapshot) {
    this.#snapshot = snapshot;
    const { health } = snapshot;
    if (health.down + health.degraded <= health.conditions.length) {
      this.#keep(health.conditions);
    } else {
      this.#live.tick();
    }
  }

  /** How well a route works, with its lock, its limits, its cluster and its devices. */
  levelOf({ id, clusterId }) {
    return worse(this.#ofRoutes.get(id) ?? 'Ok', this.#ofClusters.get(clusterId) ?? 'Ok');
  }

  #keep(list) {
    this.#list = list;
    this.#ofRoutes = new Map();
    this.#ofClusters = new Map();
    for (const { kind, id, level } of list) {
      const levelsOf = { Route: this.#ofRoutes, Lock: this.#ofRoutes, Limit: this.#ofRoutes, Cluster: this.#ofClusters, Device: this.#ofClusters }[kind];
      const key = kind === 'Device' ? clusterOf(id, this.#snapshot) : kind === 'Limit' ? routeOf(id) : id;
      levelsOf?.set(key, worse(levelsOf.get(key) ?? 'Ok', level));
    }
  }

  filter(wanted) {
    return this.#list.filter(wanted);
  }

  find(kind, id) {
    return this.#list.find((one) => one.kind === kind && one.id === id);
  }
}

export const conditions = new Conditions();
