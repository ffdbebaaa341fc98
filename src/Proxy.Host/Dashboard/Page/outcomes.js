// What each outcome means, for people. "failed" counts as an error on the overview; "ended" is an end somebody wanted or configured.

const outcomes = {
  Completed: ['fine', 'Both sides ended in order.'],
  ClientReset: ['ended', 'The client cut the connection.'],
  LeftQueue: ['ended', 'The client left the queue of a lock.'],
  HoldExpired: ['ended', 'The time that a lock gives one client was over.'],
  IdleTimeout: ['ended', 'No byte went either way for IdleTimeout.'],
  HalfCloseTimeout: ['ended', 'One side had ended, and the other went on for too long.'],
  DurationExpired: ['ended', 'The connection reached MaxDuration.'],
  Drained: ['ended', 'Its route or address was removed, or the host stopped.'],
  ClosedByAdmin: ['ended', 'An operator closed it.'],
  MemberGone: ['ended', 'The member of a channel left.'],
  UpstreamReset: ['failed', 'The destination cut the connection.'],
  ConnectFailed: ['failed', 'No destination could be connected.'],
  NoDestination: ['failed', 'No destination was available.'],
  NoRoute: ['failed', 'No route matched.'],
  Denied: ['failed', 'The client may not use the route.'],
  LimitExceeded: ['failed', 'A limit on connections was reached.'],
  QueueFull: ['failed', 'The queue of the lock was full.'],
  QueueTimeout: ['failed', 'It waited in a queue for QueueTimeout.'],
  HookFailed: ['failed', 'A hook failed.'],
  PeekTimeout: ['failed', 'The bytes to choose a route by did not come in time.'],
  InvalidProxyHeader: ['failed', 'The PROXY header was missing, malformed or not trusted.'],
  TlsFailed: ['failed', 'A TLS handshake failed.'],
  ProtocolError: ['failed', 'A peer broke the protocol that is multiplexed.'],
  ResponseTimeout: ['failed', 'The device did not answer in time.'],
  TunnelLost: ['failed', 'The tunnel that carried it was lost.'],
  InternalError: ['failed', 'A fault of the proxy. Please report it.'],
};

// One that a newer host knows and this page does not is shown as a failure rather than hidden.
export const kindOf = (outcome) => outcomes[outcome]?.[0] ?? 'failed';

export const meaningOf = (outcome) => outcomes[outcome]?.[1] ?? '';

export const names = Object.keys(outcomes);

const sum = (ended, wanted) =>
  Object.entries(ended ?? {}).reduce((total, [outcome, times]) => (wanted(outcome) ? total + times : total), 0);

export const total = (ended) => sum(ended, () => true);

export const failures = (ended) => sum(ended, (outcome) => kindOf(outcome) === 'failed');
