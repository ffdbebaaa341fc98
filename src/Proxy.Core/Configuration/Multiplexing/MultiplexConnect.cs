namespace Proxy.Configuration.Multiplexing;

/// <summary>When a multiplexer connects to its destination.</summary>
public enum MultiplexConnect
{
    /// <summary>When there is a request to send.</summary>
    OnRequest,

    /// <summary>When there is a client.</summary>
    OnClient,

    /// <summary>Immediately, and again whenever the connection is lost.</summary>
    Always,
}
