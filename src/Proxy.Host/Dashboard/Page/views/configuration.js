// The configuration: the files with the errors of the last edit, the running configuration, differences, and validation of a document.

import { get } from '../api.js';
import { action } from '../actions.js';
import { attentionOf } from '../attention.js';
import { el, setAttribute } from '../dom.js';
import { plural, time } from '../format.js';
import { Live } from '../live.js';
import { failure, facts, heading } from '../parts.js';
import { link } from '../router.js';
import { check } from './check.js';
import { differenceCard, filesOf, runningCard } from './documents.js';

const tabs = { files: 'Files', running: 'Running', difference: 'Difference', validate: 'Validate' };

const loads = {
  files: () => get('api/configuration'),
  running: () => get('api/configuration'),
  difference: () => get('api/configuration/difference'),
};

const shows = { files: filesOf, running: runningCard, difference: differenceCard };

export function configuration(wanted) {
  const tab = Object.hasOwn(tabs, wanted ?? '') ? wanted : 'files';
  const failed = failure();
  const summary = facts('Revision', 'Applied', 'Last edit', 'Not applied yet', 'Needs a restart');
  const content = el('div', { class: 'stack' }, tab === 'validate' ? check() : null);
  const live = new Live({
    load: loads[tab] ?? (async () => null),
    show: (found) => {
      failed.hide();
      if (found) {
        content.replaceChildren(...shows[tab](found));
      }
    },
    fail: failed.show,
  });
  const reload = reloading(() => live.now());
  const own = attentionOf(({ kind }) => ['Configuration', 'Listener', 'Certificate', 'Endpoint'].includes(kind));
  let seen = null;
  const anchors = Object.entries(tabs).map(([name, text]) =>
    setCurrent(el('a', { href: link(name === 'files' ? ['configuration'] : ['configuration', name]) }, text), name === tab),
  );
  return {
    title: 'Configuration',
    elements: [
      heading('Configuration', el('span', { class: 'aside' }, reload.element)),
      own.element,
      el('section', { class: 'card' }, el('div', { class: 'pad first' }, summary.element)),
      el('nav', { class: 'tabs', 'aria-label': 'Parts of the configuration' }, anchors),
      failed.element,
      content,
    ],
    // Documents are loaded again only after a change, not with each snapshot: they are long, and the operator is reading them.
    update: ({ status, rejectedCount }) => {
      own.update();
      reload.update(status);
      summary.update(
        status.revision?.id,
        time(status.revision?.appliedAt),
        rejectedCount > 0 ? `rejected, ${plural(rejectedCount, 'error')}` : 'accepted',
        status.pending ?? 'nothing',
        status.restartNeeded.join(', ') || 'nothing',
      );
      const now = JSON.stringify([status.startedAt, status.revision, status.rejected, status.pending, status.restartNeeded]);
      if (now !== seen) {
        seen = now;
        live.now();
      }
    },
    close: () => live.close(),
  };
}

function setCurrent(anchor, current) {
  setAttribute(anchor, 'aria-current', current ? 'page' : null);
  return anchor;
}

const reloading = (after) =>
  action({
    label: () => ({ text: 'Reload files' }),
    run: () => ({ method: 'POST', where: 'api/configuration/reload', done: 'The files are being reloaded.' }),
    after,
  });

