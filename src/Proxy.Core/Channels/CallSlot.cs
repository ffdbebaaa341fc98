using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Listeners;
using Proxy.Timing;

namespace Proxy.Channels;

/// <summary>One local address for clients: bound, or waiting for the next attempt to bind it.</summary>
internal sealed class CallSlot(IPEndPoint address, TimeProvider time)
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);

    private readonly Backoff _backoff = new(time, _firstRetry, _longestRetry);
    private ConnectionDelegate? _pipeline;
    private LentListener? _listener;

    /// <summary>The bound address; null while it is not bound.</summary>
    public IPEndPoint? Bound => _listener?.Address;

    /// <summary>The time until the next attempt to bind; zero when it may be tried now.</summary>
    public TimeSpan Wait => _backoff.Remaining;

    /// <summary>Whether another address equals this one, as it was wanted or as the system has chosen it.</summary>
    public bool IsAt(IPEndPoint other) => address.Equals(other) || other.Equals(Bound);

    /// <summary>Sets the pipeline of connections that are accepted from now on.</summary>
    public void Serve(ConnectionDelegate pipeline) => Volatile.Write(ref _pipeline, pipeline);

    /// <summary>Tries to bind the address.</summary>
    /// <returns>What is wrong, at the first failure in a row; null on success and at later failures.</returns>
    public async Task<string?> TryBindAsync(ListenerManager listeners, CancellationToken cancellationToken)
    {
        try
        {
            _listener = await listeners.LendAsync(address, client => Volatile.Read(ref _pipeline)!(client), cancellationToken);
            return null;
        }
        catch (BindException exception)
        {
            var isFirst = !_backoff.HasFailed;
            _backoff.Fail();
            return isFirst ? LoopbackHint.Explain(address, exception.GetBaseException()) : null;
        }
    }

    /// <summary>Stops accepting; open connections go on.</summary>
    public ValueTask CloseAsync() => _listener?.DisposeAsync() ?? ValueTask.CompletedTask;
}
