namespace Proxy.Connections;

/// <summary>A connection that notices that its peer has left while nothing reads it.</summary>
internal interface IDeparture
{
    /// <summary>Waits until the peer has left.</summary>
    /// <param name="ignoreClose">Whether to go on waiting after a FIN, for a reset only.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How the peer left; null if the wait was cancelled.</returns>
    /// <exception cref="ConnectionEndedException">The underlying connection is lost, such as that of a tunnel.</exception>
    Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken);
}
