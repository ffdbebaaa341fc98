// Asks for the bearer token. Several requests can be refused at once; one dialog serves them all.

import { el } from './dom.js';

let asking = null;

export function askToken(refused) {
  asking ??= ask(refused).finally(() => {
    asking = null;
  });
  return asking;
}

function ask(refused) {
  const field = el('input', { type: 'password', name: 'token', autocomplete: 'current-password', required: true, id: 'token' });
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'token-title' }, 'Token'),
    el('p', { class: 'note' }, 'Enter the token from the configuration of this host (Admin:Token). The browser keeps it until this tab is closed.'),
    refused ? el('p', { class: 'bad', role: 'alert' }, 'The host did not accept this token.') : null,
    el('label', {}, 'Token', field),
    el('div', { class: 'buttons' }, el('button', { class: 'primary', type: 'submit' }, 'Continue')),
  );
  const dialog = el('dialog', { 'aria-labelledby': 'token-title' }, form);
  // The dialog cannot be cancelled: without the token the page has nothing to show.
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      dialog.close();
      dialog.remove();
      resolve(field.value.trim());
    });
    dialog.addEventListener('close', () => {
      if (dialog.isConnected) {
        dialog.showModal(); // browsers close a dialog at the second Escape, even if its cancel event is prevented
      }
    });
  });
}
