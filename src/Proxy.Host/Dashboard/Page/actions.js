// Buttons that change something. They ask for confirmation, report the result, and say why changes are not allowed.

import { send } from './api.js';
import { confirm } from './dialogs.js';
import { el, setAttribute, setText } from './dom.js';
import { toast } from './say.js';
import { store } from './store.js';

export const readOnly = 'Read-only: Admin:AllowChanges is false in the configuration of this host.';

export const mayChange = () => store.status?.allowChanges === true;

/** label(row) → { text, name }, ask(row) → { title, text, action }, run(row) → { method, where, body, done }. */
export function action({ label, danger, ask, run, after }) {
  let current = null;
  const button = el('button', { type: 'button', class: `small${danger ? ' danger' : ''}` });
  button.hidden = true; // the button has no label until the first update
  const state = () => {
    setAttribute(button, 'aria-disabled', mayChange() ? null : 'true');
    setAttribute(button, 'title', mayChange() ? null : readOnly);
  };
  button.addEventListener('click', async () => {
    if (!mayChange()) {
      toast(readOnly, true);
      return;
    }

    const row = current;
    if (!ask || (await confirm(ask(row)))) {
      await perform(run(row));
      await after?.();
    }
  });
  const update = (row) => {
    current = row;
    const { text, name } = label(row);
    setText(button, text);
    setAttribute(button, 'aria-label', name ?? null);
    button.hidden = false;
    state();
  };
  return { element: button, update };
}

/** Combines several actions into one table cell. */
export function actions(...made) {
  return {
    element: el('span', {}, made.flatMap(({ element }) => [element, ' '])),
    update: (row) => made.forEach((one) => one.update(row)),
  };
}

async function perform({ method, where, body, done }) {
  try {
    const answer = await send(method, where, body);
    toast(typeof done === 'function' ? done(answer) : done);
  } catch (error) {
    toast(error.message, true);
  }
}

/** The action that closes one connection, for all views that list connections. */
export const closing = (after, idOf = (row) => row.id) =>
  action({
    danger: true,
    label: (row) => ({ text: 'Close', name: `Close connection ${idOf(row)}` }),
    ask: (row) => ({
      title: `Close connection ${idOf(row)}?`,
      text: `The connection${row.client ? ` of ${row.client}` : ''} is reset on both sides. Data in transit is lost.`,
      action: 'Close connection',
    }),
    run: (row) => ({ method: 'DELETE', where: `api/connections/${encodeURIComponent(idOf(row))}`, done: `Connection ${idOf(row)} is closed.` }),
    after,
  });
