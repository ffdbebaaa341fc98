namespace Proxy.Diagnostics;

/// <summary>Counts the connections that are open somewhere.</summary>
internal interface IOpenCount
{
    /// <summary>One of them has ended. Called once for each; must not fail.</summary>
    void Left();
}
