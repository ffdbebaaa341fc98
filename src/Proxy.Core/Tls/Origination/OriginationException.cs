using System.Diagnostics.CodeAnalysis;

namespace Proxy.Tls.Origination;

/// <summary>A file that the settings of a cluster's TLS name cannot be used.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a key and a cause.")]
internal sealed class OriginationException(string key, Exception cause) : IOException(cause.Message, cause)
{
    /// <summary>The key below Tls that names the file.</summary>
    public string Key => key;
}
