// What needs attention, the worst first: groups of conditions on the overview, and the conditions of one thing on its page.

import { causeOf, conditions, pageOf, titleOf, toneOf } from './conditions.js';
import { el, setAttribute, setChildren, setClass, setText } from './dom.js';
import { duration, plural, time } from './format.js';
import { link } from './router.js';

const examples = 3; // ids named in a group

// Causes before what follows from them.
const order = ['Resource', 'Listener', 'Engine', 'Fleet', 'Configuration', 'Certificate', 'Member', 'Channel', 'Destination', 'Device', 'Lock', 'Route', 'Cluster', 'Endpoint', 'Limit', 'Unit', 'Log'];
const rank = ({ level, kind }) => (level === 'Down' ? 0 : 100) + order.indexOf(kind);

const all = ({ kind, level, reason }) => link(['health'], { kind, level, reason });

/** The rows of the overview: { key, tone, label, title, cause, error, since, links }. */
export function rowsOf(snapshot) {
  return [...hostRows(snapshot), ...groupRows(snapshot), ...drainedRows(snapshot), ...forgottenRows(snapshot)];
}

function hostRows({ status }) {
  if (status.draining) {
    const cause = `${plural(status.connections.open, 'open connection')} may continue until their drain timeout`;
    return [{ key: 'stopping', tone: 'warn', label: 'Stopping', title: 'The host is stopping', cause, links: [['Connections', link(['connections'])]] }];
  }

  return status.ready ? [] : [{ key: 'starting', tone: 'warn', label: 'Starting', title: 'The host is not ready yet', links: [['Configuration', link(['configuration'])]] }];
}

// Clusters are degraded or down because of their destinations, and units are part of their devices: they are told in the row of these. Only if
// destinations are down for several reasons, clusters without any destination have a row.
function groupRows(snapshot) {
  const { groups } = snapshot.health;
  const has = (kind) => groups.some((group) => group.kind === kind);
  const several = groups.filter(({ kind, level }) => kind === 'Destination' && level === 'Down').length > 1;
  return groups
    .filter(({ kind, level }) => (kind === 'Cluster' ? several && level === 'Down' : !(kind === 'Unit' && has('Device'))))
    .sort((a, b) => rank(a) - rank(b))
    .map((group, index, shown) => groupRow(group, snapshot, !several && shown.findIndex(({ kind }) => kind === group.kind) === index));
}

function groupRow(group, snapshot, isFirst) {
  const members = conditions.filter(({ kind, level, reason }) => kind === group.kind && level === group.level && reason === group.reason);
  const one = group.count === 1 ? members[0] : undefined;
  return {
    key: `${group.kind} ${group.level} ${group.reason}`,
    tone: toneOf(group.level),
    label: group.level,
    title: titleOf(group, one?.id),
    cause: [group.kind === 'Cluster' ? 'no destination is left' : causeOf(group), ...(isFirst || group.kind !== 'Destination' ? follows(group, snapshot) : [])].join('; '),
    error: group.lastError,
    since: group.since,
    links: one
      ? [[one.reason === 'Rejected' ? 'Show in the file' : 'Details', pageOf(one, snapshot)]]
      : [...members.slice(0, examples).map((member) => [member.id, pageOf(member, snapshot)]), [`All ${group.count}`, all(group)]],
  };
}

// What a fault means for what it is part of.
function follows({ kind, level }, { health, status, rejectedCount }) {
  const sum = (wanted) => health.groups.filter(wanted).reduce((total, { count }) => total + count, 0);
  if (kind === 'Configuration') {
    return rejectedCount > 0 ? [`${plural(rejectedCount, 'error')}, and revision ${status.revision?.id ?? '–'} is running`] : [];
  }

  const clusters = kind === 'Destination' && level === 'Down' ? sum((one) => one.kind === 'Cluster' && one.level === 'Down') : 0;
  const units = kind === 'Device' ? sum((one) => one.kind === 'Unit') : 0;
  return [
    clusters > 0 && `${plural(clusters, 'cluster')} ${clusters === 1 ? 'has' : 'have'} no destination left`,
    units > 0 && `${plural(units, 'unit')} ${units === 1 ? 'is' : 'are'} suspended`,
  ].filter(Boolean);
}

