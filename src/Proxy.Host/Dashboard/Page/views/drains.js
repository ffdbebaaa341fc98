// Draining a destination or a member: at this host, or for all hosts of the fleet. Each is ended on its own.

import { action } from '../actions.js';
import { path } from '../api.js';
import { time } from '../format.js';
import { store } from '../store.js';

/** "10.0.0.7 at A_1": who has all hosts drain something. */
export const whoOf = ({ client, host }) => [client, host && `at ${host}`].filter(Boolean).join(' ') || 'unknown';

/** What is drained for all hosts, as /api/fleet and the stream list it. */
export const nameOf = ({ cluster, destination, member }) => (member ? `Member ${member}` : `${cluster}/${destination}`);

const placeOf = ({ cluster, destination, member }) => (member ? path('members', member) : path('clusters', cluster, 'destinations', destination));

/** The words for something that is drained. */
export function drainedText({ drainedHere, drainedForAll }) {
  return drainedForAll ? (drainedHere ? 'Drained here and for all hosts' : 'Drained for all hosts') : 'Drained';
}

/** Who drains it, for a note; empty where only this host does. */
export const drainedBy = ({ drainedForAll }) => (drainedForAll ? `by ${whoOf(drainedForAll)}${drainedForAll.at ? `, ${time(drainedForAll.at)}` : ''}` : '');

/** The button for this host. gets: what it gets no more, such as "new connections"; goesOn(row): what continues; where(row): its path in the API. */
export const drainHere = ({ gets, goesOn, where, after }) =>
  action({
    label: ({ id, drainedHere }) => (drainedHere ? { text: 'Undrain', name: `Undrain ${id}` } : { text: 'Drain', name: `Drain ${id}` }),
    ask: (row) =>
      row.drainedHere
        ? {
            title: `Undrain ${row.id}?`,
            text: row.drainedForAll ? 'It stays drained for all hosts, and so at this one.' : `It gets ${gets} again.`,
            action: 'Undrain',
          }
        : { title: `Drain ${row.id}?`, text: `It gets no ${gets} from this host until it is undrained or the host restarts. ${goesOn(row)}`, action: 'Drain' },
    run: (row) => ({
      method: 'POST',
      where: `${where(row)}/${row.drainedHere ? 'undrain' : 'drain'}`,
      done: row.drainedHere ? (row.drainedForAll ? `${row.id} is still drained for all hosts.` : `${row.id} gets ${gets} again.`) : `${row.id} is drained.`,
    }),
    after,
  });

/** The button for all hosts, which is there only in a fleet. */
export function drainEverywhere({ gets, goesOn, where, after }) {
  const made = action({
    label: ({ id, drainedForAll }) =>
      drainedForAll ? { text: 'Undrain for all', name: `Undrain for all hosts: ${id}` } : { text: 'Drain for all', name: `Drain for all hosts: ${id}` }, // a name has to contain the text
    ask: (row) =>
      row.drainedForAll
        ? askEnd(row.id, gets, row.drainedHere)
        : {
            title: `Drain ${row.id} for all hosts?`,
            text: `It gets no ${gets} from any host of the fleet, also after restarts, until that is ended for all. ${goesOn(row)}`,
            action: 'Drain for all',
          },
    run: (row) => ({
      method: 'POST',
      where: `${where(row)}/${row.drainedForAll ? 'undrain' : 'drain'}?allHosts=true`,
      done: row.drainedForAll ? `${row.id} is no longer drained for all hosts.` : `${row.id} is drained for all hosts.`,
    }),
    after,
  });
  return {
    element: made.element,
    update: (row) => {
      made.update(row);
      made.element.hidden = !store.snapshot?.fleet;
    },
  };
}

/** The button of the list of all that is drained for all hosts; what it is about may be unknown to this host. */
export const endForAll = (after) =>
  action({
    label: (row) => ({ text: 'Undrain for all', name: `Undrain for all hosts: ${nameOf(row)}` }),
    ask: (row) => askEnd(nameOf(row), row.member ? 'new tunnels' : 'new connections', false),
    run: (row) => ({ method: 'POST', where: `${placeOf(row)}/undrain?allHosts=true`, done: `${nameOf(row)} is no longer drained for all hosts.` }),
    after,
  });

const askEnd = (name, gets, stays) => ({
  title: `Undrain ${name} for all hosts?`,
  text: `It gets ${gets} again, except from hosts that drain it themselves${stays ? ', as this one does' : ''}.`,
  action: 'Undrain for all',
});
