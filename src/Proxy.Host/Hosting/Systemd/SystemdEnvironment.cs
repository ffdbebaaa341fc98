using System.Globalization;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>What systemd tells a service in its environment.</summary>
internal sealed record SystemdEnvironment
{
    /// <summary>The socket to notify; null when systemd does not ask for that.</summary>
    public string? NotifySocket { get; init; }

    /// <summary>How long the service may be silent; null without a watchdog.</summary>
    public TimeSpan? Watchdog { get; init; }

    /// <summary>How many sockets were passed on.</summary>
    public int Sockets { get; init; }

    /// <summary>Their names, as far as they have any.</summary>
    public IReadOnlyList<string> SocketNames { get; init; } = [];

    /// <summary>Reads what is meant for this process, and takes it out of the environment: programs that we start are not meant.</summary>
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
