using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Where a request carries an id that its reply repeats.</summary>
public sealed record CorrelationConfig
{
    /// <summary>Bytes before the id.</summary>
    [Range(0, 65_535)]
    public required int Offset { get; init; }

    /// <summary>Bytes of the id.</summary>
    [Range(1, 8)]
    public required int Size { get; init; }
}
