using System.Diagnostics.CodeAnalysis;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>A connection factory could not connect a client; carries the outcome of the client's connection.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with an outcome.")]
internal sealed class DialFailedException(ConnectionOutcome outcome, Exception? inner = null) : IOException(null, inner)
{
    /// <summary>The outcome of the client's connection.</summary>
    public ConnectionOutcome Outcome => outcome;

    /// <inheritdoc />
    // Computed on demand, since one is created per client and few are printed.
    public override string Message => $"There is no connection for the client: {outcome}.";
}
