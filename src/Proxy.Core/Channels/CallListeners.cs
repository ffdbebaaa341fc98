using System.Collections.Concurrent;
using System.Net;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Diagnostics;
using Proxy.Listeners;

namespace Proxy.Channels;

/// <summary>
/// Keeps the bound local addresses equal to the wanted ones. An address that cannot be bound is reported and tried again. Not thread-safe:
/// one caller at a time.
/// </summary>
internal sealed class CallListeners(
    CallPlan plan,
    CallPipelines pipelines,
    ListenerManager listeners,
    ChannelMonitor monitor,
    TimeProvider time
) : IAsyncDisposable
{
    private readonly Dictionary<CallKey, CallSlot> _slots = [];
    private readonly List<Retirement> _retiring = [];
    private readonly ConcurrentDictionary<string, FailureRun> _unbound = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether no address is bound or wanted.</summary>
    public bool IsEmpty => _slots.Count == 0 && _retiring.Count == 0;

    /// <summary>Whether all addresses of services are bound, which do not depend on members.</summary>
    public bool AreServicesBound => _slots.All(static pair => pair.Key.Member.Length > 0 || pair.Value.Bound is not null);

    /// <summary>The time until the next attempt to bind an address; null when all are bound.</summary>
    public TimeSpan? NextRetry =>
        _slots
            .Values.Where(static slot => slot.Bound is null)
            .Select(static slot => slot.Wait)
            .Cast<TimeSpan?>()
            .DefaultIfEmpty(null)
            .Min();

    /// <summary>The address that is bound for a key; null while none is.</summary>
    public IPEndPoint? Bound(CallKey key) => _slots.GetValueOrDefault(key)?.Bound;

    /// <summary>The attempts in a row to bind addresses of a channel that failed; null if all are bound. May be called at any time.</summary>
    public Failures? FailuresOf(string channel) => _unbound.GetValueOrDefault(channel)?.Current;

    /// <summary>
    /// Binds the wanted addresses and retires all others. A retired address still listens until local programs have been notified that it
    /// is gone; until then it can be wanted again.
    /// </summary>
    /// <param name="config">The section Channels; all steps of one pass of the reconciler use the same one.</param>
    /// <param name="members">The members that local clients can reach; null when no address is wanted any more.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task ReconcileAsync(ChannelsConfig config, MemberSet? members, CancellationToken cancellationToken)
    {
        var wanted = members is null ? [] : plan.Wanted(config, members);
        Release(wanted);
        await BindAsync(config, wanted, cancellationToken);
        foreach (var (channel, run) in _unbound)
        {
            if (_slots.All(pair => pair.Value.Bound is not null || !pair.Key.Channel.Equals(channel, StringComparison.OrdinalIgnoreCase)))
            {
                run.Succeeded();
            }
        }
    }

    /// <summary>
    /// Takes the retired addresses, of this pass or of an earlier one that failed, which have not been taken yet. The caller notifies local
    /// programs and then sets when they may be closed.
    /// </summary>
    public IReadOnlyList<Retirement> TakeRetired()
    {
        var retired = _retiring.FindAll(static retirement => !retirement.IsTaken);
        retired.ForEach(static retirement => retirement.IsTaken = true);
        return retired;
    }

    /// <summary>Closes the retired addresses whose removal local programs have been notified of.</summary>
    public async Task CloseAsync()
    {
        foreach (var retirement in _retiring.Where(static retirement => retirement.IsDue).ToList())
        {
            _retiring.Remove(retirement);
            await CloseAsync(retirement.Slots);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync([.. _slots.Values, .. _retiring.SelectMany(static retirement => retirement.Slots)]);
        _slots.Clear();
        _retiring.Clear();
    }

    private static async Task CloseAsync(IEnumerable<CallSlot> slots)
    {
        foreach (var slot in slots)
        {
            await slot.CloseAsync();
        }
    }

    private void Release(Dictionary<CallKey, IPEndPoint> wanted)
    {
        var gone = _slots.Where(pair => !wanted.TryGetValue(pair.Key, out var address) || !pair.Value.IsAt(address)).ToList();
        foreach (var (key, _) in gone)
        {
            _slots.Remove(key);
        }

        var retirement = new Retirement(gone.Select(static pair => pair.Value).Where(static slot => slot.Bound is not null));
        if (retirement.Slots.Count > 0)
        {
            _retiring.Add(retirement);
        }
    }

    private async Task BindAsync(ChannelsConfig config, Dictionary<CallKey, IPEndPoint> wanted, CancellationToken cancellationToken)
    {
        foreach (var (key, address) in wanted)
        {
            if (!_slots.TryGetValue(key, out var slot))
            {
                var pipeline = pipelines.Of(key, config.Items[key.Channel]); // before the slot exists, so that every slot has a pipeline
                slot = _slots[key] = TakeBack(address) ?? new CallSlot(address, time);
                slot.Serve(pipeline);
            }

            if (slot.Bound is null && slot.Wait <= TimeSpan.Zero)
            {
                await TryBindAsync(key, slot, cancellationToken);
            }

            if (slot.Bound is { } bound)
            {
                plan.Keep(key, bound);
            }
        }
    }

    // An address that is wanted again soon, perhaps by another channel, keeps its listener.
    private CallSlot? TakeBack(IPEndPoint address)
    {
        foreach (var retirement in address.Port == 0 ? [] : _retiring)
        {
            if (retirement.Slots.Find(slot => slot.IsAt(address)) is { } slot)
            {
                retirement.Slots.Remove(slot);
                return slot;
            }
        }

        return null;
    }

    private async Task TryBindAsync(CallKey key, CallSlot slot, CancellationToken cancellationToken)
    {
        var wrong = await slot.TryBindAsync(listeners, cancellationToken);
        if (slot.Bound is null)
        {
            _unbound.GetOrAdd(key.Channel, static (_, time) => new(time), time).Failed(wrong);
        }

        if (wrong is not null)
        {
            var member = key.Member.Length == 0 ? "" : $" for member '{key.Member}'";
            monitor.OnError($"channel '{key.Channel}'{member}: {wrong}");
        }
    }
}
