namespace Proxy.Configuration.Multiplexing;

/// <summary>Which requests a multiplexer sends again after their connection was lost.</summary>
public enum MultiplexRetry
{
    /// <summary>Those that cannot have been executed, and reads.</summary>
    Safe,

    /// <summary>None.</summary>
    None,
}
