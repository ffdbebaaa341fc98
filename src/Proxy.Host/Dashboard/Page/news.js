// The notices of the overview, and the new ones among them, which are announced to screen readers.

import { plural } from './format.js';
import { healthNotices } from './health.js';
import { link } from './router.js';

/** The notices for an operator, the most important first. */
export function noticesOf(snapshot) {
  const { status, rejectedCount, clusters } = snapshot;
  const found = [];
  const add = (key, tone, text, label, parts) => found.push({ key, tone, text, link: label, where: parts && link(parts) });
  if (status.draining) {
    add('stopping', 'warn', `The host is stopping: ${status.connections.open} open connections may continue until their drain timeout.`, 'Connections', ['connections']);
  } else if (!status.ready) {
    add('starting', 'warn', 'The host is not ready yet.', 'Configuration', ['configuration']);
  }

  if (status.rejected.length > 0) {
    const text = `The last edit was rejected: ${plural(rejectedCount, 'error')}.`;
    add(`rejected ${status.rejected[0].text}`, 'bad', `${text} Revision ${status.revision?.id ?? '–'} is still running. ${status.rejected[0].text}`, 'Show in the file', ['configuration']);
  }

  if (status.pending) {
    add('pending', 'warn', `An edit is not applied yet: ${status.pending}`, 'Configuration', ['configuration']);
  }

  if (status.restartNeeded.length > 0) {
    add('restart', 'warn', `These sections were edited and need a restart to take effect: ${status.restartNeeded.join(', ')}.`, 'Difference', ['configuration', 'difference']);
  }

  for (const { key, tone, text, parts } of healthNotices(snapshot)) {
    add(key, tone, text, 'Show', parts);
  }

  for (const { cluster, destination, drained } of clusters.notable) {
    if (drained) {
      add(`drained ${cluster}:${destination}`, 'warn', `Destination ${destination} of cluster ${cluster} is drained: it gets no new connections.`, 'Cluster', ['clusters', cluster]);
    }
  }

  if (clusters.more > 0) {
    add('more', 'warn', `${clusters.more} more destinations are unhealthy or drained.`, 'Clusters', ['clusters']);
  }

  if (status.accessLog.dropped > 0) {
    add('dropped', 'warn', `${status.accessLog.dropped} lines of the access log were dropped: its file or pipe is too slow.`, 'About', ['about']);
  }

  return found;
}

/** The notices and events that are new since the previous snapshot, as sentences. */
export function news(snapshot, previous) {
  if (!previous) {
    return [];
  }

  const said = [];
  const before = new Set(noticesOf(previous).map(({ key }) => key));
  if (snapshot.status.startedAt !== previous.status.startedAt) {
    said.push('The host was restarted.');
  } else if (snapshot.status.revision?.id !== previous.status.revision?.id) {
    said.push(`Revision ${snapshot.status.revision?.id} is running now.`);
  }

  said.push(...noticesOf(snapshot).filter(({ key }) => !before.has(key)).map(({ text }) => text));
  return said;
}
