// Clusters with the health of their destinations; draining destinations and closing their connections.

import { get } from '../api.js';
import { attentionOf, ofCluster } from '../attention.js';
import { el, setChildren, setText } from '../dom.js';
import { plural } from '../format.js';
import { Live } from '../live.js';
import { total } from '../outcomes.js';
import { badge, failure, heading } from '../parts.js';
import { link } from '../router.js';
import { destinationsTable, isDown, withDevices } from './destinations.js';
import { meanOf } from './http.js';
import { origination } from './tls.js';

const shown = 100; // cards at once

export function clusters(id) {
  const failed = failure();
  const list = el('div', { class: 'stack' });
  const none = el('p', { class: 'note', hidden: true });
  const field = el('input', { type: 'search', 'aria-label': 'Filter clusters', placeholder: 'Filter  /' });
  const known = new Map();
  const own = attentionOf(id === undefined ? () => false : ofCluster(id));
  let found = [];

  const refresh = () => {
    const text = field.value.trim().toLowerCase();
    const wanted = found.filter((cluster) => (id === undefined ? matches(cluster, text) : cluster.id === id));
    setChildren(list, wanted.slice(0, shown).map((cluster) => cardOf(known, cluster, () => live.now())));
    none.hidden = wanted.length > 0 && wanted.length <= shown;
    setText(none, wanted.length > shown ? `${wanted.length - shown} more clusters; use the filter to see them.` : id === undefined ? 'No cluster matches the filter.' : `There is no cluster ${id}.`);
  };
  const live = new Live({
    load: () => get('api/clusters'),
    show: (answer) => {
      failed.hide();
      found = answer;
      refresh();
    },
    fail: failed.show,
  });
  field.addEventListener('input', refresh);
  const aside = id === undefined ? el('span', { class: 'aside' }, field) : el('a', { href: '#/clusters' }, 'All clusters');
  return {
    title: id ?? 'Clusters',
    elements: [heading(id ?? 'Clusters', aside), own.element, failed.element, list, none],
    update: () => {
      own.update();
      live.tick();
    },
    close: () => live.close(),
  };
}

const requestsOf = ({ requests }) =>
  requests && `${plural(total(requests.ended) + requests.open, 'request')}, ${requests.failed} of them failed, ${meanOf(requests)} on average`;

const matches = (cluster, text) =>
  cluster.id.toLowerCase().includes(text) || cluster.destinations.some(({ id, address }) => `${id} ${address}`.toLowerCase().includes(text));

function cardOf(known, cluster, after) {
  if (!known.has(cluster.id)) {
    known.set(cluster.id, clusterCard(cluster, after));
  }

  known.get(cluster.id).update(cluster);
  return known.get(cluster.id).element;
}

function clusterCard({ id }, after) {
  const table = destinationsTable(id, after);
  const [policy, summary, tls] = [badge(''), el('span', { class: 'aside note' }), origination()];
  const element = el(
    'section',
    { class: 'card' },
    el('header', {}, el('h2', { class: 'id' }, el('a', { href: link(['clusters', id]) }, id)), policy, summary),
    tls.element,
    table.element,
  );
  return {
    element,
    update: (cluster) => {
      setText(policy, cluster.policy ?? 'default policy');
      const destinations = withDevices(cluster);
      const bad = destinations.filter(isDown).length;
      const drained = cluster.destinations.filter((one) => one.drained).length;
      setText(summary, [plural(cluster.destinations.length, 'destination'), bad && `${bad} down`, drained && `${drained} drained`, requestsOf(cluster)].filter(Boolean).join(', '));
      tls.update(cluster.tls);
      table.update(destinations);
    },
  };
}
