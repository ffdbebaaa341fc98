namespace Proxy.Connections;

/// <summary>TCP keep-alive (RFC 9293, 3.8.4).</summary>
/// <param name="Idle">Silence before the first probe; whole seconds.</param>
/// <param name="Interval">Time between probes; whole seconds.</param>
/// <param name="Probes">Unanswered probes that end the connection.</param>
internal sealed record KeepAlive(TimeSpan Idle, TimeSpan Interval, int Probes)
{
    /// <summary><see cref="Idle"/> as the kernel takes it.</summary>
    internal int IdleSeconds => WholeSeconds(Idle);

    /// <summary><see cref="Interval"/> as the kernel takes it.</summary>
    internal int IntervalSeconds => WholeSeconds(Interval);

    /// <summary>What applies unless a route says otherwise.</summary>
    public static KeepAlive Default { get; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10), 3);

    private static int WholeSeconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
