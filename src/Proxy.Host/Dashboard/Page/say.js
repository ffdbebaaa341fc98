// Announces changes to screen readers, and shows the results of actions as short notes.

import { el, setText } from './dom.js';

const shownFor = 6000; // milliseconds

/** Announces a change of state; changes of numbers would be too many. */
export function say(text) {
  setText(document.getElementById('says'), text);
}

export function toast(text, failed = false) {
  say(text);
  const note = el('p', { class: failed ? 'failed' : 'done' }, text);
  document.getElementById('toasts').append(note);
  setTimeout(() => note.remove(), failed ? 2 * shownFor : shownFor);
}
