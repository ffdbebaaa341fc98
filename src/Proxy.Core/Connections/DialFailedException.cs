using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>There is no connection for a client: a factory says by this why, in the word that ends the client's connection.</summary>
internal sealed class DialFailedException(ConnectionOutcome outcome, Exception? inner = null)
    : IOException($"There is no connection for the client: {outcome}.", inner)
{
    /// <summary>The outcome of the client's connection.</summary>
    public ConnectionOutcome Outcome => outcome;
}
