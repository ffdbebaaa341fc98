using Proxy.Configuration.Channels;
using Proxy.Timing;

namespace Proxy.Channels;

/// <summary>The section Channels as it applies now. An edit replaces it whole, which cannot fail; the reconciler applies it soon.</summary>
/// <param name="started">The section at the start; null where the program was started without it.</param>
internal sealed class CurrentChannels(ChannelsConfig? started)
{
    private volatile ChannelsConfig _config = started ?? new();

    /// <summary>Whether the program was started with channels; a section that is added later applies at the next start.</summary>
    public bool IsStarted => started is not null;

    /// <summary>Wakes the reconciler: an edit, the members or the readiness of a server have changed.</summary>
    public Signal Changed { get; } = new();

    /// <summary>The section; an empty one where there is none.</summary>
    public ChannelsConfig Config => _config;

    /// <summary>Takes an edit; group, instance, tunnel and loopback stay as they were at the start.</summary>
    /// <param name="edited">The section; null where an edit has taken it away: then there are no channels, and the tunnel stays.</param>
    public void Use(ChannelsConfig? edited)
    {
        if (started is not null)
        {
            _config = (edited ?? new()) with
            {
                Group = started.Group,
                Instance = started.Instance,
                Tunnel = started.Tunnel,
                Loopback = started.Loopback,
            };
            Changed.Set();
        }
    }
}
