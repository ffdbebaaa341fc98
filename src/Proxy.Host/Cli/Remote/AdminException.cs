namespace Proxy.Host.Cli.Remote;

/// <summary>A request to the admin API of a running host failed. The command prints the message.</summary>
internal sealed class AdminException : Exception
{
    public AdminException() { }

    public AdminException(string message)
        : base(message) { }

    public AdminException(string message, Exception innerException)
        : base(message, innerException) { }

    public AdminException(string message, int exitCode)
        : base(message) => ExitCode = exitCode;

    /// <summary>The exit code of the program.</summary>
    public int ExitCode { get; } = Hosting.ExitCode.Failed;
}
