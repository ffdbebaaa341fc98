using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Listeners;
using Proxy.Timing;

namespace Proxy.Channels;

/// <summary>An address that local clients are to find: bound, or tried again after a while.</summary>
internal sealed class CallSlot(IPEndPoint address, TimeProvider time)
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);

    private readonly Backoff _backoff = new(time, _firstRetry, _longestRetry);
    private ConnectionDelegate? _pipeline;
    private LentListener? _listener;

    /// <summary>Where it is bound; null while it is not.</summary>
    public IPEndPoint? Bound => _listener?.Address;

    /// <summary>How long until it may be tried again; zero when it may be now.</summary>
    public TimeSpan Wait => _backoff.Remaining;

    /// <summary>Whether this is the address, as it was wanted or as the system has chosen it.</summary>
    public bool IsAt(IPEndPoint other) => address.Equals(other) || other.Equals(Bound);

    /// <summary>Gives clients that come from now on to another pipeline.</summary>
    public void Use(ConnectionDelegate pipeline) => Volatile.Write(ref _pipeline, pipeline);

    /// <summary>Tries to bind it.</summary>
    /// <returns>What is wrong, the first time that something is.</returns>
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

    /// <summary>Stops accepting; connections go on.</summary>
    public ValueTask CloseAsync() => _listener?.DisposeAsync() ?? ValueTask.CompletedTask;
}
