// What is new since the previous snapshot, as sentences for screen readers.

import { rowsOf } from './attention.js';

/** The events and the things that need attention that are new, as sentences. */
export function news(snapshot, previous) {
  if (!previous) {
    return [];
  }

  const said = [];
  const before = new Set(rowsOf(previous).map(({ key }) => key));
  if (snapshot.status.startedAt !== previous.status.startedAt) {
    said.push('The host was restarted.');
  } else if (snapshot.status.revision?.id !== previous.status.revision?.id) {
    said.push(`Revision ${snapshot.status.revision?.id} is running now.`);
  }

  said.push(
    ...rowsOf(snapshot)
      .filter(({ key }) => !before.has(key))
      .map(({ title, cause, error }) => `${title}${cause ? `: ${cause}` : ''}${error ? `: ${error}` : ''}.`),
  );
  return said;
}
