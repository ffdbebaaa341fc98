namespace Proxy.Configuration.Reading;

/// <summary>A protocol of Multiplex, as validation needs to know it.</summary>
/// <param name="Name">The name of the protocol.</param>
/// <param name="HasCorrelation">Whether messages have an id.</param>
/// <param name="RepliesInOrder">Whether replies come in the order of their requests.</param>
/// <param name="Family">The name that convertible framings share; null if there is no other one.</param>
/// <param name="IdOffset">The lowest Offset that a configured Correlation may have; null if messages have no place for an id.</param>
/// <param name="MaxBytes">The longest message in bytes.</param>
internal sealed record ProtocolName(string Name, bool HasCorrelation, bool RepliesInOrder, string? Family, int? IdOffset, int MaxBytes)
{
    /// <summary>The family of the Modbus framings, which have sections of the configuration of their own.</summary>
    public const string Modbus = "Modbus";

    /// <summary>Whether it is a framing of Modbus.</summary>
    public bool IsModbus => Family == Modbus;

    /// <summary>Whether messages can be converted to those of another protocol and back.</summary>
    /// <param name="other">The other protocol; null if it is unknown.</param>
    /// <returns>Whether both are of one family.</returns>
    public bool IsConvertible(ProtocolName? other) => Family is not null && Family == other?.Family;
}
