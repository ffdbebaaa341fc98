using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>
/// The providers Static and Dns: candidates come from the configuration or from a DNS name, and each is confirmed by a hello stream on
/// which it publishes its record. Needs no server; meant for up to about 100 instances.
/// </summary>
internal sealed class HelloMembership(HelloFeed feed, HelloReader reader, NameLookup lookup, TimeProvider time, ILogger logger)
    : IMembershipSession
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly UpdateQueue _updates = new();
    private readonly SemaphoreSlim _changing = new(1, 1); // guards _watches and _first
    private readonly Dictionary<string, HelloWatch> _watches = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new(); // guards _heard and _isDelivered
    private readonly Dictionary<string, MemberRecord> _heard = new(StringComparer.OrdinalIgnoreCase); // by candidate
    private MemberRecord? _self;
    private NameWatch? _name;
    private Task? _first;
    private bool _isDelivered; // whether the first set was delivered, which comes before all other updates

    public void Join(MemberRecord self)
    {
        _self = self;
        feed.Publish(self);
    }

    public Task PublishAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        feed.Publish(self);
        return Task.CompletedTask;
    }

    /// <summary>Applies an edited configuration. Not thread-safe: one caller at a time, after joining.</summary>
    public async Task ApplyAsync(MembershipConfig config)
    {
        if (_name is { } name && name.Config != config.Dns)
        {
            await name.DisposeAsync();
            _name = null;
        }

        if (config.Dns is { } dns)
        {
            _name ??= new NameWatch(dns, lookup, OnFoundAsync, OnNotFound, time, logger);
            return;
        }

        var others = config.Members.Where(pair => !IsSelf(pair.Key)).Select(static pair => HelloCandidate.Of(pair.Key, pair.Value));
        await SetAsync([.. others], static (watch, wanted) => !wanted.Contains(watch.Candidate), CancellationToken.None);
        DeliverFresh();
    }

    public IAsyncEnumerable<MembershipUpdate> ReadAsync(CancellationToken cancellationToken) => _updates.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await (_name?.DisposeAsync() ?? ValueTask.CompletedTask);
        foreach (var watch in _watches.Values)
        {
            await watch.DisposeAsync();
        }

        _watches.Clear();
        await (_first ?? Task.CompletedTask);
        _changing.Dispose();
    }

    private bool IsSelf(string id) => id.Equals(_self?.Id, StringComparison.OrdinalIgnoreCase);

    private async Task OnFoundAsync(IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        // A DNS name only suggests candidates: an instance that answers stays a member, even if the name does not list it any more.
        List<HelloCandidate> wanted = [.. addresses.Select(HelloCandidate.At)];
        await SetAsync(wanted, static (watch, wanted) => !wanted.Contains(watch.Candidate) && !watch.IsMember, cancellationToken);
        DeliverFresh();
    }

    private void OnNotFound() => _updates.Add(new MembershipUpdate.Stale());

    private async Task SetAsync(
        IReadOnlyCollection<HelloCandidate> wanted,
        Func<HelloWatch, IReadOnlyCollection<HelloCandidate>, bool> isOver,
        CancellationToken cancellationToken
    )
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var ended = await EndAsync([.. _watches.Values.Where(watch => isOver(watch, wanted))]);
            foreach (var candidate in wanted.Where(candidate => !_watches.ContainsKey(candidate.Key)))
            {
                var watch = _watches[candidate.Key] = new HelloWatch(candidate, _self!, reader, time, logger, Report);
                watch.Start(ended.Remove(candidate.Key, out var before) ? before : null);
            }

            foreach (var key in ended.Keys)
            {
                Report(key, null, DepartureReason.Left);
            }

            _first ??= DeliverFirstAsync([.. _watches.Values.Select(static watch => watch.Asked)]);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<Dictionary<string, HelloWatch>> EndAsync(List<HelloWatch> watches)
    {
        foreach (var watch in watches)
        {
            await watch.DisposeAsync();
            _watches.Remove(watch.Candidate.Key);
        }

        return watches.ToDictionary(static watch => watch.Candidate.Key, StringComparer.OrdinalIgnoreCase);
    }

    // The first set waits for the answers of all candidates, so that local servers know the existing members before they start and do not
    // found a second cluster.
    private async Task DeliverFirstAsync(IReadOnlyList<Task> asked)
    {
        await Task.WhenAll(asked).WaitAsync(_patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _isDelivered = true;
            var ids = _heard.Values.Select(static member => member.Id).Distinct(StringComparer.Ordinal);
            _updates.Add(new MembershipUpdate.Full(1, [.. ids.Select(Best).OfType<MemberRecord>()]));
        }
    }

    private void DeliverFresh()
    {
        lock (_gate)
        {
            if (_isDelivered)
            {
                _updates.Add(new MembershipUpdate.Fresh());
            }
        }
    }

    private void Report(string key, MemberRecord? member, DepartureReason reason)
    {
        lock (_gate)
        {
            var before = _heard.GetValueOrDefault(key);
            if (member is null)
            {
                _heard.Remove(key);
            }
            else
            {
                _heard[key] = member;
            }

            string?[] changed = _isDelivered ? [before?.Id, member?.Id] : [];
            foreach (var id in changed.OfType<string>().Distinct())
            {
                Deliver(id, reason);
            }
        }
    }

    private void Deliver(string id, DepartureReason reason) =>
        _updates.Add(
            id,
            Best(id) is { } best ? new MembershipUpdate.Changed(best) : new MembershipUpdate.Gone(id, reason) { IsQueried = true }
        );

    // An instance with two addresses is one member; the address with the better state counts.
    private MemberRecord? Best(string id) =>
        _heard
            .Where(pair => pair.Value.Id == id)
            .OrderBy(static pair => pair.Value.State)
            .ThenBy(static pair => pair.Key, StringComparer.Ordinal)
            .Select(static pair => pair.Value)
            .FirstOrDefault();
}
