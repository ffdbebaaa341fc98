namespace Proxy.Configuration.Multiplexing;

/// <summary>What a multiplexer does with bytes that a destination sends after connecting, before it gets a request.</summary>
public enum Greeting
{
    /// <summary>Drops them: a welcome line, a banner, a notification of a gateway.</summary>
    Discard,

    /// <summary>Takes them for bytes that no request asked for, which renews the connection unless the protocol has an id.</summary>
    None,
}
