namespace Proxy.Engine;

/// <summary>The hosts that share the engine of this one. Registered only where there is an engine.</summary>
public interface IFleet
{
    /// <summary>The id of this host.</summary>
    string Instance { get; }

    /// <summary>The hosts now, as far as this host knows.</summary>
    FleetState Current { get; }

    /// <summary>The process that is registered under the id of this host; null if that is this one.</summary>
    InstanceRival? Rival { get; }
}
