namespace Proxy.Configuration.Channels;

/// <summary>How it is decided that a legacy server is ready.</summary>
public enum ReadyCheck
{
    /// <summary>It is ready while its port accepts connections.</summary>
    Tcp,

    /// <summary>It is always ready.</summary>
    None,
}
