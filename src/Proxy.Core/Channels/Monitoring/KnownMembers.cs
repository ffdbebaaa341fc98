namespace Proxy.Channels.Monitoring;

/// <summary>
/// The members of each channel that one reader of notifications knows, so that a notification says what has changed for this reader, which
/// may have missed some. Not thread-safe.
/// </summary>
/// <param name="before">The ids of a channel's members that the reader knew before the first notification; null for none.</param>
internal sealed class KnownMembers(Func<string, IReadOnlyList<string>?>? before = null)
{
    private readonly Dictionary<string, IReadOnlyList<string>> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The ids of the members of a state.</summary>
    public static IReadOnlyList<string> Of(ChannelState state) => [.. state.Members.Select(static member => member.Iid).Distinct()];

    /// <summary>The notification with what was added and removed for this reader.</summary>
    public ChannelNotice Compare(ChannelNotice notice)
    {
        if (notice.State is not { } state)
        {
            return notice;
        }

        var (now, then) = (Of(state), _known.GetValueOrDefault(state.Channel) ?? before?.Invoke(state.Channel) ?? []);
        return notice with { State = state with { Added = [.. now.Except(then)], Removed = [.. then.Except(now)] } };
    }

    /// <summary>Records that the reader has got a notification.</summary>
    public void Learn(ChannelNotice notice)
    {
        if (notice.State is not { } state)
        {
            return;
        }

        if (state.Members.Count > 0 || before is not null)
        {
            _known[state.Channel] = Of(state);
        }
        else
        {
            _known.Remove(state.Channel); // it may have ended, and channels may come and go
        }
    }
}
