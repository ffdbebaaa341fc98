// Single-key shortcuts. They can be switched off (WCAG 2.1.4) and are ignored while a field has the focus.

import { help } from './dialogs.js';

const setting = 'proxy.keys';
const places = {
  o: ['', 'Overview'],
  r: ['routes', 'Routes'],
  c: ['clusters', 'Clusters'],
  n: ['connections', 'Connections'],
  h: ['channels', 'Channels'],
  f: ['configuration', 'Configuration'],
  e: ['fleet', 'Fleet'],
  a: ['about', 'About'],
};

let leading = false;

const enabled = () => localStorage.getItem(setting) !== 'off';

export const showHelp = () =>
  help(
    [
      ...Object.entries(places).map(([key, [, name]]) => [['g', key], `Go to ${name}`]),
      [['/'], 'Go to the filter of this view'],
      [['p'], 'Pause or resume updates'],
      [['t'], 'Change the theme'],
      [['?'], 'Show this help'],
      [['Esc'], 'Close a dialog'],
    ],
    enabled(),
    (on) => localStorage.setItem(setting, on ? 'on' : 'off'),
  );

const actions = {
  '/': () => document.querySelector('main input[type="search"]')?.focus(),
  p: () => document.getElementById('pause').click(),
  t: () => document.getElementById('theme').click(),
  '?': showHelp,
};

const isField = (target) => target instanceof Element && target.matches('input, textarea, select, [contenteditable]');

export function listen() {
  document.addEventListener('keydown', (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || document.querySelector('dialog[open]');
    if (busy || !enabled()) {
      leading = false;
      return;
    }

    const place = leading ? places[event.key] : undefined;
    leading = event.key === 'g' && !leading;
    if (place) {
      event.preventDefault();
      location.hash = `#/${place[0]}`;
    } else if (!leading && actions[event.key]) {
      event.preventDefault();
      actions[event.key]();
    }
  });
}
