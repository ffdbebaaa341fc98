// What changed, said once: to screen readers politely, and for the results of actions as a short note.

import { el, setText } from './dom.js';

const shownFor = 6000;

/** For changes of state, not for numbers. */
export function say(text) {
  setText(document.getElementById('says'), text);
}

export function toast(text, failed = false) {
  say(text);
  const note = el('p', { class: failed ? 'failed' : 'done' }, text);
  document.getElementById('toasts').append(note);
  setTimeout(() => note.remove(), failed ? 2 * shownFor : shownFor);
}
