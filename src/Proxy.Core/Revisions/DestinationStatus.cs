namespace Proxy.Revisions;

/// <summary>A destination as it is now.</summary>
/// <param name="Id">The id.</param>
/// <param name="Address">Its address; a user and a query in it are masked.</param>
/// <param name="Health">What is known of its health.</param>
/// <param name="Drained">Whether an operator keeps new connections and requests from it.</param>
/// <param name="Connections">TCP connections to it, those being dialed included, clients of its multiplexer, and HTTP requests.</param>
public sealed record DestinationStatus(string Id, string Address, DestinationHealthStatus Health, bool Drained, int Connections);
