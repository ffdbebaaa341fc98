using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>The log levels, with the keys and levels of .NET.</summary>
public sealed record LoggingConfig
{
    /// <summary>The lowest level that is logged, by category or its beginning; "Default" for all others.</summary>
    public IReadOnlyDictionary<string, LogLevel> LogLevel
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<LogLevel>();
}
