namespace Proxy.Engine;

/// <summary>The shared documents of the configuration that this host runs.</summary>
internal interface ISharedDocuments
{
    /// <summary>Those of the running configuration, each with the revision that runs; must be quick.</summary>
    IReadOnlyList<FleetDocument> Running { get; }
}
