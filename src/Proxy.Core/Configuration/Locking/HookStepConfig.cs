using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Locking;

/// <summary>One step by which the outside world is told something: exactly one of Exec, Http, WaitForPort, Delay and Hook.</summary>
public sealed record HookStepConfig
{
    /// <summary>A program and its arguments; no shell reads them.</summary>
    public IReadOnlyList<string>? Exec { get; init; }

    /// <summary>An http:// or https:// URL that a description of the event is posted to.</summary>
    public string? Http { get; init; }

    /// <summary>Waits until the port of the picked destination is open or closed.</summary>
    public PortState? WaitForPort { get; init; }

    /// <summary>Waits this long.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The name of a hook that is registered in code.</summary>
    public string? Hook { get; init; }

    /// <summary>Runs at every so manieth activation; absent means at each, or with AfterTimeout at none but those.</summary>
    [Range(1, int.MaxValue)]
    public int? Every { get; init; }

    /// <summary>Runs at the activation that follows a timeout.</summary>
    public bool AfterTimeout { get; init; }

    /// <summary>Ends the step, and what it started, after this long; a Delay has no other end than its own.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
