// The process: version, memory, garbage collection, threads, event loops and log levels.

import { get, path } from '../api.js';
import { action } from '../actions.js';
import { attentionOf } from '../attention.js';
import { el } from '../dom.js';
import { bytes, count, duration, share, time, version } from '../format.js';
import { Live } from '../live.js';
import { card, cardWith, facts, failure, heading } from '../parts.js';
import { Table } from '../table.js';
import { levelForm } from './levels.js';

const stuck = 0.05; // seconds; the connections of a loop wait while one of its turns takes longer

export function about() {
  const failed = failure();
  const host = facts('Version', 'Started', 'Up', 'Process', 'Changes from this page', 'Access log lines dropped');
  const load = facts('Processor', 'Memory', 'Managed heap', 'Collections (gen 0, 1, 2)', 'Paused by collections', 'Thread pool');
  const loops = loopsTable();
  const levels = levelsTable(() => live.now());
  const live = new Live({
    load: () => get('api/log-levels'),
    show: (found) => {
      failed.hide();
      levels.update(found);
    },
    fail: failed.show,
  });
  let before = null;
  const own = attentionOf(({ kind }) => kind === 'Resource' || kind === 'Log');
  return {
    title: 'About',
    elements: [
      heading('About'),
      own.element,
      card('Host', el('div', { class: 'pad' }, host.element)),
      card('Process', el('div', { class: 'pad' }, load.element)),
      cardWith('Event loops', 'one thread each, for TCP connections', loops.element),
      cardWith('Log levels', 'a change ends after the chosen time', failed.element, levels.element, levelForm(() => live.now())),
    ],
    update: ({ status }) => {
      own.update();
      host.update(
        version(status.version),
        time(status.startedAt),
        duration(status.uptime),
        count(status.process.id).replaceAll(',', ''),
        status.allowChanges ? 'allowed' : 'not allowed (Admin:AllowChanges)',
        count(status.accessLog.dropped),
      );
      showLoad(load, status, before);
      before = status;
      loops.update(status.process.loops);
      live.tick();
    },
    close: () => live.close(),
  };
}

function showLoad(load, { process, uptime }, before) {
  const spent = before && uptime > before.uptime ? (process.cpuSeconds - before.process.cpuSeconds) / (uptime - before.uptime) : null;
  const { gc, threadPool } = process;
  load.update(
    spent === null ? `${duration(process.cpuSeconds)} in all` : `${Math.round(100 * spent)} % of one core, ${duration(process.cpuSeconds)} in all`,
    bytes(process.workingSetBytes),
    bytes(gc.heapBytes),
    gc.collections.map(count).join(', '),
    `${duration(gc.pauseSeconds)}, ${share(gc.pauseSeconds, uptime)}`,
    `${count(threadPool.threads)} threads, ${count(threadPool.queued)} waiting`,
  );
}

const loopsTable = () =>
  new Table({
    caption: 'Event loops',
    key: ({ index }) => index,
    empty: 'The portable transport is in use; it has no event loops.',
    columns: [
      { name: 'Loop', head: true, text: ({ index }) => index },
      { name: 'Connections', numeric: true, text: ({ connections }) => count(connections) },
      { name: 'Turns over 50 ms', numeric: true, text: ({ heldTurns }) => count(heldTurns) },
      {
        name: 'Running turn',
        numeric: true,
        text: ({ turn }) => (turn < stuck ? 'none or short' : duration(turn)),
        tone: ({ turn }) => (turn < stuck ? '' : 'bad'),
      },
    ],
  });

const levelsTable = (after) =>
  new Table({
    caption: 'Log levels',
    key: ({ category }) => category,
    empty: 'No log levels are set.',
    columns: [
      { name: 'Category', head: true, id: true, text: ({ category }) => category },
      { name: 'Level', text: ({ level }) => level },
      { name: 'Until', text: ({ until }) => (until ? time(until) : 'as configured') },
      { name: '', actions: true, make: () => reset(after) },
    ],
  });

function reset(after) {
  const made = action({
    label: ({ category }) => ({ text: 'Reset', name: `Reset the level of ${category}` }),
    run: ({ category }) => ({ method: 'DELETE', where: path('log-levels', category), done: `${category} is logged as configured.` }),
    after,
  });
  return {
    element: made.element,
    update: (row) => {
      made.element.hidden = !row.until;
      made.update(row);
    },
  };
}
