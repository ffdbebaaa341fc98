using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>What a lock stands in front of. The composition makes it of a cluster.</summary>
internal interface ILockedService
{
    /// <summary>Picks a destination for a client and takes a place there.</summary>
    /// <returns>The destination, or null and why there is none.</returns>
    LockedDestination? Pick(ConnectionRecord client, out ConnectionOutcome failure);
}

/// <summary>A picked destination: hooks are told of it before it is dialed.</summary>
internal abstract class LockedDestination(string id, EndPoint? address) : IDisposable
{
    public string Id => id;

    public EndPoint? Address => address;

    /// <summary>Dials it, and relays until the client's connection has ended.</summary>
    /// <param name="client">The client.</param>
    /// <param name="connected">Called when the destination has answered.</param>
    public abstract Task ForwardAsync(ConnectionContext client, Action connected);

    /// <summary>Gives the place back.</summary>
    public abstract void Dispose();
}
