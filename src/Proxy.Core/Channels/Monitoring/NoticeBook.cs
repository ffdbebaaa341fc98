using System.Collections.Immutable;
using Proxy.Diagnostics;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Keeps the wanted and the published states of the channels. A state whose content is new gets a version; readers see the newest of each
/// channel.
/// </summary>
/// <param name="boot">A value that is new at every start of the program.</param>
/// <param name="bindIp">Returns the address on which local servers have to listen.</param>
internal sealed class NoticeBook(string boot, Func<string> bindIp)
{
    private const int MostEnded = 1024;
    private const int MostVersions = 32; // of a channel, for readers that come back

    private readonly Lock _gate = new(); // guards all fields below
    private readonly Dictionary<string, ChannelState> _wanted = new(StringComparer.OrdinalIgnoreCase);

    // Kept for readers that have not seen the end yet.
    private readonly Newest<string, ChannelState> _ended = new(MostEnded, StringComparer.OrdinalIgnoreCase);
    private readonly Newest<string, Newest<long, IReadOnlyList<string>>> _members = new(MostEnded, StringComparer.OrdinalIgnoreCase);
    private readonly List<ChannelNotice> _events = []; // ready and close
    private ImmutableDictionary<string, ChannelState> _published = ImmutableDictionary.Create<string, ChannelState>(
        StringComparer.OrdinalIgnoreCase
    );
    private TaskCompletionSource _changed = NewSignal();
    private long _version;

    /// <summary>The states that have been published, by channel.</summary>
    public IReadOnlyDictionary<string, ChannelState> Published => Volatile.Read(ref _published);

    /// <summary>Sets the present states; a channel that is missing has ended.</summary>
    public void Want(IReadOnlyCollection<ChannelState> states)
    {
        lock (_gate)
        {
            _wanted.Clear();
            foreach (var state in states)
            {
                _wanted[state.Channel] = state;
            }
        }
    }

    /// <summary>Publishes every state that differs from the published one, each with a new version.</summary>
    public void Publish()
    {
        lock (_gate)
        {
            foreach (var state in Differences().ToList())
            {
                Keep(state);
            }

            SignalChange();
        }
    }

    /// <summary>Records that the channels are ready or have ended.</summary>
    public void Note(ChannelEvent happened)
    {
        lock (_gate)
        {
            _events.Add(new ChannelNotice(happened, ++_version, boot, bindIp(), null));
            SignalChange();
        }
    }

    /// <summary>The notices after a version, oldest first, and a task that completes when there are more.</summary>
    public (IReadOnlyList<ChannelNotice> Notices, Task Changed) After(long version)
    {
        lock (_gate)
        {
            var changes = _published.Values.Concat(_ended.Values).Where(state => state.Version > version);
            var notices = changes
                .Select(state => new ChannelNotice(ChannelEvent.Change, state.Version, boot, bindIp(), state))
                .Concat(_events.Where(notice => notice.Version > version));
            return ([.. notices.OrderBy(static notice => notice.Version)], _changed.Task);
        }
    }

    /// <summary>
    /// The ids of the members that a channel had at a version, for a reader that has seen that version; null if that is not known any more.
    /// </summary>
    public IReadOnlyList<string>? MembersAt(string channel, long version)
    {
        lock (_gate)
        {
            return
                _members.TryGet(channel, out var versions)
                && versions.Keys.LastOrDefault(kept => kept <= version) is var known and not 0
                && versions.TryGet(known, out var members)
                ? members
                : null;
        }
    }

    /// <summary>A task that completes when more is published; null when all wanted states have been published.</summary>
    public Task? WhenPublished()
    {
        lock (_gate)
        {
            var same =
                _wanted.Count == _published.Count
                && _wanted.Values.All(state => _published.TryGetValue(state.Channel, out var published) && state.SaysTheSame(published));
            return same ? null : _changed.Task;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void SignalChange()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private void Keep(ChannelState state)
    {
        if (!_members.TryGet(state.Channel, out var versions))
        {
            _members.Set(state.Channel, versions = new(MostVersions));
        }

        versions.Set(state.Version, KnownMembers.Of(state));
        if (_wanted.ContainsKey(state.Channel))
        {
            _published = _published.SetItem(state.Channel, state);
            _ended.Remove(state.Channel);
            return;
        }

        _published = _published.Remove(state.Channel);
        _ended.Set(state.Channel, state);
    }

    private IEnumerable<ChannelState> Differences()
    {
        foreach (var state in _wanted.Values.OrderBy(static state => state.Channel, StringComparer.Ordinal).ToList())
        {
            var before = _published.GetValueOrDefault(state.Channel);
            if (before is null || !state.SaysTheSame(before))
            {
                yield return Versioned(state, before);
            }
        }

        foreach (var gone in _published.Values.Where(state => !_wanted.ContainsKey(state.Channel)).ToList())
        {
            yield return Versioned(gone with { Listening = false, Members = [] }, gone);
        }
    }

    private ChannelState Versioned(ChannelState state, ChannelState? before)
    {
        var (now, then) = (KnownMembers.Of(state), before is null ? [] : KnownMembers.Of(before));
        return state with { Version = ++_version, Boot = boot, Added = [.. now.Except(then)], Removed = [.. then.Except(now)] };
    }
}
