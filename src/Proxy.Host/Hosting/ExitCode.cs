namespace Proxy.Host.Hosting;

/// <summary>The exit codes of the program.</summary>
internal static class ExitCode
{
    /// <summary>The command succeeded, or the host stopped after a signal.</summary>
    public const int Ok = 0;

    /// <summary>The command or the host failed while it ran, or <c>check --strict</c> found warnings.</summary>
    public const int Failed = 1;

    /// <summary>The configuration or the command line is invalid.</summary>
    public const int BadInput = 2;

    /// <summary><c>status --check</c> found that something is down.</summary>
    public const int Down = 3;
}
