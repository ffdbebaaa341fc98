using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>The position of an id in requests that replies repeat.</summary>
public sealed record CorrelationConfig
{
    /// <summary>The number of bytes before the id.</summary>
    [Range(0, 65_535)]
    public required int Offset { get; init; }

    /// <summary>The length of the id in bytes.</summary>
    [Range(1, 8)]
    public required int Size { get; init; }

    /// <summary>Whether it stands for "None": the destination does not repeat the protocol's id.</summary>
    internal bool IsNone => Size == 0;
}
