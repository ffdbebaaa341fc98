using System.Diagnostics.CodeAnalysis;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>A connection has ended for a reason that only the connection itself knows.</summary>
/// <param name="outcome">The outcome of the connection.</param>
/// <param name="cause">The underlying exception.</param>
[SuppressMessage("Design", "CA1032", Justification = "Only made with an outcome.")]
internal sealed class ConnectionEndedException(ConnectionOutcome outcome, Exception? cause)
    : IOException($"The connection ended: {outcome}.", cause)
{
    public ConnectionOutcome Outcome => outcome;
}
