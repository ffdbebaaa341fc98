using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Locking;

namespace Proxy;

/// <summary>A cluster behind a lock: a destination is picked first, hooks are told of it, and then that one is dialled.</summary>
internal sealed class LockedCluster(ForwardSettings settings, ForwardHandler handler, UpstreamDialer dialer) : ILockedService
{
    public LockedDestination? Pick(ConnectionRecord client, out ConnectionOutcome failure)
    {
        var pick = dialer.Pick(settings, client, out failure);
        return pick.Destination is { } destination
            ? new Destination(handler, pick, destination.DestinationId, HookAddress.Parse(destination.Model.Config.Address))
            : null;
    }

    private sealed class Destination(ForwardHandler handler, PickResult pick, string id, EndPoint? address) : LockedDestination(id, address)
    {
        public override Task ForwardAsync(ConnectionContext client, Action connected) => handler.ForwardAsync(client, pick, connected);

        public override void Dispose() => pick.Load?.Release();
    }
}
