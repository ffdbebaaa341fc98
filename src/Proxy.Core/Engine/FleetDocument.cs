namespace Proxy.Engine;

/// <summary>A shared document of the configuration, as a host runs it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Revision">The revision of the engine that wrote it; a later edit has a greater one.</param>
public sealed record FleetDocument(string Name, long Revision);
