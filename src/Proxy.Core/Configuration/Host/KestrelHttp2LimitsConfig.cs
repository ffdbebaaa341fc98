using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Limits of HTTP/2, with Kestrel's names and defaults.</summary>
public sealed record KestrelHttp2LimitsConfig
{
    private const int SmallestFrame = 16 * 1024;
    private const int LargestFrame = (16 * 1024 * 1024) - 1;
    private const int SmallestWindow = (64 * 1024) - 1;

    /// <summary>The requests of a connection at the same time.</summary>
    [Range(1, int.MaxValue)]
    public int MaxStreamsPerConnection { get; init; } = 100;

    /// <summary>The bytes of the table that compresses headers.</summary>
    [Range(0, int.MaxValue)]
    public int HeaderTableSize { get; init; } = 4096;

    /// <summary>The bytes of the largest frame that is accepted.</summary>
    [Range(SmallestFrame, LargestFrame)]
    public int MaxFrameSize { get; init; } = SmallestFrame;

    /// <summary>The bytes of the largest header, its name included.</summary>
    [Range(1, int.MaxValue)]
    public int MaxRequestHeaderFieldSize { get; init; } = 32 * 1024;

    /// <summary>The bytes of bodies that a client may send ahead on a connection.</summary>
    [Range(SmallestWindow, int.MaxValue)]
    public int InitialConnectionWindowSize { get; init; } = 1024 * 1024;

    /// <summary>The bytes of a body that a client may send ahead on a stream.</summary>
    [Range(SmallestWindow, int.MaxValue)]
    public int InitialStreamWindowSize { get; init; } = 768 * 1024;

    /// <summary>After which silence of the client a ping is sent; from a second.</summary>
    [AllowNone]
    public TimeSpan KeepAlivePingDelay { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The time for the answer to a ping; from a second.</summary>
    [AllowNone]
    public TimeSpan KeepAlivePingTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