// What an operator has drained is as it should be, and easily forgotten.
function drainedRows({ clusters }) {
  const drained = clusters.notable.filter((one) => one.drained);
  if (drained.length === 0) {
    return [];
  }

  const [first] = drained;
  const title = drained.length === 1 ? `Destination ${first.destination} of cluster ${first.cluster} is drained` : `${plural(drained.length, 'destination')} are drained`;
  const where = [...new Set(drained.map(({ cluster }) => cluster))];
  const links = [...where.slice(0, examples).map((cluster) => [`Cluster ${cluster}`, link(['clusters', cluster])]), ...(where.length > examples ? [['All clusters', link(['clusters'])]] : [])];
  const forAll = drained.filter((one) => one.drainedForAll).length;
  const cause = ['no new connections and requests until undrain', forAll > 0 && (drained.length === 1 ? 'drained for all hosts' : `${forAll} of them for all hosts`)];
  return [{ key: 'drained', tone: '', label: 'Drained', title, cause: cause.filter(Boolean).join('; '), links }];
}

const long = 24 * 60 * 60 * 1000; // milliseconds after which a drain for all hosts has probably been forgotten

function forgottenRows({ fleet }) {
  const old = (fleet?.drains ?? []).filter(({ by }) => by.at && Date.now() - new Date(by.at) > long);
  if (old.length === 0) {
    return [];
  }

  const [first] = old;
  const what = first.member ? `Member ${first.member}` : `Destination ${first.destination} of cluster ${first.cluster}`;
  const title = old.length === 1 ? `${what} has been drained for all hosts for more than a day` : `${plural(old.length, 'drain')} for all hosts are older than a day`;
  const cause = 'it lasts, also over restarts, until it is ended for all hosts';
  return [{ key: 'forgotten', tone: 'warn', label: 'Drained', title, cause, since: first.by.at, links: [['Fleet', link(['fleet'])]] }];
}

/** Rows of things that need attention; each keeps its element as long as its key exists. */
export function attention(label) {
  const list = el('ul', { class: 'notices', 'aria-label': label });
  const known = new Map();
  return {
    element: list,
    update: (rows) => {
      const keys = new Set(rows.map(({ key }) => key));
      [...known.keys()].filter((key) => !keys.has(key)).forEach((key) => known.delete(key));
      setChildren(
        list,
        rows.map((row) => {
          if (!known.has(row.key)) {
            known.set(row.key, lineOf());
          }

          known.get(row.key).update(row);
          return known.get(row.key).element;
        }),
      );
      list.hidden = rows.length === 0;
    },
  };
}

function lineOf() {
  const [level, title, since, cause, links] = [el('span'), el('strong'), el('span', { class: 'note' }), el('span', { class: 'cause' }), el('span', { class: 'links' })];
  const element = el('li', {}, level, el('div', {}, el('div', { class: 'what' }, title, since), cause), links);
  let shown = '';
  return {
    element,
    update: (row) => {
      setText(level, row.label);
      setClass(level, `state ${row.tone}`);
      setText(title, row.title);
      setText(since, sinceText(row.since));
      setText(cause, [sentence(row.cause), row.error].filter(Boolean).join(': '));
      cause.hidden = cause.textContent === '';
      const wanted = JSON.stringify(row.links ?? []);
      if (wanted !== shown) {
        shown = wanted;
        setChildren(links, (row.links ?? []).map(([text, where]) => el('a', { href: where, title: text }, text)));
      }
    },
  };
}

const sentence = (text) => text && text[0].toUpperCase() + text.slice(1);

/** "since 03:00:05 (12 min 10 s)". */
export const sinceText = (since) => (since ? `since ${time(since)} (${duration(Math.max(0, (Date.now() - new Date(since)) / 1000))})` : '');

/** The conditions of one thing, for its page. belongs(condition) → whether it is shown. */
export function attentionOf(belongs) {
  const { element, update } = attention('Needs attention');
  setAttribute(element, 'class', 'notices card');
  element.hidden = true;
  return {
    element,
    update: () =>
      update(
        leading(conditions.filter(belongs)).map((one) => ({
          key: `${one.kind} ${one.id} ${one.reason}`,
          tone: toneOf(one.level),
          label: one.level,
          title: titleOf(one, one.id),
          cause: causeOf(one),
          error: one.lastError,
          since: one.since,
        })),
      ),
  };
}

// Without those that only follow from others in the list.
const leading = (list) => list.filter(({ kind }) => !(kind === 'Cluster' && list.some((one) => one.kind === 'Destination')) && kind !== 'Unit');

/** Whether a condition is about a cluster, or about something in it. */
export const ofCluster = (cluster) => {
  const inside = `${cluster}/`;
  const tls = `ReverseProxy:Clusters:${cluster}:Tcp:Tls:`;
  return ({ kind, id }) => (kind === 'Cluster' && id === cluster) || (kind === 'Certificate' && id.startsWith(tls)) || (['Destination', 'Device', 'Unit'].includes(kind) && id.startsWith(inside));
};
