using Microsoft.Extensions.Logging;

namespace Proxy.Handover;

/// <summary>What goes wrong in connections on their way to Kestrel.</summary>
internal static partial class HandoverLog
{
    [LoggerMessage(LogLevel.Error, "Connection {Connection}: what was told that it ends has thrown an exception.")]
    public static partial void Thrown(ILogger logger, string connection, Exception exception);

    [LoggerMessage(LogLevel.Error, "Connection {Connection}: bytes of the client could not be received.")]
    public static partial void NotReceived(ILogger logger, string connection, Exception exception);

    [LoggerMessage(LogLevel.Error, "Connection {Connection}: a part of its end has failed.")]
    public static partial void NotEnded(ILogger logger, string connection, Exception exception);
}
