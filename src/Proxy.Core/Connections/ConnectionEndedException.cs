using System.Diagnostics.CodeAnalysis;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>A connection ended in a way that it knows better than its readers and writers.</summary>
/// <param name="outcome">How.</param>
/// <param name="cause">What was seen of it.</param>
[SuppressMessage("Design", "CA1032", Justification = "Only made with an outcome.")]
internal sealed class ConnectionEndedException(ConnectionOutcome outcome, Exception? cause)
    : IOException($"The connection ended: {outcome}.", cause)
{
    public ConnectionOutcome Outcome => outcome;
}
