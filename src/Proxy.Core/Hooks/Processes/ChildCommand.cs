namespace Proxy.Hooks.Processes;

/// <summary>A command to start as a process.</summary>
/// <param name="Command">The program, searched for in PATH unless it contains a slash, and its arguments.</param>
/// <param name="Environment">Variables in addition to those of this process.</param>
internal sealed record ChildCommand(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment);
