// The table of open tunnels, which several views show.

import { closing } from '../actions.js';
import { bytes, time } from '../format.js';
import { link } from '../router.js';
import { Table } from '../table.js';

export const tunnelsTable = (after) =>
  new Table({
    caption: 'Open tunnels, the oldest first',
    key: ({ connectionId }) => connectionId,
    empty: 'No tunnel is open.',
    columns: [
      {
        name: 'Connection',
        head: true,
        tight: true,
        text: ({ connectionId }) => connectionId,
        link: ({ connectionId }) => link(['connections', connectionId]),
      },
      { name: 'Channel or route', id: true, cut: true, text: ({ channel, routeId }) => channel ?? routeId ?? '–' },
      { name: 'Client', id: true, text: ({ client }) => client ?? '–' },
      { name: 'Direction', tight: true, text: ({ calls, peer }) => `${calls ? 'to' : 'from'} ${peer ?? '…'}` },
      { name: 'From client', numeric: true, text: ({ receivedBytes }) => bytes(receivedBytes) },
      { name: 'To client', numeric: true, text: ({ sentBytes }) => bytes(sentBytes) },
      { name: 'Since', numeric: true, text: ({ startedAt }) => time(startedAt) },
      { name: '', actions: true, make: () => closing(after, ({ connectionId }) => connectionId) },
    ],
  });
