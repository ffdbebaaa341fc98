using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>How much is logged; keys and levels are those of .NET.</summary>
public sealed record LoggingConfig
{
    /// <summary>The least level that is logged, by category or the start of one; "Default" for all others.</summary>
    public IReadOnlyDictionary<string, LogLevel> LogLevel
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<LogLevel>();
}
