namespace Proxy.Configuration.Channels;

/// <summary>When a legacy server counts as ready.</summary>
public enum ReadyCheck
{
    /// <summary>While its port accepts connections.</summary>
    Tcp,

    /// <summary>Always.</summary>
    None,
}
