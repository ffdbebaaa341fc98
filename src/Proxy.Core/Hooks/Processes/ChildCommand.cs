namespace Proxy.Hooks.Processes;

/// <summary>What to start.</summary>
/// <param name="Command">The program, searched for on the PATH unless it has a slash, and its arguments.</param>
/// <param name="Environment">Variables besides those of this process.</param>
internal sealed record ChildCommand(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment);
