using System.Net.Sockets;
using System.Text.Json;

namespace Proxy.Diagnostics;

/// <summary>
/// Values of <c>error.type</c> as in .NET's own spans: <c>connection_refused</c>, <c>timed_out</c>, <c>host_unreachable</c>.
/// </summary>
internal static class ErrorType
{
    /// <summary>The client left before there was an answer.</summary>
    public const string Cancelled = "cancelled";

    public const string TimedOut = "timed_out";

    public static string Of(Exception exception) =>
        exception switch
        {
            SocketException socket => JsonNamingPolicy.SnakeCaseLower.ConvertName(socket.SocketErrorCode.ToString()),
            TimeoutException => TimedOut,
            OperationCanceledException => Cancelled,
            _ => exception.GetType().FullName!,
        };
}
