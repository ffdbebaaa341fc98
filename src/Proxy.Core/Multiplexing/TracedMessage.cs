using Microsoft.Extensions.Logging;

namespace Proxy.Multiplexing;

/// <summary>One line of the message trace.</summary>
internal sealed partial class TracedMessage(
    ILogger logger,
    string direction,
    string? clientId,
    string? routeId,
    string destination,
    int length,
    string hex
)
{
    private const int MostShown = 256;
    private const string None = "none";

    /// <summary>For a reply, the time since its request was sent.</summary>
    public TimeSpan? After { get; set; }

    /// <summary>The first bytes in hex, two digits each, separated by spaces.</summary>
    public static string Hex(ReadOnlySpan<byte> message)
    {
        const int Width = 3;
        var shown = Math.Min(message.Length, MostShown);
        var text = new char[Math.Max(0, (shown * Width) - 1)];
        text.AsSpan().Fill(' ');
        for (var index = 0; index < shown; index++)
        {
            Convert.TryToHexString(message.Slice(index, 1), text.AsSpan(index * Width), out _);
        }

        return new string(text) + (shown < message.Length ? " …" : "");
    }

    public void Log()
    {
        if (After is { } after)
        {
            Lines.Replied(logger, direction, after.TotalMilliseconds, clientId ?? None, routeId ?? None, destination, length, hex);
        }
        else
        {
            Lines.Passed(logger, direction, clientId ?? None, routeId ?? None, destination, length, hex);
        }
    }

    private static partial class Lines
    {
        [LoggerMessage(LogLevel.Trace, "{Direction}: client {Client}, route {Route}, destination {Destination}, {Length} bytes: {Hex}")]
        public static partial void Passed(
            ILogger logger,
            string direction,
            string client,
            string route,
            string destination,
            int length,
            string hex
        );

        [LoggerMessage(
            LogLevel.Trace,
            "{Direction} after {Milliseconds:0.###} ms: client {Client}, route {Route}, destination {Destination}, {Length} bytes: {Hex}"
        )]
        public static partial void Replied(
            ILogger logger,
            string direction,
            double milliseconds,
            string client,
            string route,
            string destination,
            int length,
            string hex
        );
    }
}
