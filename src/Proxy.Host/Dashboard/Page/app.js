// Starts the page: the stream fills the store, and each change of the store updates the view that the URL's hash names.

import { get } from './api.js';
import { conditions } from './conditions.js';
import { setAttribute, setClass, setText, el } from './dom.js';
import { listen, showHelp } from './keys.js';
import { news } from './news.js';
import { parse } from './router.js';
import { say } from './say.js';
import { store } from './store.js';
import { EventStream } from './stream.js';
import { viewFor } from './views.js';

const stream = new EventStream('api/events');
const [main, link, banner, pause] = ['main', 'link', 'banner', 'pause'].map((id) => document.getElementById(id));
let view = null;
let paused = false;
let connection = 'connecting';
let lost = null;
let filled = false;

function show(moved) {
  const { parts, query } = parse(location.hash);
  view?.close?.();
  view = viewFor(parts, query);
  main.replaceChildren(...view.elements);
  document.title = `${view.title} · Proxy.Host`;
  for (const anchor of document.querySelectorAll('#nav a')) {
    const first = parse(anchor.getAttribute('href')).parts[0];
    setAttribute(anchor, 'aria-current', first === parts[0] ? 'page' : null);
  }

  view.start?.();
  if (store.snapshot) {
    view.update?.(store.snapshot);
  }

  if (moved) {
    scrollTo(0, 0);
    main.querySelector('h1')?.focus({ preventScroll: true });
  }
}

function showLink() {
  const words = { live: 'Live', connecting: 'Connecting…', stopped: 'Stopped', lost: 'Connection lost' };
  const tone = { live: 'live', lost: 'lost' }[connection] ?? 'wait';
  const text = connection === 'live' && paused ? 'Paused' : words[connection];
  if (link.textContent !== text) {
    link.replaceChildren(el('span', { class: `dot ${paused && connection === 'live' ? 'wait' : tone}` }), text);
  }

  banner.hidden = connection !== 'lost';
  if (!banner.hidden && lost) {
    const seconds = Math.max(0, Math.ceil((lost.until - Date.now()) / 1000));
    setText(banner.querySelector('.why'), `Connection lost: ${lost.reason} ${store.status?.draining ? 'The host was stopping. ' : ''}`);
    setText(banner.querySelector('.when'), seconds > 0 ? `Retrying in ${seconds} s.` : 'Retrying…');
  }
}

function changed({ detail }) {
  const { state } = detail;
  if (state === 'lost') {
    lost = detail;
  }

  if (state !== connection) {
    filled &&= state === 'live'; // the page has missed what happened since
    if (state === 'live' && connection === 'lost') {
      say('Connected to the host again.');
    }

    connection = state;
  }

  showLink();
}

function togglePause() {
  paused = !paused;
  setText(pause, paused ? 'Resume' : 'Pause');
  setAttribute(pause, 'aria-pressed', String(paused));
  showLink();
  if (!paused && store.snapshot) {
    view.update?.(store.snapshot);
  }
}

banner.append(
  el('strong', { class: 'why' }),
  el('span', { class: 'when' }),
  el('button', { type: 'button', class: 'small', onclick: () => stream.retry() }, 'Retry now'),
);
pause.addEventListener('click', togglePause);
document.getElementById('help').addEventListener('click', showHelp);
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault(); // the hash names the view, so a link must not change it
  main.focus();
});

// The host has kept what happened before the page was opened, and while it was not connected.
async function fill() {
  filled = true;
  try {
    store.fill((await get('api/history')).samples);
  } catch {
    // Without it, the charts begin now.
  }
}

store.addEventListener('change', ({ detail: { snapshot, previous } }) => {
  conditions.update(snapshot);
  document.getElementById('fleet').hidden = !snapshot.fleet;
  if (!filled) {
    fill();
  }

  news(snapshot, previous).forEach(say);
  if (!paused) {
    view.update?.(snapshot);
  }
});
stream.addEventListener('snapshot', ({ detail }) => store.add(detail));
stream.addEventListener('state', changed);
addEventListener('hashchange', () => show(true));
setInterval(showLink, 1000);
setClass(document.documentElement, 'scripted');
listen();
show(false);
showLink();
stream.start();
