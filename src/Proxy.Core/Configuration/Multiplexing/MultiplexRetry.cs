namespace Proxy.Configuration.Multiplexing;

/// <summary>Which requests a multiplexer sends a second time.</summary>
public enum MultiplexRetry
{
    /// <summary>Those that cannot have been executed, or only read.</summary>
    Safe,

    /// <summary>None.</summary>
    None,
}
