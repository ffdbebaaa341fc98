using Proxy.Configuration.Channels;
using Proxy.Timing;

namespace Proxy.Channels;

/// <summary>The section Channels that applies now. An edit replaces it whole, which cannot fail; the reconciler applies it soon.</summary>
/// <param name="started">The section at the start; null if the program was started without it.</param>
internal sealed class CurrentChannels(ChannelsConfig? started)
{
    private volatile ChannelsConfig _config = started ?? new();

    /// <summary>Whether the program was started with channels; a section that is added later applies at the next start.</summary>
    public bool IsStarted => started is not null;

    /// <summary>Wakes the reconciler when an edit, the members or the readiness of a server have changed.</summary>
    public Signal Changed { get; } = new();

    /// <summary>The section that applies now; without channels an empty one.</summary>
    public ChannelsConfig Config => _config;

    /// <summary>Takes an edited section. Group, instance, tunnel and loopback keep their values of the start.</summary>
    /// <param name="edited">The section; null if an edit has removed it, which removes all channels but not the tunnel.</param>
    public void Update(ChannelsConfig? edited)
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
