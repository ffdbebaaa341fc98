using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Locking;

/// <summary>One step of a hook: exactly one of Exec, Http, WaitForPort, Delay and Hook.</summary>
public sealed record HookStepConfig
{
    /// <summary>A program and its arguments; they are not interpreted by a shell.</summary>
    public IReadOnlyList<string>? Exec { get; init; }

    /// <summary>An http:// or https:// URL that a description of the event is posted to.</summary>
    public string? Http { get; init; }

    /// <summary>Waits until the port of the picked destination is open or closed.</summary>
    public PortState? WaitForPort { get; init; }

    /// <summary>Waits for this time.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The name of a hook that is registered in code.</summary>
    public string? Hook { get; init; }

    /// <summary>
    /// Runs the step at every n-th activation; absent means at each, or with AfterTimeout or AtStart only at those that these name.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? Every { get; init; }

    /// <summary>Runs the step at the activation that follows a timeout.</summary>
    public bool AfterTimeout { get; init; }

    /// <summary>Runs the step at the first activation since the program started, such as one that starts the service.</summary>
    public bool AtStart { get; init; }

    /// <summary>Ends the step, and the processes that it started, after this time; does not apply to a Delay.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
