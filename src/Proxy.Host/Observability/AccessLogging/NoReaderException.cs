using System.Diagnostics.CodeAnalysis;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>A named pipe cannot be opened because it has no reader at the moment.</summary>
[SuppressMessage("Design", "CA1032", Justification = "The message is always the same.")]
internal sealed class NoReaderException() : IOException("the named pipe has no reader.");
