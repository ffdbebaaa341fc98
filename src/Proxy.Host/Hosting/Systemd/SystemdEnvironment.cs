using System.Globalization;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>The environment variables that systemd sets for a service.</summary>
internal sealed record SystemdEnvironment
{
    /// <summary>The address of the notification socket; null if systemd expects no notifications.</summary>
    public string? NotifySocket { get; init; }

    /// <summary>The longest time between two watchdog notifications; null without a watchdog.</summary>
    public TimeSpan? Watchdog { get; init; }

    /// <summary>The number of sockets that systemd passes to the process.</summary>
    public int Sockets { get; init; }

    /// <summary>The names of the sockets, in the same order. May be shorter than the number of sockets.</summary>
    public IReadOnlyList<string> SocketNames { get; init; } = [];

    /// <summary>Reads the variables and removes them from the environment, because they do not apply to child processes.</summary>
    public static SystemdEnvironment Take()
    {
        var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var environment = new SystemdEnvironment
        {
            NotifySocket = Take("NOTIFY_SOCKET"),
            Watchdog = Watch(Take("WATCHDOG_USEC"), isOurs: (Take("WATCHDOG_PID") ?? own) == own),
        };
        var (sockets, names, owner) = (Take("LISTEN_FDS"), Take("LISTEN_FDNAMES"), Take("LISTEN_PID"));
        return owner != own || !int.TryParse(sockets, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? environment
            : environment with
            {
                Sockets = count,
                SocketNames = names?.Split(':') ?? [],
            };
    }

    private static TimeSpan? Watch(string? microseconds, bool isOurs) =>
        isOurs && long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? TimeSpan.FromMicroseconds(value)
            : null;

    private static string? Take(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }
}
