namespace Proxy.Peeking.Hello;

/// <summary>
/// What the client's TLS ClientHello says, a feature of connections whose first bytes were examined for a route. Everything is the client's own claim.
/// </summary>
public interface IClientHelloFeature
{
    /// <summary>The name of the server that the client asks for (RFC 6066, 3), in lower case; null if it asks for none that is valid.</summary>
    string? ServerName { get; }

    /// <summary>
    /// The application protocols that the client offers, in its order (RFC 7301); empty if there are none. One character for each byte, which may be any
    /// from 0 to 255.
    /// </summary>
    IReadOnlyList<string> AlpnProtocols { get; }
}
