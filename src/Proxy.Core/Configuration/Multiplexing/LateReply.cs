namespace Proxy.Configuration.Multiplexing;

/// <summary>How a multiplexer handles a reply that is late.</summary>
public enum LateReply
{
    /// <summary>Closes the connection, so that the late reply reaches no client.</summary>
    Reconnect,

    /// <summary>Keeps the connection, and recognizes the late reply by its correlation id.</summary>
    Discard,

    /// <summary>Waits until the connection is silent, and drops the bytes before that.</summary>
    Drain,
}
