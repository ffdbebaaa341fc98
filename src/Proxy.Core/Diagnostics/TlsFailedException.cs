using System.Diagnostics.CodeAnalysis;

namespace Proxy.Diagnostics;

/// <summary>A connection to a destination could not begin TLS, after it was established. The message is a sentence that says why.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a reason.")]
internal sealed class TlsFailedException(FailureReason reason, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>How the destination failed.</summary>
    public FailureReason Reason => reason;
}
