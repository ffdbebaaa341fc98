// The conditions of a snapshot as notices: one per kind, level and reason, since twenty destinations that are down are one fact.

import { duration, plural } from './format.js';

// Told by notices of their own, or by those of what they consist of.
const told = new Set(['Cluster', 'Unit', 'Configuration', 'Listener', 'Log']);

const nouns = {
  Route: 'route',
  Destination: 'destination',
  Device: 'device',
  Lock: 'lock',
  Channel: 'channel',
  Member: 'member',
  Certificate: 'certificate',
  Resource: 'resource',
};

const words = {
  ConnectFailed: 'cannot be connected',
  CheckFailed: 'active checks fail',
  TakenOut: 'passive health has taken it out',
  ClientsFail: 'clients fail',
  RequestsFail: 'requests fail',
  NoAnswer: 'requests are not answered',
  Suspended: 'some requests fail at once, since they were not answered',
  ConnectionLost: 'connections are lost',
  QueueFull: 'the queue is full',
  Paused: 'paused by an operator',
  ActivationFailed: 'activations fail',
  Suspect: 'does not answer',
  Gone: 'lost without leaving',
  RegistryUnreachable: 'the registry of members does not answer',
  NotListening: 'local clients cannot connect',
  ExpiresSoon: 'near its end',
  Expired: 'over',
  Unreadable: 'cannot be read',
  AcceptingPaused: 'no client is accepted',
  NearLimit: 'nearly used up',
  NoLocalPort: 'no local port was left for a dial',
};

/** The groups of conditions that have no other notice: { key, tone, text, parts }. */
export function healthNotices({ health, status }) {
  const now = Date.parse(status.startedAt) + status.uptime * 1000;
  return health.groups
    .filter(({ kind }) => !told.has(kind))
    .map((group) => ({
      key: `health ${group.kind} ${group.level} ${group.reason}`,
      tone: group.level === 'Down' ? 'bad' : 'warn',
      text: textOf(group, health.conditions.filter((one) => sameAs(one, group)), now),
      parts: partsOf(group, health.conditions.find((one) => sameAs(one, group))),
    }));
}

const sameAs = (one, { kind, level, reason }) => one.kind === kind && one.level === level && one.reason === reason;

function textOf({ kind, level, reason, count, since }, conditions, now) {
  const state = level === 'Down' ? 'down' : 'degraded';
  const noun = nouns[kind] ?? kind;
  const why = words[reason] ?? reason;
  const age = since ? `, since ${duration(Math.max(0, (now - Date.parse(since)) / 1000))}` : '';
  if (count === 1 && conditions.length === 1) {
    const [{ id, lastError }] = conditions;
    return `${noun[0].toUpperCase()}${noun.slice(1)} ${id} is ${state}: ${why}${age}${lastError ? ` (${lastError})` : ''}.`;
  }

  const clusters = new Set(conditions.map(({ id }) => id.split('/')[0])).size;
  const where = kind === 'Destination' && conditions.length === count && clusters > 1 ? ` in ${plural(clusters, 'cluster')}` : '';
  return `${plural(count, noun)}${where} are ${state}: ${why}${age}.`;
}

function partsOf({ kind, count }, first) {
  const one = count === 1 && first ? first.id : null;
  switch (kind) {
    case 'Route':
    case 'Lock':
      return one === null ? ['routes'] : ['routes', one];
    case 'Destination':
    case 'Device':
      return one === null ? ['clusters'] : ['clusters', one.split('/')[0]];
    case 'Channel':
    case 'Member':
      return ['channels'];
    default:
      return ['about'];
  }
}
