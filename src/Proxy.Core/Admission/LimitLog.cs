using System.Net;
using Microsoft.Extensions.Logging;

namespace Proxy.Admission;

/// <summary>The lines about limits.</summary>
internal static partial class LimitLog
{
    [LoggerMessage(
        LogLevel.Warning,
        "Route {Route}: {Limit} is reached, so client {Client} was refused; {Count} since the last line about it, of which there is one a minute at most."
    )]
    public static partial void Refuses(ILogger logger, string route, string limit, EndPoint? client, long count);

    [LoggerMessage(
        LogLevel.Warning,
        "Route {Route}: {Limit} is reached, and client {Client} would have been refused but for DryRun; {Count} since the last line about it, of which there is one a minute at most."
    )]
    public static partial void WouldRefuse(ILogger logger, string route, string limit, EndPoint? client, long count);

    [LoggerMessage(
        LogLevel.Warning,
        "Endpoint {Endpoint}: {Limit} is reached, so peer {Client} was refused; {Count} since the last line about it, of which there is one a minute at most."
    )]
    public static partial void EndpointRefuses(ILogger logger, string endpoint, string limit, EndPoint? client, long count);
}
