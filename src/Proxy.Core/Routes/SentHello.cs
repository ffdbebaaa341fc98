using Proxy.Peeking.Hello;

namespace Proxy.Routes;

/// <summary>A ClientHello and what it came over.</summary>
/// <param name="Hello">The ClientHello.</param>
/// <param name="IsOverPostgres">Whether the client asked for TLS as a client of PostgreSQL first.</param>
internal readonly record struct SentHello(ClientHello Hello, bool IsOverPostgres);
