namespace Proxy.Configuration.Multiplexing;

/// <summary>Whether a serial line may return what is sent on it.</summary>
public enum Echo
{
    /// <summary>An exact copy of the request before the reply is dropped.</summary>
    Auto,

    /// <summary>There is no echo: a copy of the request is a reply.</summary>
    None,
}
