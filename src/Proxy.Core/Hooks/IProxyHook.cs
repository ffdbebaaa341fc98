namespace Proxy.Hooks;

/// <summary>A hook in code, configured as <c>{ "Hook": "name" }</c> and added by <c>AddHook</c>.</summary>
public interface IProxyHook
{
    /// <summary>The name used in configuration; case is ignored.</summary>
    string Name { get; }

    /// <summary>Runs the hook on a thread of the pool. An exception fails the step, with its message as the reason.</summary>
    /// <param name="hookEvent">The event.</param>
    /// <param name="cancellationToken">
    /// Cancelled at the step's timeout, and when the result is not needed any more. A run that ignores it is not waited for.
    /// </param>
    /// <returns>A task that completes when the step is done.</returns>
    ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken);
}
