namespace Proxy.Hooks;

/// <summary>One thing to do.</summary>
internal interface IHookStep
{
    /// <summary>What it does, for people; holds no secret.</summary>
    string Text { get; }

    /// <summary>Does it.</summary>
    /// <returns>Null, or why it failed.</returns>
    /// <exception cref="OperationCanceledException">The token ended it; nothing of it runs any more.</exception>
    ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken);
}
