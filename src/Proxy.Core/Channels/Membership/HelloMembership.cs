using Microsoft.Extensions.Logging;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;

namespace Proxy.Channels.Membership;

/// <summary>
/// The providers Static and Dns: candidates come from the configuration or from a name, and each is confirmed by a stream on which it
/// says who it is. No server is needed; up to about 100 instances.
/// </summary>
internal sealed class HelloMembership(HelloFeed feed, TunnelConnectionFactory tunnels, NameLookup lookup, TimeProvider time, ILogger logger)
    : IMembershipSession
{
    private readonly UpdateQueue _updates = new();
    private readonly HelloReader _reader = new(tunnels, time);
    private readonly SemaphoreSlim _changing = new(1, 1); // guards _watches
    private readonly Dictionary<string, HelloWatch> _watches = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new(); // guards _heard
    private readonly Dictionary<string, MemberRecord> _heard = new(StringComparer.OrdinalIgnoreCase); // by candidate
    private MemberRecord? _self;
    private NameWatch? _name;

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

    /// <summary>Follows an edit. One caller at a time, after joining.</summary>
    public async Task UseAsync(MembershipConfig config)
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
        _updates.Add(new MembershipUpdate.Fresh());
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
        _changing.Dispose();
    }

    private bool IsSelf(string id) => id.Equals(_self?.Id, StringComparison.OrdinalIgnoreCase);

    private async Task OnFoundAsync(IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        // A name says who may be there, and not who is: a member that answers stays one, whatever the name says now.
        List<HelloCandidate> wanted = [.. addresses.Select(HelloCandidate.At)];
        await SetAsync(wanted, static (watch, wanted) => !wanted.Contains(watch.Candidate) && !watch.IsMember, cancellationToken);
        _updates.Add(new MembershipUpdate.Fresh());
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
            foreach (var watch in _watches.Values.Where(watch => isOver(watch, wanted)).ToList())
            {
                await watch.DisposeAsync();
                _watches.Remove(watch.Candidate.Key);
                if (!wanted.Any(other => other.Key.Equals(watch.Candidate.Key, StringComparison.OrdinalIgnoreCase)))
                {
                    Report(watch.Candidate.Key, null, DepartureReason.Left);
                }
            }

            foreach (var candidate in wanted.Where(candidate => !_watches.ContainsKey(candidate.Key)))
            {
                var watch = _watches[candidate.Key] = new HelloWatch(candidate, _self!, _reader, time, Report);
                watch.Start();
            }
        }
        finally
        {
            _changing.Release();
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

            foreach (var id in new[] { before?.Id, member?.Id }.OfType<string>().Distinct())
            {
                Tell(id, reason);
            }
        }
    }

    // An instance with two addresses is one member, and as good as the better of them.
    private void Tell(string id, DepartureReason reason)
    {
        var best = _heard
            .Where(pair => pair.Value.Id == id)
            .OrderBy(static pair => pair.Value.State)
            .ThenBy(static pair => pair.Key, StringComparer.Ordinal)
            .Select(static pair => pair.Value)
            .FirstOrDefault();
        _updates.Add(id, best is null ? new MembershipUpdate.Gone(id, reason) : new MembershipUpdate.Changed(best));
    }
}
