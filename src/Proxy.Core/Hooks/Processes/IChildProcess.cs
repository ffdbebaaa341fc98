namespace Proxy.Hooks.Processes;

/// <summary>A process that was started, until it is disposed. Disposing ends nothing: it lets go of it, and of its input.</summary>
internal interface IChildProcess : IDisposable
{
    /// <summary>Its standard input; closed with this object.</summary>
    Stream Input { get; }

    /// <summary>Its standard output; the reader's to dispose.</summary>
    Stream Output { get; }

    /// <summary>Its standard error; the reader's to dispose.</summary>
    Stream Errors { get; }

    /// <summary>Completes with the exit code once it has ended; 128 and the signal's number when a signal ended it. Never faults.</summary>
    Task<int> Exited { get; }

    /// <summary>Kills it and all it has started.</summary>
    /// <returns>False when something is alive seconds later.</returns>
    Task<bool> KillAsync();
}
