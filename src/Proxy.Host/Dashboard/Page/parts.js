// Elements that several views use.

import { el, setClass, setText } from './dom.js';

export const card = (title, ...children) => el('section', { class: 'card' }, el('header', {}, el('h2', {}, title)), children);

/** A card with a text or element at the right end of its header. */
export const cardWith = (title, aside, ...children) =>
  el('section', { class: 'card' }, el('header', {}, el('h2', {}, title), el('span', { class: 'aside note' }, aside)), children);

export const heading = (title, ...rest) => el('div', { class: 'heading' }, el('h1', { tabindex: '-1' }, title), rest);

/** A list of names with values. update takes the values in the order of the names. */
export function facts(...names) {
  const values = names.map(() => el('dd'));
  const list = el('dl', { class: 'facts' }, names.map((name, i) => el('div', {}, el('dt', {}, name), values[i])));
  return { element: list, update: (...texts) => texts.forEach((text, i) => setText(values[i], text ?? '–')) };
}

/** A large number with a line under it. */
export function tile(name) {
  const [title, big, under] = [el('dt', {}, name), el('div', { class: 'big' }, '–'), el('div', { class: 'under' })];
  return {
    element: el('div', {}, title, el('dd', {}, big, under)),
    rename: (text) => setText(title, text),
    update: (value, more = '', tone = '') => {
      setText(big, value);
      setText(under, more);
      setClass(big, `big ${tone}`.trim());
    },
  };
}

/** A state as text with a coloured dot. of(row) → [text, tone]. */
export function state(of) {
  const element = el('span');
  return {
    element,
    update: (row) => {
      const [text, tone] = of(row);
      setText(element, text);
      setClass(element, `state ${tone}`);
    },
  };
}

export const badge = (text) => el('span', { class: 'badge' }, text);

/** The error message of a view whose data could not be read. */
export function failure() {
  const element = el('p', { class: 'empty bad', role: 'alert', hidden: true });
  return {
    element,
    show: (error) => {
      setText(element, error.message);
      element.hidden = false;
    },
    hide: () => {
      element.hidden = true;
    },
  };
}
