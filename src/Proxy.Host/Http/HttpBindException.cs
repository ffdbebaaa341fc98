using System.Diagnostics.CodeAnalysis;

namespace Proxy.Host.Http;

/// <summary>An address of Kestrel's could not be bound; the message says which and why.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a message and a cause.")]
internal sealed class HttpBindException(string message, Exception cause) : Exception(message, cause);
