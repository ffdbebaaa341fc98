namespace Proxy.Configuration.Tls;

/// <summary>What precedes TLS on a connection to a destination.</summary>
public enum TlsNegotiation
{
    /// <summary>Nothing: the connection begins with TLS.</summary>
    Direct,

    /// <summary>The question of PostgreSQL whether TLS may follow (SSLRequest).</summary>
    Postgres,
}
