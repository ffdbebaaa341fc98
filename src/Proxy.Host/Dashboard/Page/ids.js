// Ids: a long one is cut in the middle, so that its beginning and its end can be told from others. It is whole when the pointer is on it,
// when it has the focus, and for screen readers.

import { el, setAttribute, setText } from './dom.js';

const longest = 32;
const [head, tail] = [17, 12];
const shown = new WeakMap();

/** Shows an id in an element that has nothing else. An element that is no link can get the focus while its id is cut. */
export function setId(node, text) {
  const id = String(text ?? '');
  if (shown.get(node) === id) {
    return;
  }

  shown.set(node, id);
  const signs = [...id];
  const isLong = signs.length > longest;
  if (isLong) {
    const cut = `${signs.slice(0, head).join('')}…${signs.slice(-tail).join('')}`;
    node.replaceChildren(el('span', { class: 'cut', 'aria-hidden': 'true' }, cut), el('span', { class: 'whole' }, id));
  } else {
    setText(node, id);
  }

  setAttribute(node, 'data-long', isLong ? '' : null);
  setAttribute(node, 'title', isLong ? id : null);
  setAttribute(node, 'tabindex', isLong && node.localName !== 'a' ? '0' : null);
}
