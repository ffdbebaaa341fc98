namespace Proxy.Hooks;

/// <summary>A step in code: <c>{ "Hook": "name" }</c>. Added by <c>AddHook</c>.</summary>
public interface IProxyHook
{
    /// <summary>The name used in configuration; case is ignored.</summary>
    string Name { get; }

    /// <summary>Runs on a thread of the pool. What it throws fails the step, with the exception's message.</summary>
    /// <param name="hookEvent">What happened.</param>
    /// <param name="cancellationToken">Ends the run at the step's timeout, and when its result is no longer wanted. A run that goes on all the same is left behind.</param>
    /// <returns>A task that completes when the step is done.</returns>
    ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken);
}
