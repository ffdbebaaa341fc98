using Proxy.Timing;

namespace Proxy.Channels;

/// <summary>
/// Judges local servers by the connections that are made to them: three failures in a row withdraw a channel for a pause, after which the
/// next connection decides. The pause doubles with each further failure. Thread-safe.
/// </summary>
internal sealed class DialResults(TimeProvider time)
{
    private const int Failures = 3;
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new(); // guards _channels, which has an entry for each channel with failures
    private readonly Dictionary<string, Channel> _channels = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a channel is withdrawn.</summary>
    public bool IsWithdrawn(string name)
    {
        lock (_gate)
        {
            return _channels.TryGetValue(name, out var channel) && channel.IsWithdrawn;
        }
    }

    /// <summary>Records a result. True if the channel is withdrawn by it, or is not any more.</summary>
    /// <param name="name">The name of the channel.</param>
    /// <param name="succeeded">Whether the server was connected.</param>
    /// <param name="pause">The first pause.</param>
    public bool Note(string name, bool succeeded, TimeSpan pause)
    {
        lock (_gate)
        {
            if (succeeded)
            {
                return _channels.Remove(name, out var known) && known.IsWithdrawn;
            }

            if (!_channels.TryGetValue(name, out var channel))
            {
                channel = _channels[name] = new Channel(new Backoff(time, pause, _longestPause));
            }

            // Connections that were under way when it was withdrawn say nothing new.
            if (channel.IsWithdrawn || ++channel.Failed < Failures)
            {
                return false;
            }

            channel.Pause.First = pause;
            channel.Pause.Fail();
            return channel.IsWithdrawn = true;
        }
    }

    /// <summary>Offers the channels again whose pause is over. True if there are any.</summary>
    public bool Readmit()
    {
        lock (_gate)
        {
            var due = _channels.Values.Where(static channel => channel is { IsWithdrawn: true, Pause.Remaining.Ticks: 0 }).ToList();
            due.ForEach(static channel => channel.IsWithdrawn = false);
            return due.Count > 0;
        }
    }

    private sealed class Channel(Backoff pause)
    {
        public Backoff Pause => pause;

        public int Failed { get; set; }

        public bool IsWithdrawn { get; set; }
    }
}
