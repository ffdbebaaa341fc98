namespace Proxy.Host.Cli.Remote;

/// <summary>A running host did not do what was asked.</summary>
/// <param name="message">Why, for the one who asked.</param>
/// <param name="exitCode">What the program ends with.</param>
internal sealed class AdminException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    public int ExitCode => exitCode;
}
