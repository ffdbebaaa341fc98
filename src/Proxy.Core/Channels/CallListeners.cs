using System.Net;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Listeners;

namespace Proxy.Channels;

/// <summary>Keeps the bound local addresses equal to the wanted ones; one that cannot be bound is told and tried again. One caller at a time.</summary>
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

    /// <summary>Whether nothing is bound, and nothing is to be.</summary>
    public bool IsEmpty => _slots.Count == 0 && _retiring.Count == 0;

    /// <summary>Whether all addresses are bound that do not depend on members.</summary>
    public bool AreServicesBound => _slots.All(static pair => pair.Key.Member.Length > 0 || pair.Value.Bound is not null);

    /// <summary>How long until one is to be tried again; null when all are bound.</summary>
    public TimeSpan? NextRetry =>
        _slots
            .Values.Where(static slot => slot.Bound is null)
            .Select(static slot => slot.Wait)
            .Cast<TimeSpan?>()
            .DefaultIfEmpty(null)
            .Min();

    /// <summary>Where it is bound; null while it is not.</summary>
    public IPEndPoint? Bound(CallKey key) => _slots.GetValueOrDefault(key)?.Bound;

    /// <summary>
    /// Binds what is wanted and takes out what is not. What is taken out still listens until local programs have been told that it is
    /// gone, and may be taken back until then.
    /// </summary>
    /// <param name="config">The section, the same one for all that a pass of the reconciler does.</param>
    /// <param name="members">The members that local clients are to reach; null when nothing is wanted any more.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task ReconcileAsync(ChannelsConfig config, MemberSet? members, CancellationToken cancellationToken)
    {
        var wanted = members is null ? [] : plan.Wanted(config, members);
        Release(wanted);
        await BindAsync(config, wanted, cancellationToken);
    }

    /// <summary>What has been taken out, by this pass or by one that failed after that, and has not been given yet: it waits to be told.</summary>
    public IReadOnlyList<Retirement> TakeUntold()
    {
        var untold = _retiring.FindAll(static retirement => !retirement.IsGiven);
        untold.ForEach(static retirement => retirement.IsGiven = true);
        return untold;
    }

    /// <summary>Closes what local programs have been told is gone.</summary>
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
                var pipeline = pipelines.Of(key, config.Items[key.Channel]); // first, so that no slot is without one
                slot = _slots[key] = TakeBack(address) ?? new CallSlot(address, time);
                slot.Use(pipeline);
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

    // An address that is wanted again within a moment, or for another channel, was never away.
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
        if (await slot.TryBindAsync(listeners, cancellationToken) is { } wrong)
        {
            var member = key.Member.Length == 0 ? "" : $" for member '{key.Member}'";
            monitor.OnError($"channel '{key.Channel}'{member}: {wrong}");
        }
    }
}
