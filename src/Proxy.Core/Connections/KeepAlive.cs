namespace Proxy.Connections;

/// <summary>TCP keep-alive (RFC 9293, 3.8.4).</summary>
/// <param name="Idle">The time without traffic before the first probe; whole seconds.</param>
/// <param name="Interval">The time between probes; whole seconds.</param>
/// <param name="Probes">The number of unanswered probes after which the connection ends.</param>
internal sealed record KeepAlive(TimeSpan Idle, TimeSpan Interval, int Probes)
{
    /// <summary><see cref="Idle"/> in seconds, as the kernel expects it.</summary>
    internal int IdleSeconds => WholeSeconds(Idle);

    /// <summary><see cref="Interval"/> in seconds, as the kernel expects it.</summary>
    internal int IntervalSeconds => WholeSeconds(Interval);

    /// <summary>The values of routes that configure none.</summary>
    public static KeepAlive Default { get; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10), 3);

    private static int WholeSeconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
