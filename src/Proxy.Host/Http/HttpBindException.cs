using System.Diagnostics.CodeAnalysis;

namespace Proxy.Host.Http;

/// <summary>Kestrel could not bind an address; the message names the address and the cause.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a message and a cause.")]
internal sealed class HttpBindException(string message, Exception cause) : Exception(message, cause);
