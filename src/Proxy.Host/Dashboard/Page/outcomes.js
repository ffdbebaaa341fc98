// The meaning of each outcome. "failed" is what the host counts as failures, too; "ended" is an end that was requested or configured, and
// "refused" one that a list or the first bytes decided.

const outcomes = {
  Completed: ['fine', 'Both sides closed the connection normally.'],
  ClientReset: ['ended', 'The client reset the connection.'],
  LeftQueue: ['ended', 'The client left while it waited in a queue.'],
  HoldExpired: ['ended', 'The client held a lock for longer than allowed.'],
  IdleTimeout: ['ended', 'No bytes were sent in either direction for IdleTimeout.'],
  HalfCloseTimeout: ['ended', 'One side had closed, and the other did not close in time.'],
  DurationExpired: ['ended', 'The connection reached its maximum duration.'],
  Drained: ['ended', 'The route or address was removed, or the host stopped.'],
  ClosedByAdmin: ['ended', 'An operator closed the connection.'],
  HttpAborted: ['ended', 'A request was aborted, or a limit of the HTTP server was exceeded.'],
  MemberGone: ['failed', 'The channel member at the other end left.'],
  UpstreamReset: ['failed', 'The destination reset the connection.'],
  ConnectFailed: ['failed', 'Connecting to a destination failed.'],
  NoDestination: ['failed', 'No destination was available.'],
  NoRoute: ['refused', 'No route matched the connection.'],
  Denied: ['refused', 'The client may not use the route.'],
  LimitExceeded: ['failed', 'A limit on connections was reached.'],
  QueueFull: ['failed', 'The queue of a lock or multiplexer was full.'],
  QueueTimeout: ['failed', 'The client waited in a queue for longer than allowed.'],
  PermitLost: ['failed', 'The permit of a lock over all hosts was lost: the engine was away for too long.'],
  HookFailed: ['failed', 'A hook failed.'],
  PeekTimeout: ['refused', 'The bytes needed to choose a route did not arrive in time.'],
  InvalidProxyHeader: ['refused', 'The PROXY header was missing, malformed or not trusted.'],
  TlsFailed: ['failed', 'The TLS handshake with the client failed, or the client violated TLS.'],
  UpstreamTlsFailed: ['failed', 'The TLS handshake with a destination failed, or the destination violated TLS.'],
  ProtocolError: ['failed', 'A client or destination violated the multiplexed protocol.'],
  ResponseTimeout: ['failed', 'The destination did not answer a request in time.'],
  DestinationUnhealthy: ['failed', 'The destination became unhealthy.'],
  TunnelLost: ['failed', 'The tunnel that carried it was lost.'],
  UpstreamTruncated: ['failed', 'The destination ended TLS without close_notify, so its bytes may be incomplete.'],
  ClientTruncated: ['ended', 'The client ended TLS without close_notify, so its bytes may be incomplete.'],
  InternalError: ['failed', 'An internal error of the proxy. Please report it.'],
};

// An outcome that this page does not know, from a newer host, is shown as a failure.
export const kindOf = (outcome) => outcomes[outcome]?.[0] ?? 'failed';

export const meaningOf = (outcome) => outcomes[outcome]?.[1] ?? '';

export const names = Object.keys(outcomes);

const sum = (ended, wanted) =>
  Object.entries(ended ?? {}).reduce((total, [outcome, times]) => (wanted(outcome) ? total + times : total), 0);

export const total = (ended) => sum(ended, () => true);

export const failures = (ended) => sum(ended, (outcome) => kindOf(outcome) === 'failed');

/** The class of an outcome's state. */
export const toneOfOutcome = (outcome) => ({ fine: 'state good', ended: 'state', refused: 'state warn', failed: 'state bad' })[kindOf(outcome)];
