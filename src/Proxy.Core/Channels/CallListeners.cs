using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Channels.Monitoring;

namespace Proxy.Channels;

/// <summary>Keeps the bound local addresses equal to the wanted ones; one that cannot be bound is told and tried again. One caller at a time.</summary>
internal sealed class CallListeners(LocalListener bind, ChannelMonitor monitor, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);

    private readonly Dictionary<CallKey, Slot> _slots = [];

    /// <summary>Where it is bound; null while it is not.</summary>
    public IPEndPoint? Bound(CallKey key) => _slots.GetValueOrDefault(key)?.Listener?.Address;

    /// <summary>How long until one is to be tried again; null when all are bound.</summary>
    public TimeSpan? NextRetry =>
        _slots
            .Values.Where(static slot => slot.Listener is null)
            .Select(slot => slot.Wait(time))
            .Cast<TimeSpan?>()
            .DefaultIfEmpty(null)
            .Min();

    /// <summary>Takes out what is not wanted any more, or wanted elsewhere; it still listens.</summary>
    public IReadOnlyList<ILocalListener> Release(IReadOnlyDictionary<CallKey, IPEndPoint> wanted)
    {
        var gone = _slots.Where(pair => !wanted.TryGetValue(pair.Key, out var address) || !address.Equals(pair.Value.Address)).ToList();
        foreach (var (key, _) in gone)
        {
            _slots.Remove(key);
        }

        return [.. gone.Select(static pair => pair.Value.Listener).OfType<ILocalListener>()];
    }

    /// <summary>Binds what is wanted and not bound, unless it was tried just now.</summary>
    public async Task BindAsync(
        IReadOnlyDictionary<CallKey, IPEndPoint> wanted,
        Func<CallKey, ConnectionDelegate> pipeline,
        CancellationToken cancellationToken
    )
    {
        foreach (var (key, address) in wanted)
        {
            var slot = _slots.TryGetValue(key, out var known) ? known : _slots[key] = new Slot(address);
            if (slot.Listener is null && slot.Wait(time) <= TimeSpan.Zero)
            {
                await TryBindAsync(key, slot, pipeline(key), cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _slots.Values.ToList())
        {
            if (slot.Listener is { } listener)
            {
                await listener.DisposeAsync();
            }
        }

        _slots.Clear();
    }

    private async Task TryBindAsync(CallKey key, Slot slot, ConnectionDelegate pipeline, CancellationToken cancellationToken)
    {
        try
        {
            slot.Listener = await bind(slot.Address, pipeline, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (slot.Failed(time, _firstRetry, _longestRetry))
            {
                var member = key.Member.Length == 0 ? "" : $" for member '{key.Member}'";
                monitor.OnError(
                    $"channel '{key.Channel}'{member}: {LoopbackHint.Explain(slot.Address, exception.InnerException ?? exception)}"
                );
            }
        }
    }

    private sealed class Slot(IPEndPoint address)
    {
        private long _tried;
        private TimeSpan _pause;

        public IPEndPoint Address => address;

        public ILocalListener? Listener { get; set; }

        public TimeSpan Wait(TimeProvider time) => _pause == TimeSpan.Zero ? TimeSpan.Zero : _pause - time.GetElapsedTime(_tried);

        /// <summary>Notes a failure; true for the first.</summary>
        public bool Failed(TimeProvider time, TimeSpan first, TimeSpan longest)
        {
            var isFirst = _pause == TimeSpan.Zero;
            _tried = time.GetTimestamp();
            _pause =
                isFirst ? first
                : _pause * 2 < longest ? _pause * 2
                : longest;
            return isFirst;
        }
    }
}
