namespace Proxy.Engine;

/// <summary>
/// What all hosts of the fleet drain, until that is ended for all. It survives restarts of hosts, and an engine that is away. Registered only where there is
/// an engine.
/// </summary>
public interface IFleetDrains
{
    /// <summary>What is drained, as far as this host knows; also what this host does not have.</summary>
    IReadOnlyDictionary<DrainTarget, DrainOrder> Current { get; }

    /// <summary>Asks the engine whether all hosts drain something.</summary>
    /// <param name="target">A destination or a member.</param>
    /// <param name="cancellationToken">Ends the wait for the engine.</param>
    /// <returns>Whether it is drained; null if the engine did not answer.</returns>
    Task<bool?> IsDrainedAsync(DrainTarget target, CancellationToken cancellationToken);

    /// <summary>Has all hosts drain something. What is drained already stays so, and keeps the client that asked first.</summary>
    /// <param name="target">A destination or a member.</param>
    /// <param name="client">Who asks for it; null if that is not known.</param>
    /// <param name="cancellationToken">Ends the wait for the engine; the drain may begin all the same.</param>
    /// <returns>Null if it is drained; otherwise why it may not be, as a sentence.</returns>
    Task<string?> DrainAsync(DrainTarget target, string? client, CancellationToken cancellationToken);

    /// <summary>Ends a drain of all hosts. What was drained at one host alone stays so.</summary>
    /// <param name="target">A destination or a member; nothing happens if it is not drained.</param>
    /// <param name="cancellationToken">Ends the wait for the engine; the drain may end all the same.</param>
    /// <returns>Null if it is no longer drained for all hosts; otherwise why it may still be, as a sentence.</returns>
    Task<string?> UndrainAsync(DrainTarget target, CancellationToken cancellationToken);
}
