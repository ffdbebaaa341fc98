namespace Proxy.Peeking.Hello;

/// <summary>What a ClientHello says (RFC 8446, 4.1.2).</summary>
/// <param name="ServerName">The name of the server, in lower case; null if there is none, several, or one that is no name of a host.</param>
/// <param name="AlpnProtocols">The protocols that the client offers, in its order (RFC 7301); one character for each byte.</param>
internal sealed record ClientHello(string? ServerName, IReadOnlyList<string> AlpnProtocols) : IClientHelloFeature
{
    /// <summary>A ClientHello of which nothing can be used.</summary>
    public static ClientHello Unusable { get; } = new(null, []);
}
