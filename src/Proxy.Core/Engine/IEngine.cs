namespace Proxy.Engine;

/// <summary>The engine that this host shares with others.</summary>
public interface IEngine
{
    /// <summary>How it is reached, and how well.</summary>
    EngineStatus Status { get; }
}
