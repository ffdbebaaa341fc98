using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>The service behind a lock. <c>Routes</c> implements it by a cluster.</summary>
internal interface ILockedService
{
    /// <summary>Picks a destination for a client and reserves a connection there.</summary>
    /// <returns>The destination; null, with the reason, if there is none.</returns>
    LockedDestination? Pick(ConnectionRecord client, out ConnectionOutcome failure);
}

/// <summary>A picked destination. Hooks get its id and address before it is dialed.</summary>
internal abstract class LockedDestination(string id, EndPoint? address) : IDisposable
{
    public string Id => id;

    public EndPoint? Address => address;

    /// <summary>Dials the destination and relays until the client's connection has ended.</summary>
    /// <param name="client">The client.</param>
    /// <param name="connected">Called when the connection to the destination is established.</param>
    public abstract Task ForwardAsync(ConnectionContext client, Action connected);

    /// <summary>Gives the reserved connection back.</summary>
    public abstract void Dispose();
}
