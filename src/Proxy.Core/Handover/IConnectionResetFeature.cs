namespace Proxy.Handover;

/// <summary>
/// Tells that a connection is gone. For Kestrel the end of a client's bytes closes the connection as well, although the client may still read: that is
/// <c>ConnectionClosed</c>, and this is not. A feature of the connections that routes with Mode Http pass to Kestrel.
/// </summary>
public interface IConnectionResetFeature
{
    /// <summary>Cancelled when the connection was reset or aborted, by either side.</summary>
    CancellationToken ConnectionReset { get; }
}
