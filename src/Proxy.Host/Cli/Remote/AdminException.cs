namespace Proxy.Host.Cli.Remote;

/// <summary>A running host did not do what was asked; the message is for the user of the command.</summary>
internal sealed class AdminException : Exception
{
    public AdminException() { }

    public AdminException(string message)
        : base(message) { }

    public AdminException(string message, Exception innerException)
        : base(message, innerException) { }

    public AdminException(string message, int exitCode)
        : base(message) => ExitCode = exitCode;

    /// <summary>What the program ends with.</summary>
    public int ExitCode { get; } = Hosting.ExitCode.Failed;
}
