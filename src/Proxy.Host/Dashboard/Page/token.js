// Asks for the bearer token. Many requests may be refused at once; one dialog answers them all.

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
    el('p', { class: 'note' }, 'This host asks for the token of its configuration (Admin:Token). It stays in this tab until it is closed.'),
    refused ? el('p', { class: 'bad', role: 'alert' }, 'That token was refused.') : null,
    el('label', {}, 'Token', field),
    el('div', { class: 'buttons' }, el('button', { class: 'primary', type: 'submit' }, 'Continue')),
  );
  const dialog = el('dialog', { 'aria-labelledby': 'token-title' }, form);
  // There is nothing to see without it.
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
        dialog.showModal(); // a second Escape closes a dialog whatever its page wants
      }
    });
  });
}
