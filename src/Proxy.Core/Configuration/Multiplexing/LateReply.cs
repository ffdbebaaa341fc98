namespace Proxy.Configuration.Multiplexing;

/// <summary>What a multiplexer does about a reply that did not come in time.</summary>
public enum LateReply
{
    /// <summary>Renews the connection, so that the late reply reaches no client.</summary>
    Reconnect,

    /// <summary>Goes on, and knows it by its correlation id.</summary>
    Discard,

    /// <summary>Waits for silence on the connection, and drops what comes before it.</summary>
    Drain,
}
