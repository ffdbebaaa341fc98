// One route: its numbers and charts, and below them the part for its mode.

import { get, path } from '../api.js';
import { attentionOf, ofCluster } from '../attention.js';
import { Chart } from '../chart.js';
import { routeOf } from '../conditions.js';
import { el } from '../dom.js';
import { bytes, bytesRate, count, perSecond, plural } from '../format.js';
import { Live } from '../live.js';
import { failures } from '../outcomes.js';
import { badge, failure, heading, tile } from '../parts.js';
import { link } from '../router.js';
import { countsOf, pick, store } from '../store.js';
import { forward } from './forward.js';
import { lock } from './lock.js';
import { http, meanOf } from './http.js';
import { multiplex } from './multiplex.js';
import { termination } from './tls.js';
import { tunnelled } from './tunnelled.js';

const modes = { Http: http, Lock: lock, Multiplex: multiplex };

export function route(id) {
  const failed = failure();
  const tiles = ['Open connections', 'New connections', 'From clients', 'To clients', 'Failed'].map(tile);
  const charts = [
    new Chart({
      title: 'Traffic',
      series: [{ name: 'From clients', tone: 'in' }, { name: 'To clients', tone: 'out' }],
      format: bytesRate,
      integers: true,
    }),
    new Chart({ title: 'Open at a time', series: [{ name: 'Open', tone: 'in' }], format: count, integers: true }),
  ];
  const numbers = el(
    'div',
    { class: 'stack' },
    el('dl', { class: 'card tiles' }, tiles.map(({ element }) => element)),
    el('div', { class: 'columns' }, charts.map(({ element }) => element)),
  );
  const connections = el('a', { href: link(['connections'], { route: id }) }, 'Connections of this route');
  const [kind, about, mode] = [el('span'), el('p', { class: 'note' }), el('div', { class: 'mode' })];
  const tls = termination();
  let part = null;
  let cluster = () => false;
  const ofItsTls = (one) => one.kind === 'Certificate' && one.id.startsWith(`ReverseProxy:TcpRoutes:${id}:Tls:`);
  const own = attentionOf((one) => (['Route', 'Lock'].includes(one.kind) && one.id === id) || (one.kind === 'Limit' && routeOf(one.id) === id) || ofItsTls(one) || cluster(one));
  const live = new Live({
    load: () => get(path('routes', id)),
    show: (found) => {
      failed.hide();
      part ??= begin(found);
      part.update?.(found);
      tls.update(found.tls);
      showNumbers(tiles, found, part.failed);
    },
    fail: failed.show,
  });

  function begin(found) {
    kind.replaceChildren(badge(found.mode));
    if (found.requests) {
      tiles[0].rename('Open requests');
      tiles[1].rename('New requests');
    }

    cluster = found.clusterId ? ofCluster(found.clusterId) : cluster;
    about.replaceChildren(...whereTo(found));
    connections.hidden = found.mode === 'Http'; // a connection carries requests of many routes
    const made = (found.connector ? tunnelled : (modes[found.mode] ?? forward))(found);
    mode.replaceChildren(...made.elements);
    return made;
  }

  return {
    title: id,
    elements: [
      heading(id, kind, el('span', { class: 'aside' }, el('a', { href: link(['ends'], { filter: id }) }, 'Last failures'), ' · ', connections)),
      about,
      own.element,
      failed.element,
      numbers,
      tls.element,
      mode,
    ],
    update: () => {
      own.update();
      charts[0].update(store.rates(pick.of(id, pick.bytesIn), pick.of(id, pick.bytesOut)));
      charts[1].update(store.levels(pick.of(id, pick.open)));
      live.tick();
    },
    close: () => {
      live.close();
      part?.close?.();
      charts.forEach((chart) => chart.close());
    },
  };
}

function whereTo(found) {
  const target = found.connector
    ? ['connector ', el('a', { href: '#/channels' }, found.connector)]
    : ['cluster ', el('a', { href: link(['clusters', found.clusterId]) }, found.clusterId ?? '–')];
  const endpoints = (found.endpoints ?? []).join(', ');
  const unit = found.requests ? `. Counted are requests, which take ${meanOf(found.requests)} on average, instead of connections.` : '.';
  return [endpoints ? `Listens on ${endpoints}, leads to ` : 'Leads to ', ...target, unit];
}

function showNumbers([open, opened, received, sent, failed], found, requests) {
  const rate = (choose) => store.rate(pick.of(found.id, choose));
  const counts = countsOf(found);
  open.update(count(counts.open), `${count(counts.total)} have ended`);
  opened.update(`${perSecond(rate(pick.opened))}/s`, `${count(counts.open + counts.total)} since the start`);
  received.update(bytesRate(rate(pick.bytesIn)), `${bytes(counts.bytesIn)} since the start`);
  sent.update(bytesRate(rate(pick.bytesOut)), `${bytes(counts.bytesOut)} since the start`);
  if (requests) {
    const unserved = requests() ?? 0;
    failed.rename('Failed requests');
    failed.update(count(unserved), `${plural(counts.failed, 'connection')} failed`, unserved + counts.failed > 0 ? 'bad' : '');
    return;
  }

  const worst = Object.entries(counts.ended ?? {}).filter(([name]) => failures({ [name]: 1 }) > 0).sort((a, b) => b[1] - a[1])[0];
  failed.update(count(counts.failed), worst?.[1] > 0 ? `mostly ${worst[0]}` : 'since the start', counts.failed > 0 ? 'bad' : '');
}
