// The form that sets a temporary log level.

import { path, send } from '../api.js';
import { mayChange, readOnly } from '../actions.js';
import { el } from '../dom.js';
import { toast } from '../say.js';

const levels = ['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical', 'None'];
const times = { 300: '5 minutes', 900: '15 minutes', 3600: 'an hour', 86400: 'a day' };

export function levelForm(after) {
  const category = el('input', { name: 'category', value: 'Proxy', required: true, autocomplete: 'off' });
  const level = el('select', { name: 'level' }, levels.map((name) => el('option', { value: name, selected: name === 'Debug' }, name)));
  const span = el('select', { name: 'for' }, Object.entries(times).map(([value, text]) => el('option', { value }, text)));
  const form = el(
    'form',
    { class: 'filters pad', 'aria-label': 'Change a log level' },
    el('label', {}, 'Category', category),
    el('label', {}, 'Level', level),
    el('label', {}, 'For', span),
    el('button', { type: 'submit' }, 'Change level'),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!mayChange()) {
      toast(readOnly, true);
      return;
    }

    try {
      await send('PUT', path('log-levels', category.value.trim()), JSON.stringify({ level: level.value, for: Number(span.value) }));
      toast(`${category.value.trim()} is logged at level ${level.value} for ${times[span.value]}.`);
      await after();
    } catch (error) {
      toast(error.message, true);
    }
  });
  return form;
}
