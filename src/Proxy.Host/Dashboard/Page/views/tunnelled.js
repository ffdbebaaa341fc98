// The part of a route's view for routes to a connector: their open tunnels.

import { get } from '../api.js';
import { Live } from '../live.js';
import { cardWith, failure } from '../parts.js';
import { el } from '../dom.js';
import { tunnelsTable } from './tunnels.js';

export function tunnelled({ id, connector }) {
  const failed = failure();
  const table = tunnelsTable(() => live.now());
  const live = new Live({
    load: () => get('api/tunnels'),
    show: (found) => {
      failed.hide();
      table.update(found.filter(({ routeId }) => routeId === id));
    },
    fail: failed.show,
  });
  return {
    elements: [cardWith('Tunnels', el('a', { href: '#/channels' }, `Connector ${connector}`), failed.element, table.element)],
    update: () => live.tick(),
    close: () => live.close(),
  };
}
