using Microsoft.AspNetCore.Connections;

namespace Proxy.Clusters;

/// <summary>What became of dialling a destination once: one of the two.</summary>
/// <param name="Connection">The connection, the caller's to dispose.</param>
/// <param name="Failure">Why there is none.</param>
internal readonly record struct DialAttempt(ConnectionContext? Connection, Exception? Failure);
