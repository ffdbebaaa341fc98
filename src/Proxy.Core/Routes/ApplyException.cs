using System.Diagnostics.CodeAnalysis;

namespace Proxy.Routes;

/// <summary>A revision could not be applied, and nothing of it was; the path says what stands in its way.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a path and a cause.")]
[SuppressMessage("Design", "CA1064", Justification = "The revision's owner makes a configuration problem of it.")]
internal sealed class ApplyException(string path, Exception cause) : Exception(cause.GetBaseException().Message, cause)
{
    /// <summary>The configuration path.</summary>
    public string Path => path;
}
