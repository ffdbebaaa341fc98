using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels;

/// <summary>An address that local clients are to find: bound, or tried again after a while.</summary>
internal sealed class CallSlot(IPEndPoint address)
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);

    private ConnectionDelegate? _pipeline;
    private long _tried;
    private TimeSpan _pause;

    /// <summary>What listens there; null while nothing does.</summary>
    public ILocalListener? Listener { get; private set; }

    /// <summary>Whether this is the address, as it was wanted or as the system has chosen it.</summary>
    public bool IsAt(IPEndPoint other) => address.Equals(other) || other.Equals(Listener?.Address);

    public TimeSpan Wait(TimeProvider time) => _pause == TimeSpan.Zero ? TimeSpan.Zero : _pause - time.GetElapsedTime(_tried);

    /// <summary>Gives clients that come from now on to another pipeline.</summary>
    public void Use(ConnectionDelegate pipeline) => Volatile.Write(ref _pipeline, pipeline);

    /// <summary>Tries to bind it.</summary>
    /// <returns>What is wrong, the first time that something is.</returns>
    public async Task<string?> TryBindAsync(LocalListener bind, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            Listener = await bind(address, client => Volatile.Read(ref _pipeline)!(client), cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return Failed(time) ? LoopbackHint.Explain(address, exception.InnerException ?? exception) : null;
        }
    }

    public ValueTask CloseAsync() => Listener?.DisposeAsync() ?? ValueTask.CompletedTask;

    private bool Failed(TimeProvider time)
    {
        var isFirst = _pause == TimeSpan.Zero;
        _tried = time.GetTimestamp();
        _pause =
            isFirst ? _firstRetry
            : _pause * 2 < _longestRetry ? _pause * 2
            : _longestRetry;
        return isFirst;
    }
}
