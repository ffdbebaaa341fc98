namespace Proxy.Host.Cli.Output;

/// <summary>What a text means, which decides its color on a terminal.</summary>
internal enum Tone
{
    /// <summary>No color.</summary>
    Plain,

    /// <summary>All is well.</summary>
    Good,

    /// <summary>It needs attention.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Bad,

    /// <summary>It is of less interest.</summary>
    Faint,
}
