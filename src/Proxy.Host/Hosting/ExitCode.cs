namespace Proxy.Host.Hosting;

/// <summary>What the program ends with.</summary>
internal static class ExitCode
{
    /// <summary>Stopped as asked.</summary>
    public const int Ok = 0;

    /// <summary>Failed while running, or warnings where none are wanted.</summary>
    public const int Failed = 1;

    /// <summary>Bad configuration or usage.</summary>
    public const int BadInput = 2;
}
