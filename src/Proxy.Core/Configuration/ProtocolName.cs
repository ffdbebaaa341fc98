namespace Proxy.Configuration;

/// <summary>A protocol that Multiplex knows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="HasCorrelation">Whether messages carry an id.</param>
/// <param name="RepliesInOrder">Whether replies come in the order of their requests.</param>
/// <param name="IsModbus">Whether it is a framing of Modbus: each can be converted to each other.</param>
public sealed record ProtocolName(string Name, bool HasCorrelation, bool RepliesInOrder, bool IsModbus);
