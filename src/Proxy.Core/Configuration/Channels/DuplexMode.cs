namespace Proxy.Configuration.Channels;

/// <summary>The sides of a Duplex channel that an instance has.</summary>
public enum DuplexMode
{
    /// <summary>It listens on the local address of every other member.</summary>
    Bind,

    /// <summary>It connects to the local server for the others.</summary>
    Connect,

    /// <summary>It does both.</summary>
    Both,
}
