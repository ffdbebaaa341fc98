namespace Proxy.Configuration.Reading;

/// <summary>A protocol that Multiplex knows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="HasCorrelation">Whether messages carry an id.</param>
/// <param name="RepliesInOrder">Whether replies come in the order of their requests.</param>
/// <param name="Family">What framings share that can be converted to each other; null if there is no other one.</param>
/// <param name="IdOffset">Bytes before the first that a Correlation of the configuration may have; null if there is no place for one.</param>
/// <param name="MaxBytes">The longest message, in bytes.</param>
internal sealed record ProtocolName(string Name, bool HasCorrelation, bool RepliesInOrder, string? Family, int? IdOffset, int MaxBytes)
{
    /// <summary>The family of the framings of Modbus, which have parts of the configuration of their own.</summary>
    public const string Modbus = "Modbus";

    /// <summary>Whether it is a framing of Modbus.</summary>
    public bool IsModbus => Family == Modbus;

    /// <summary>Whether messages can be converted to those of another protocol and back.</summary>
    /// <param name="other">The other protocol; null if it is not known.</param>
    /// <returns>Whether both are framings of one family.</returns>
    public bool IsConvertible(ProtocolName? other) => Family is not null && Family == other?.Family;
}
