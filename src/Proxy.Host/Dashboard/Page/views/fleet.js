// The fleet: which configuration and which shared documents each host runs, and what all hosts drain.

import { get } from '../api.js';
import { attentionOf, sinceText } from '../attention.js';
import { toneOf } from '../conditions.js';
import { el, setText } from '../dom.js';
import { plural, time, version } from '../format.js';
import { Live } from '../live.js';
import { card, cardWith, facts, failure, heading, state } from '../parts.js';
import { Table } from '../table.js';
import { endForAll, nameOf, whoOf } from './drains.js';

export function fleet() {
  const failed = failure();
  const stale = el('p', { class: 'note', hidden: true });
  const own = attentionOf(({ kind }) => kind === 'Fleet');
  const summary = facts('This host', 'Hosts', 'Revision of most', 'Shared documents');
  const note = el('span');
  const [hosts, drains] = [hostsTable(), drainsTable(() => live.now())];
  const rest = el(
    'div',
    { class: 'stack' },
    card('Fleet', el('div', { class: 'pad' }, summary.element)),
    cardWith('Hosts', note, hosts.element),
    cardWith('Drained by all hosts', 'until it is ended for all of them', drains.element),
  );
  const live = new Live({
    load: () => get('api/fleet'),
    show: (found) => {
      failed.hide();
      rest.hidden = false;
      stale.hidden = !found.staleSince;
      setText(stale, `The engine does not answer, ${sinceText(found.staleSince)}. What is shown may be out of date.`);
      const usual = found.hosts.filter(({ revision }) => revision === found.usualRevision && revision).length;
      summary.update(
        found.instance,
        String(found.hosts.length),
        found.usualRevision ? `${found.usualRevision}, at ${usual} of ${plural(found.hosts.length, 'host')}` : 'none: each differs',
        found.documents.map(documentText).join('; ') || 'none',
      );
      const behind = found.hosts.filter((host) => host.behind.length > 0).length;
      setText(note, behind > 0 ? `${plural(behind, 'host')} behind` : found.documents.length > 0 ? 'all run the newest documents' : '');
      hosts.update(found.hosts.map((host) => ({ ...host, isThis: host.instance === found.instance, usual: found.usualRevision })));
      drains.update(found.drains);
    },
    fail: (error) => {
      rest.hidden = error.status === 404;
      failed.show(error);
    },
  });
  return {
    title: 'Fleet',
    elements: [heading('Fleet'), own.element, failed.element, stale, rest],
    update: () => {
      own.update();
      live.tick();
    },
    close: () => live.close(),
  };
}

const documentText = ({ name, newest, hosts, behind }) => `${name}: revision ${newest}, at ${hosts - behind} of ${plural(hosts, 'host')}`;

const hostsTable = () =>
  new Table({
    caption: 'Hosts of the fleet',
    key: ({ instance }) => instance,
    empty: 'No host is registered.',
    order: { column: 0, descending: false },
    columns: [
      { name: 'Host', head: true, id: true, sort: ({ instance }) => instance, text: ({ instance, isThis }) => (isThis ? `${instance} (this host)` : instance) },
      { name: 'State', sort: (host) => stateOf(host)[0], make: () => state(stateOf) },
      { name: 'Version', id: true, sort: (host) => host.version, text: (host) => (host.version ? version(host.version) : 'unknown') },
      {
        name: 'Revision',
        tight: true,
        sort: ({ revision }) => revision,
        text: ({ revision, usual }) => (revision ? `${revision}${differs({ revision, usual }) ? ' (differs)' : ''}` : 'none'),
        tone: (host) => (differs(host) ? 'warn' : ''),
      },
      { name: 'Since', text: ({ appliedAt }) => time(appliedAt) },
      {
        name: 'Documents',
        id: true,
        text: ({ documents, behind }) => documents.map((one) => `${one.name} ${one.revision}${behind.includes(one.name) ? ' (behind)' : ''}`).join(', ') || '–',
        tone: ({ behind }) => (behind.length > 0 ? 'warn' : ''),
      },
      { name: 'Behind', text: ({ behindSince }) => sinceText(behindSince) || '–' },
      { name: 'Started', text: ({ startedAt }) => time(startedAt) },
      { name: 'Admin', id: true, text: ({ adminAddress }) => adminAddress ?? '–' },
    ],
  });

// Where no configuration is that of most, each host has settings of its own.
const differs = ({ revision, usual }) => Boolean(usual) && revision !== usual;

function stateOf({ draining, rejectedSince, level, version: known }) {
  if (!known) {
    return ['Unknown', 'warn'];
  }

  return draining ? ['Stopping', 'warn'] : rejectedSince ? [`${level}, edit rejected`, level === 'Down' ? 'bad' : 'warn'] : [level, toneOf(level)];
}

const drainsTable = (after) =>
  new Table({
    caption: 'What all hosts drain',
    key: nameOf,
    empty: 'Nothing is drained for all hosts.',
    columns: [
      { name: 'What', head: true, id: true, text: nameOf },
      { name: 'Since', text: ({ by }) => sinceText(by.at) || 'unknown' },
      { name: 'By', id: true, text: ({ by }) => whoOf(by) },
      { name: '', actions: true, make: () => endForAll(after) },
    ],
  });
