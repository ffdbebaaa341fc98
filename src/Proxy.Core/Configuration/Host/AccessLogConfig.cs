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

    /// <summary>How a line looks.</summary>
    public AccessLogFormat Format { get; init; }

    /// <summary>The size in bytes at which the file is put aside as Path.1 and begun anew; absent means never.</summary>
    [AllowNone, Range(SmallestFile, int.MaxValue)]
    public int? MaxBytes { get; init; }

    /// <summary>How many files that were put aside are kept, besides the one that is written.</summary>
    [Range(1, MostFiles)]
    public int Files { get; init; } = 10;

    /// <summary>Whether a connection has a line when its route is chosen, besides the one at its end.</summary>
    public bool Start { get; init; }

    /// <summary>About how often an open connection has a line, with the bytes so far; at least a second.</summary>
    [AllowNone]
    public TimeSpan Interval { get; init; } = Timeout.InfiniteTimeSpan;
}
