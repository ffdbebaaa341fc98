// Configuration documents: text with line numbers and with each problem below its line, and differences.

import { el } from '../dom.js';
import { plural, time } from '../format.js';
import { cardWith } from '../parts.js';
import { Table } from '../table.js';

const shown = 5000; // lines of one document

export function filesOf({ files, rejected, warnings }) {
  return [
    rejected.length > 0 ? problemsCard(`${plural(rejected.length, 'error')} in the last edit`, rejected) : null,
    ...files.map((file) => fileCard(file, rejected, warnings ?? [])),
  ].filter(Boolean);
}

function fileCard({ path, exists, modifiedAt, revision, text }, rejected, warnings) {
  const about = !exists ? 'missing' : revision ? `shared, revision ${revision}` : `changed ${time(modifiedAt)}`;
  const here = (problems) => problems.filter(({ file, line }) => file === path && line);
  const hidden = el('p', { class: 'empty' }, exists ? 'The text is not shown: it is not valid JSON or larger than 4 MiB.' : 'It does not exist.');
  return cardWith(path, about, typeof text === 'string' ? numbered(text, here(rejected), here(warnings)) : hidden);
}

export function problemsCard(title, problems) {
  return el(
    'section',
    { class: 'card' },
    el('header', {}, el('h2', { class: 'bad' }, title)),
    el('ul', { class: 'problems' }, problems.map(({ text, line, file }) => el('li', {}, line && file ? lineLink(text, file, line) : text))),
  );
}

// A button that scrolls to a line, because a link's hash would name another view.
const lineLink = (text, file, line) =>
  el(
    'button',
    {
      type: 'button',
      class: 'as-link',
      onclick: () => document.querySelector(`[data-line="${CSS.escape(`${file}:${line}`)}"]`)?.scrollIntoView({ block: 'center' }),
    },
    text,
  );

/** Text with line numbers, and each problem below its line. */
export function numbered(text, errors, warnings = []) {
  const lines = text.split('\n');
  const at = (problems, number) => problems.filter(({ line }) => line === number);
  const items = lines.slice(0, shown).map((line, index) => {
    const [wrong, odd] = [at(errors, index + 1), at(warnings, index + 1)];
    const file = (wrong[0] ?? odd[0])?.file;
    return el(
      'li',
      { class: wrong.length > 0 ? 'wrong' : odd.length > 0 ? 'odd' : null, 'data-line': file ? `${file}:${index + 1}` : null },
      el('span', {}, line || ' '),
      [...wrong, ...odd].map(({ path, message }) => el('strong', { class: 'problem' }, `${path ? `${path}: ` : ''}${message}`)),
    );
  });
  return el(
    'div',
    {},
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Text with line numbers' }, el('ol', { class: 'lines' }, items)),
    lines.length > shown ? el('p', { class: 'empty' }, `${lines.length - shown} more lines.`) : null,
  );
}

export function runningCard({ document: running, revision, warnings }) {
  const text = typeof running === 'string' ? running : JSON.stringify(running, null, 2);
  const cards = [cardWith(`Revision ${revision ?? '–'}`, 'all files merged; secrets masked', numbered(text, []))];
  return warnings?.length > 0 ? [problemsCard('Warnings', warnings), ...cards] : cards;
}

export const differenceCard = (difference) => [
  cardWith('Running and on disk', '', differenceTable(difference, 'onDisk', 'On disk', 'None: the files on disk equal the running configuration.')),
];

export function differenceTable(difference, other, name, empty) {
  const value = (found) => (found === null || found === undefined ? 'absent' : typeof found === 'string' ? found : JSON.stringify(found));
  const table = new Table({
    caption: `Differences between the running configuration and ${name.toLowerCase()}`,
    key: ({ path }) => path,
    empty,
    columns: [
      { name: 'Key', head: true, id: true, text: ({ path }) => path },
      { name: 'Running', id: true, text: ({ running }) => value(running) },
      { name, id: true, text: (row) => value(row[other]) },
    ],
  });
  table.update(difference);
  return table.element;
}
