// Channels: which members are reached under which local address, the state of all members, and the open tunnels.

import { actions } from '../actions.js';
import { get, path } from '../api.js';
import { attentionOf } from '../attention.js';
import { el, setChildren, setText } from '../dom.js';
import { plural } from '../format.js';
import { Live } from '../live.js';
import { badge, cardWith, failure, heading, state } from '../parts.js';
import { link } from '../router.js';
import { Table } from '../table.js';
import { drainedBy, drainedText, drainEverywhere, drainHere } from './drains.js';
import { tunnelsTable } from './tunnels.js';

const shown = 200; // tunnels

const tones = { up: 'good', draining: 'warn', suspect: 'bad' };

export function channels(name) {
  const failed = failure();
  const stale = el('p', { class: 'note', hidden: true }, 'The source of the member list does not answer. The list may be out of date.');
  const list = el('div', { class: 'stack' });
  const none = el('p', { class: 'note', hidden: true }, 'No channels are configured on this host.');
  const [members, tunnels] = [membersTable(() => live.now()), tunnelsTable(() => live.now())];
  const more = el('p', { class: 'empty', hidden: true });
  const known = new Map();
  const own = attentionOf(({ kind, id }) => kind === 'Member' || (kind === 'Channel' && (name === undefined || id === name)));
  const rest = el('div', { class: 'stack' }, cardWith('Members', '', members.element), cardWith('Tunnels', '', tunnels.element, more));
  const live = new Live({
    load: () => Promise.all([get('api/channels'), get('api/members'), get('api/tunnels')]),
    show: ([states, found, open]) => {
      failed.hide();
      const wanted = states.filter(({ channel }) => name === undefined || channel === name);
      none.hidden = states.length > 0;
      rest.hidden = states.length === 0;
      stale.hidden = !found.stale;
      setChildren(list, wanted.map((one) => cardOf(known, one)));
      members.update(found.members);
      const mine = open.filter(({ channel }) => name === undefined || channel === name);
      tunnels.update(mine.slice(0, shown));
      more.hidden = mine.length <= shown;
      setText(more, `${mine.length - shown} more tunnels.`);
    },
    fail: failed.show,
  });
  const up = name === undefined ? null : el('a', { href: '#/channels' }, 'All channels');
  return {
    title: name ?? 'Channels',
    elements: [heading(name ?? 'Channels', up), own.element, failed.element, stale, none, list, rest],
    update: () => {
      own.update();
      live.tick();
    },
    close: () => live.close(),
  };
}

function cardOf(known, one) {
  if (!known.has(one.channel)) {
    known.set(one.channel, channelCard(one));
  }

  known.get(one.channel).update(one);
  return known.get(one.channel).element;
}

function channelCard({ channel, connector, type }) {
  const where = el('p', { class: 'empty' });
  const listening = state((one) => (one.listening ? ['Listening', 'good'] : ['Not listening', 'warn']));
  const table = reachTable(channel);
  const element = el(
    'section',
    { class: 'card' },
    el(
      'header',
      {},
      el('h2', {}, el('a', { href: link(['channels', channel]) }, channel)),
      badge(type),
      el('span', { class: 'note' }, `connector ${connector}`),
      el('span', { class: 'aside' }, listening.element),
    ),
    where,
    table.element,
  );
  return {
    element,
    update: (one) => {
      listening.update(one);
      setText(where, sentence(one));
      table.update(one.members);
    },
  };
}

// Describes how a local program uses the channel.
function sentence({ type, ip, port, members }) {
  const place = ip ? `${ip}:${port}` : 'no address yet';
  return type.toLowerCase() === 'request'
    ? `Local clients connect to ${place} and reach one of ${plural(members.length, 'member')}.`
    : `The local server listens on ${place}. Each member has its own local address, under which it is reached and from which it connects.`;
}

const reachTable = (channel) =>
  new Table({
    caption: `Members that channel ${channel} reaches`,
    key: ({ iid, port }) => `${iid} ${port}`,
    empty: 'No member uses this channel now.',
    columns: [
      { name: 'Member', head: true, id: true, cut: true, text: ({ iid }) => iid },
      { name: 'Local address', tight: true, text: ({ ip, port }) => `${ip}:${port}` },
      { name: 'State', make: () => state((row) => [row.state, tones[row.state] ?? '']) },
      { name: 'Epoch', tight: true, text: ({ epoch }) => epoch },
    ],
  });

const membersTable = (after) =>
  new Table({
    caption: 'Members of the group',
    key: ({ id }) => id,
    empty: 'No other member is known.',
    order: { column: 0, descending: false },
    columns: [
      { name: 'Member', head: true, id: true, cut: true, sort: ({ id }) => id, text: ({ id }) => id },
      { name: 'State', make: () => state(memberState) },
      { name: 'Local address', tight: true, text: ({ localAddress }) => localAddress },
      { name: 'Tunnel', id: true, text: ({ address }) => address },
      { name: 'Role', text: ({ role }) => role ?? '–' },
      { name: 'Zone', text: ({ zone }) => zone ?? '–' },
      { name: 'Connectors', id: true, text: ({ connectors }) => connectors.map(connectorText).join('; ') },
      { name: 'Drained', id: true, text: (row) => (row.drained ? `${drainedText(row).toLowerCase()} ${drainedBy(row)}`.trim() : '–') },
      { name: '', actions: true, make: () => actions(...draining(after)) },
    ],
  });

const memberState = (row) => (row.drained && row.state === 'up' ? ['drained', 'warn'] : [row.state, tones[row.state] ?? '']);

function draining(after) {
  const what = {
    gets: 'new tunnels',
    goesOn: () => 'Open tunnels continue, and clients that name the member by its local address still reach it.',
    where: ({ id }) => path('members', id),
    after,
  };
  return [drainHere(what), drainEverywhere(what)];
}

const connectorText = ({ name, serves, duplex, ports }) =>
  `${name} (${[serves ? 'serves' : 'calls', duplex ? 'by name' : null, ports.length > 0 ? ports.join(', ') : null].filter(Boolean).join(', ')})`;
