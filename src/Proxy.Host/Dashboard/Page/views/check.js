// Validates a pasted document, and shows its errors or what it would change. The document is not applied.

import { send } from '../api.js';
import { el, setAttribute } from '../dom.js';
import { plural } from '../format.js';
import { cardWith } from '../parts.js';
import { say, toast } from '../say.js';
import { differenceTable, numbered, problemsCard } from './documents.js';

export function check() {
  const text = el('textarea', { spellcheck: 'false', autocomplete: 'off', 'aria-label': 'Configuration document' });
  const button = el('button', { type: 'submit', class: 'primary' }, 'Validate');
  const result = el('div', { class: 'stack' });
  const form = el('form', { class: 'pad' }, text, el('div', { class: 'heading' }, button));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    setAttribute(button, 'aria-busy', 'true');
    try {
      const found = await send('POST', 'api/configuration/validate', text.value);
      result.replaceChildren(...answer(found, text.value));
      say(found.valid ? 'The document is valid.' : `The document has ${plural(found.errors.length, 'error')}.`);
    } catch (error) {
      toast(error.message, true);
    } finally {
      setAttribute(button, 'aria-busy', null);
    }
  });
  return [cardWith('Validate a document', 'checked by this host, but not applied', form), result];
}

function answer({ valid, errors, warnings, difference }, text) {
  if (!valid) {
    return [
      problemsCard(plural(errors.length, 'error'), errors),
      cardWith('The document', '', numbered(text, errors, warnings)),
    ];
  }

  return [
    cardWith('The document is valid', warnings.length > 0 ? plural(warnings.length, 'warning') : 'no warnings', numbered(text, [], warnings)),
    cardWith(
      'What it would change',
      '',
      differenceTable(difference ?? [], 'posted', 'The document', 'Nothing: the document equals the running configuration.'),
    ),
  ];
}
