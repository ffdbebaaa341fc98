namespace Proxy.Tls.Certificates;

/// <summary>A certificate, key, bundle or revocation list cannot be used. The message names the file, what is wrong and what would be right.</summary>
internal sealed class CertificateException(string message, Exception? inner = null) : Exception(message, inner);
