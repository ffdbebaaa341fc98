using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>A URL that each notification is posted to; an answer of 2xx acknowledges it.</summary>
public sealed record ChannelWebhookConfig
{
    /// <summary>An http:// or https:// URL.</summary>
    [SuppressMessage("Design", "CA1056", Justification = "As the user wrote it.")]
    public string Url { get; init; } = "";

    /// <summary>The key that signs the body: the header Channel-Signature then contains its HMAC-SHA256 (RFC 2104).</summary>
    [Secret]
    public string? Secret { get; init; }

    /// <summary>The time limit of a request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
