namespace Proxy.Clusters;

/// <summary>A destination's part of the load.</summary>
/// <param name="Weight">Its share; 0 takes none.</param>
/// <param name="Backup">Whether it is used only while no other is available.</param>
public sealed record DestinationSettings(int Weight = 1, bool Backup = false);
