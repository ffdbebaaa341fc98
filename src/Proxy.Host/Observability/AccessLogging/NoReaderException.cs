using System.Diagnostics.CodeAnalysis;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>A named pipe has no reader now.</summary>
[SuppressMessage("Design", "CA1032", Justification = "There is nothing else to say.")]
internal sealed class NoReaderException() : IOException("the named pipe has no reader.");
