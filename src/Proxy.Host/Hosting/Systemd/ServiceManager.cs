using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>
/// Sends the state of the service to systemd, in the sd_notify protocol: one datagram per notification. Sends nothing if systemd has
/// set no notification socket.
/// </summary>
internal sealed partial class ServiceManager : IDisposable
{
    private const int MaxStatus = 400;
    private const int SendTimeout = 1000; // milliseconds, for when systemd does not read and its socket buffer is full

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _address;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceManager> _logger;

    public ServiceManager(SystemdEnvironment environment, TimeProvider time, ILogger<ServiceManager> logger)
    {
        _time = time;
        _logger = logger;
        if (environment.NotifySocket is ['/' or '@', _, ..] name)
        {
            // An abstract name is written with @ and begins with a zero byte.
            _address = new UnixDomainSocketEndPoint(name[0] == '@' ? $"\0{name[1..]}" : name);
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeout };
        }
    }

    /// <summary>Whether systemd has set a notification socket.</summary>
    public bool IsEnabled => _socket is not null;

    /// <summary>Reports that the service runs with the current configuration.</summary>
    public void Ready(string status) => Send($"READY=1\n{Line(status)}");

    /// <summary>Reports that the service reloads its configuration. <see cref="Ready"/> has to follow.</summary>
    public void Reloading()
    {
        // systemd expects the time of CLOCK_MONOTONIC, which is also the clock of .NET's timestamps.
        var now = (long)_time.GetElapsedTime(0).TotalMicroseconds;
        Send(FormattableString.Invariant($"RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// <summary>Reports that the service stops.</summary>
    public void Stopping(string status) => Send($"STOPPING=1\n{Line(status)}");

    /// <summary>Reports that the current start, reload or stop still makes progress, and may take <paramref name="time"/> from now.</summary>
    public void ExtendTimeout(TimeSpan time, string status) =>
        Send($"EXTEND_TIMEOUT_USEC={((long)time.TotalMicroseconds).ToString(CultureInfo.InvariantCulture)}\n{Line(status)}");

    /// <summary>Resets the watchdog: reports that the service responds.</summary>
    public void Alive() => Send("WATCHDOG=1");

    /// <summary>Reports the status as one line, which <c>systemctl status</c> shows.</summary>
    public void Status(string status) => Send(Line(status));

    public void Dispose() => _socket?.Dispose();

    private static string Line(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return $"STATUS={(line.Length > MaxStatus ? $"{line[..MaxStatus]}…" : line)}";
    }

    private void Send(string state)
    {
        try
        {
            _socket?.SendTo(Encoding.UTF8.GetBytes(state), _address!);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Log.NotTold(_logger, state.Split('\n')[0], exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The notification {State} could not be sent to systemd. The host continues, but systemd does not know its state: {Reason}"
        )]
        public static partial void NotTold(ILogger logger, string state, string reason);
    }
}
