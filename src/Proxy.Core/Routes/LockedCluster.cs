using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Locking;
using Yarp.ReverseProxy.Model;

namespace Proxy.Routes;

/// <summary>A cluster behind a lock: a destination is picked, hooks are run with its id and address, and then it is dialed.</summary>
internal sealed class LockedCluster(
    Dialer dialer,
    Func<ConnectionRecord, ClusterEndPoint> target,
    ForwardOptions options,
    ForwardDependencies forwarding
) : ILockedService
{
    private readonly Dialer _dialer = dialer;
    private readonly ForwardOptions _options = options;
    private readonly ForwardDependencies _forwarding = forwarding;

    public LockedDestination? Pick(ConnectionRecord client, out ConnectionOutcome failure)
    {
        var endPoint = target(client);
        var refusal = _dialer.Pick(endPoint);
        failure = refusal ?? default;
        return refusal is null ? new Destination(this, endPoint, endPoint.Picked!) : null;
    }

    /// <summary>The picked destination. It is dialed through this class, so that the lock notices when it is connected.</summary>
    private sealed class Destination(LockedCluster owner, ClusterEndPoint endPoint, DestinationState picked)
        : LockedDestination(picked.DestinationId, HookAddress.Parse(DialTarget.AddressOf(picked, endPoint.PortOffset))),
            IConnectionFactory
    {
        private Action? _connected;

        public override Task ForwardAsync(ConnectionContext client, Action connected)
        {
            _connected = connected;
            return new ForwardHandler(this, _ => endPoint, owner._options, owner._forwarding).OnConnectedAsync(client);
        }

        public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var connection = await owner._dialer.ConnectAsync(endpoint, cancellationToken);
            try
            {
                _connected!();
                return connection;
            }
            catch
            {
                connection.Abort(); // it has got nothing of the client, and has to know the end before the lock admits another
                await connection.DisposeAsync();
                throw;
            }
        }

        public override void Dispose() => endPoint.Dispose();
    }
}
