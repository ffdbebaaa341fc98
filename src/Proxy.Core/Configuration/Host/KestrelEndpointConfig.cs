using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>An HTTP endpoint.</summary>
public sealed record KestrelEndpointConfig : KestrelNameConfig
{
    /// <summary>The address on which it listens: http:// or https://, an IP address, localhost or *, and a port.</summary>
    [SuppressMessage("Design", "CA1056", Justification = "As the user wrote it; * is no host of a URI.")]
    public string? Url { get; init; }

    /// <summary>What differs by the server name that a client asks for, such as <c>*.example.com</c>; <c>*</c> for all others.</summary>
    public IReadOnlyDictionary<string, KestrelNameConfig> Sni
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<KestrelNameConfig>();
}
