namespace Proxy.Connections;

/// <summary>A connection that can tell that its peer has left while it is not read.</summary>
internal interface IDeparture
{
    /// <summary>Waits until the peer has left.</summary>
    /// <param name="ignoreClose">Whether to go on waiting after an end, for a reset alone.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How the peer left; null when the wait was ended.</returns>
    /// <exception cref="ConnectionEndedException">What carries the connection is lost.</exception>
    Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken);
}
