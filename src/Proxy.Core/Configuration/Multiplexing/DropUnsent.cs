namespace Proxy.Configuration.Multiplexing;

/// <summary>When a multiplexer drops requests that wait to be sent, since their client has gone.</summary>
public enum DropUnsent
{
    /// <summary>When the client has closed its side, or reset the connection.</summary>
    Always,

    /// <summary>When the client has reset the connection; one that has closed its side may still read replies.</summary>
    OnReset,
}
