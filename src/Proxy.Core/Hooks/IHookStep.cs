namespace Proxy.Hooks;

/// <summary>One step of a hook.</summary>
internal interface IHookStep
{
    /// <summary>A description for people; contains no secret.</summary>
    string Text { get; }

    /// <summary>Runs the step.</summary>
    /// <returns>Null, or why it failed.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; no part of the step runs any more.</exception>
    ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken);
}
