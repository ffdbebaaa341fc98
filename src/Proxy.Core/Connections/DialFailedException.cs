using System.Diagnostics.CodeAnalysis;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>There is no connection for a client: by this a factory says why, in the word that ends the client's connection.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with an outcome.")]
internal sealed class DialFailedException(ConnectionOutcome outcome, Exception? inner = null) : IOException(null, inner)
{
    /// <summary>The outcome of the client's connection.</summary>
    public ConnectionOutcome Outcome => outcome;

    /// <inheritdoc />
    public override string Message => $"There is no connection for the client: {outcome}."; // seldom read, and made for each client
}
