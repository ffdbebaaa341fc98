namespace Proxy.Hooks.Processes;

/// <summary>A started process. Disposing it releases its handles and closes its input; it does not end the process.</summary>
internal interface IChildProcess : IDisposable
{
    /// <summary>The standard input; closed when this object is disposed.</summary>
    Stream Input { get; }

    /// <summary>The standard output, which the reader disposes.</summary>
    Stream Output { get; }

    /// <summary>The standard error, which the reader disposes.</summary>
    Stream Errors { get; }

    /// <summary>
    /// Completes with the exit code when the process has ended; 128 plus the signal number if a signal ended it. Never fails.
    /// </summary>
    Task<int> Exited { get; }

    /// <summary>Kills the process and all processes that it has started.</summary>
    /// <returns>False if one of them is still alive after some seconds.</returns>
    Task<bool> KillAsync();
}
