using System.Diagnostics.CodeAnalysis;

namespace Proxy.Tls.Certificates;

/// <summary>A certificate, key, bundle or revocation list cannot be used. The message names the file, what is wrong and what would be right.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a message.")]
[SuppressMessage("Design", "CA1064", Justification = "Caught in this library.")]
internal sealed class CertificateException(string message, Exception? inner = null) : Exception(message, inner);
