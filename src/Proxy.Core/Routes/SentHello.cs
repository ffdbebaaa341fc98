using Proxy.Peeking.Hello;
using Proxy.Tls.Termination;

namespace Proxy.Routes;

/// <summary>A ClientHello and what it came over.</summary>
/// <param name="Hello">The ClientHello.</param>
/// <param name="IsOverPostgres">Whether the client asked for TLS as a client of PostgreSQL first.</param>
/// <param name="Certificate">The names in the client's certificate; null before the handshake.</param>
internal readonly record struct SentHello(ClientHello Hello, bool IsOverPostgres, PeerNames? Certificate = null);
