using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Tells systemd how the service is (sd_notify): one datagram each, and none where systemd did not ask for them.</summary>
internal sealed partial class ServiceManager : IDisposable
{
    private const int MaxStatus = 400;
    private const int SendLimit = 1000; // milliseconds, when systemd is behind with reading

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
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendLimit };
        }
    }

    /// <summary>Whether there is a socket to notify.</summary>
    public bool IsThere => _socket is not null;

    /// <summary>The service does what it is for, as configured now.</summary>
    public void Ready(string status) => Send($"READY=1\n{Status(status)}");

    /// <summary>It reads its configuration again; <see cref="Ready"/> follows.</summary>
    public void Reloading()
    {
        // The clock of .NET's timestamps is the kernel's monotonic one, as systemd wants it.
        var now = (long)_time.GetElapsedTime(0).TotalMicroseconds;
        Send(FormattableString.Invariant($"RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// <summary>It stops.</summary>
    public void Stopping(string status) => Send($"STOPPING=1\n{Status(status)}");

    /// <summary>What it does takes so much longer from now on, and is no hang.</summary>
    public void ExtendTimeout(TimeSpan time, string status) =>
        Send($"EXTEND_TIMEOUT_USEC={((long)time.TotalMicroseconds).ToString(CultureInfo.InvariantCulture)}\n{Status(status)}");

    /// <summary>It lives.</summary>
    public void Alive() => Send("WATCHDOG=1");

    /// <summary>How it is, in a line for people.</summary>
    public void Tell(string status) => Send(Status(status));

    public void Dispose() => _socket?.Dispose();

    private static string Status(string text)
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
        [LoggerMessage(LogLevel.Warning, "Systemd could not be told {State}: {Reason}")]
        public static partial void NotTold(ILogger logger, string state, string reason);
    }
}
