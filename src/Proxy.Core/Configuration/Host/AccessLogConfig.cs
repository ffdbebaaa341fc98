using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>The access log.</summary>
public sealed record AccessLogConfig
{
    private const int SmallestFile = 64 << 10;
    private const int MostFiles = 1000;

    /// <summary>The file to append to; absent means standard output.</summary>
    public string? Path { get; init; }

    /// <summary>The format of a line.</summary>
    public AccessLogFormat Format { get; init; }

    /// <summary>The size in bytes at which the file is renamed to Path.1 and a new one is started; absent means never.</summary>
    [AllowNone, Range(SmallestFile, int.MaxValue)]
    public int? MaxBytes { get; init; }

    /// <summary>The number of renamed files that are kept, besides the current one.</summary>
    [Range(1, MostFiles)]
    public int Files { get; init; } = 10;

    /// <summary>Whether a connection has a line when its route is chosen, in addition to the one at its end.</summary>
    public bool Start { get; init; }

    /// <summary>The approximate interval of lines for an open connection, with its bytes so far; at least a second.</summary>
    [AllowNone]
    public TimeSpan Interval { get; init; } = Timeout.InfiniteTimeSpan;
}
