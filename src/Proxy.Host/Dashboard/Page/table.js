// A table that keeps the elements of a row for as long as its key exists. An update changes only cells whose values differ, so that
// focus and selection stay. On a narrow screen each row is a card (parts.css), which is why the roles are written out: a browser forgets
// them where a table is laid out otherwise.

import { el, keepFocus, setAttribute, setClass, setText } from './dom.js';
import { setId } from './ids.js';

/**
 * columns: { name, text(row) | make() → { element, update(row) }, link(row), head, numeric, tight, id, cut, tone(row), sort(row) }
 * most: how many rows are shown, of all that are sorted. id: its words may break anywhere; cut: it is one id, and is cut in the middle if it is long.
 */
export class Table {
  #columns;
  #key;
  #rows = new Map();
  #last = [];
  #order;
  #body = el('tbody', { role: 'rowgroup' });
  #heads;
  #scroll;
  #empty;
  #most;
  // A table that scrolls must be reachable by keyboard; one that does not should not be a tab stop.
  #width = new ResizeObserver(() => {
    setAttribute(this.#scroll, 'tabindex', this.#scroll.scrollWidth > this.#scroll.clientWidth ? '0' : null);
  });

  constructor({ caption, columns, key, empty, order, layout, most = Infinity }) {
    this.#most = most;
    this.#columns = columns;
    this.#key = key;
    this.#order = order ?? null;
    this.#heads = columns.map((column, index) => this.#head(column, index));
    const head = el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, this.#heads));
    const table = el('table', { class: layout, role: 'table' }, el('caption', { class: 'unseen' }, caption), head, this.#body);
    this.#scroll = el('div', { class: 'scroll', role: 'region', 'aria-label': caption }, table);
    this.#width.observe(this.#scroll);
    this.#width.observe(table);
    this.#empty = el('p', { class: 'empty' }, empty ?? 'Nothing.');
    this.element = el('div', {}, this.#scroll, this.#empty);
    this.update([]);
  }

  update(rows) {
    this.#last = rows;
    const known = this.#rows;
    this.#rows = new Map();
    const wanted = this.#sorted(rows).slice(0, this.#most).map((row) => {
      const key = this.#key(row);
      const line = known.get(key) ?? this.#line();
      this.#rows.set(key, line);
      line.update(row);
      return line.element;
    });
    keepFocus(() => {
      wanted.forEach((element, index) => {
        if (this.#body.children[index] !== element) {
          this.#body.insertBefore(element, this.#body.children[index] ?? null);
        }
      });
      while (this.#body.children.length > wanted.length) {
        this.#body.lastElementChild.remove();
      }
    });
    this.#scroll.hidden = rows.length === 0;
    this.#empty.hidden = rows.length > 0;
  }

  #sorted(rows) {
    const by = this.#order && this.#columns[this.#order.column].sort;
    if (!by) {
      return rows;
    }

    const sign = this.#order.descending ? -1 : 1;
    return rows
      .map((row) => [by(row), row])
      .sort(([a], [b]) => sign * compare(a, b))
      .map(([, row]) => row);
  }

  #head(column, index) {
    const head = el('th', { scope: 'col', role: 'columnheader', class: [styleOf(column), column.sort && 'sorts'].filter(Boolean).join(' ') || null });
    if (!column.sort) {
      head.append(column.name ? column.name : el('span', { class: 'unseen' }, 'Actions'));
      return head;
    }

    head.append(el('button', { type: 'button', onclick: () => this.#sortBy(index) }, column.name));
    this.#mark(head, index);
    return head;
  }

  #sortBy(index) {
    const again = this.#order?.column === index;
    this.#order = { column: index, descending: again ? !this.#order.descending : Boolean(this.#columns[index].numeric) };
    this.#heads.forEach((head, i) => this.#mark(head, i));
    this.update(this.#last);
  }

  #mark(head, index) {
    const sorted = this.#order?.column === index;
    setAttribute(head, 'aria-sort', sorted ? (this.#order.descending ? 'descending' : 'ascending') : null);
  }

  #line() {
    const cells = this.#columns.map(cellOf);
    return {
      element: el('tr', { role: 'row' }, cells.map((cell) => cell.element)),
      update: (row) => cells.forEach((cell) => cell.update(row)),
    };
  }
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a ?? ''), String(b ?? '')));

const styleOf = ({ numeric, narrow, tight, id, actions }) =>
  [numeric && 'num', narrow && 'narrow', tight && 'tight', id && 'id', actions && 'actions'].filter(Boolean).join(' ') || null;

function cellOf(column) {
  const cell = el(column.head ? 'th' : 'td', {
    scope: column.head ? 'row' : null,
    role: column.head ? 'rowheader' : 'cell',
    class: styleOf(column),
    'data-label': column.name || null,
  });
  if (column.make) {
    const made = column.make();
    cell.append(made.element);
    return { element: cell, update: made.update };
  }

  const inner = column.link || column.tone || column.cut ? el(column.link ? 'a' : 'span') : null;
  if (inner) {
    cell.append(inner);
  }

  const update = (row) => {
    (column.cut ? setId : setText)(inner ?? cell, column.text(row));
    if (column.link) {
      setAttribute(inner, 'href', column.link(row));
    }

    if (column.tone) {
      setClass(inner, column.tone(row) ?? '');
    }
  };
  return { element: cell, update };
}
