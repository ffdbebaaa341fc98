// The confirmation dialog and the list of keyboard shortcuts.

import { el } from './dom.js';

let number = 0;

function open(build) {
  const dialog = el('dialog', { 'aria-labelledby': `dialog-${++number}` });
  const opener = document.activeElement;
  return new Promise((resolve) => {
    dialog.append(build((value) => dialog.close(value), `dialog-${number}`));
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (opener?.isConnected) {
        opener.focus();
      }

      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector('[data-first]')?.focus();
  });
}

/** Asks the operator to confirm an action. Cancel has the focus, so that Enter does not confirm by accident. */
export const confirm = ({ title, text, action }) =>
  open((close, id) =>
    el(
      'div',
      {},
      el('h2', { id }, title),
      el('p', {}, text),
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'button', 'data-first': true, onclick: () => close('no') }, 'Cancel'),
        el('button', { type: 'button', class: 'danger', onclick: () => close('yes') }, action),
      ),
    ),
  );

export const help = (keys, enabled, onchange) =>
  open((close, id) =>
    el(
      'div',
      {},
      el('h2', { id }, 'Keyboard shortcuts'),
      el(
        'table',
        {},
        el('caption', { class: 'unseen' }, 'Keyboard shortcuts and their actions'),
        el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Keys'), el('th', { scope: 'col' }, 'Action'))),
        el(
          'tbody',
          {},
          keys.map(([names, does]) =>
            el('tr', {}, el('th', { scope: 'row', class: 'tight' }, names.flatMap((name) => [el('kbd', {}, name), ' '])), el('td', {}, does)),
          ),
        ),
      ),
      el(
        'p',
        {},
        el(
          'label',
          { class: 'check' },
          el('input', { type: 'checkbox', checked: enabled, onchange: (event) => onchange(event.target.checked) }),
          'Single-key shortcuts',
        ),
      ),
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'button', 'data-first': true, onclick: () => close('no') }, 'Close'),
      ),
    ),
  );
