namespace Proxy.Host.Cli.Init;

/// <summary>A kind of device or server that many clients can share, and the settings that suit most of its kind.</summary>
/// <param name="Word">Its name on the command line.</param>
/// <param name="Meaning">What it is.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Listen">The usual address for clients.</param>
/// <param name="Settings">Keys of its section <c>Multiplex</c> with their values, and why they are set; empty where that is plain.</param>
internal sealed record DeviceKind(
    string Word,
    string Meaning,
    string Protocol,
    string Listen,
    params (string Setting, string Reason)[] Settings
)
{
    private static readonly (string, string) _answer = (
        "\"ResponseTimeout\": \"00:00:05\"",
        "a request that is not answered in this time fails"
    );

    public static IReadOnlyList<DeviceKind> All { get; } =
    [
        new(
            "inverter",
            "an inverter, heat pump or wall box with Modbus TCP, which is slow and allows few connections",
            "modbus-tcp",
            "*:1502",
            ("\"Connect\": \"OnClient\"", "connected when a client comes, so that ConnectDelay passes before its first request"),
            ("\"ConnectDelay\": \"00:00:01\"", "many inverters need a moment after the connection is made"),
            ("\"RequestDelay\": \"00:00:00.100\"", "and between requests"),
            ("\"ResponseTimeout\": \"00:00:20\"", ""),
            ("\"KeepUnused\": \"00:10:00\"", "clients that connect for each reading find the connection open"),
            ("\"Modbus\": { \"CacheFor\": \"00:00:01\" }", "equal reads within a second are answered without asking again")
        ),
        new("modbus-tcp", "a PLC, meter or gateway with Modbus TCP", "modbus-tcp", "*:1502", _answer),
        new(
            "modbus-rtu",
            "Modbus RTU behind a serial converter in transparent mode",
            "modbus-rtu-over-tcp",
            "*:1502",
            _answer,
            ("\"RequestDelay\": \"00:00:00.020\"", "silence on the serial line between two requests")
        ),
        new("modbus-ascii", "Modbus ASCII behind a serial converter", "modbus-ascii", "*:1502", _answer),
        new(
            "instrument",
            "a measuring instrument with SCPI",
            "scpi",
            "*:5025",
            ("\"ResponseTimeout\": \"00:00:30\"", "slow measurements take long")
        ),
        new("lines", "a device that answers each line with one line", "line", "*:9000", _answer),
        new("iso8583", "a payment host with ISO 8583", "iso8583", "*:9000", ("\"ResponseTimeout\": \"00:00:30\"", "")),
        new("redis", "Redis, whose connections are to be few", "resp", "127.0.0.1:16379", _answer),
        new("memcached", "memcached, whose connections are to be few", "memcached", "127.0.0.1:21211", _answer),
        new("http", "a small HTTP/1.1 server that allows few connections", "http1", "*:8080", ("\"ResponseTimeout\": \"00:00:30\"", "")),
    ];

    /// <summary>The kind with a name; null if there is none.</summary>
    public static DeviceKind? Find(string word) => All.FirstOrDefault(kind => kind.Word.Equals(word, StringComparison.OrdinalIgnoreCase));
}
