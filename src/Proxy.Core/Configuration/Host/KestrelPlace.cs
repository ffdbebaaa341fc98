using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>
/// The keys of the Kestrel section whose values are shown. All others are masked: Kestrel ignores unknown keys, so a misspelt one may
/// contain a password.
/// </summary>
internal sealed class KestrelPlace : IContentPlace
{
    private static readonly KestrelPlace _unknown = new();
    private static readonly KestrelPlace _value = new() { IsShown = true };
    private static readonly KestrelPlace _values = new() { IsShown = true, _any = _value };
    private static readonly KestrelPlace _certificate = Of("Path", "KeyPath", "Subject", "Store", "Location", "AllowInvalid");
    private static readonly KestrelPlace _defaults = Of("Protocols", "ClientCertificateMode").With("SslProtocols", _values);
    private static readonly KestrelPlace _name = _defaults.With("Certificate", _certificate);
    private static readonly KestrelPlace _endpoint = _name.With("Url", _value).With("Sni", new() { _any = _name });
    private static readonly KestrelPlace _limits = OfType(typeof(KestrelServerLimits))
        .With(nameof(KestrelServerLimits.Http2), OfType(typeof(Http2Limits)))
        .With(nameof(KestrelServerLimits.Http3), OfType(typeof(Http3Limits)))
        .With(nameof(KestrelServerLimits.MinRequestBodyDataRate), OfType(typeof(MinDataRate)))
        .With(nameof(KestrelServerLimits.MinResponseDataRate), OfType(typeof(MinDataRate)));

    private readonly Dictionary<string, KestrelPlace> _keys = new(StringComparer.OrdinalIgnoreCase);
    private KestrelPlace? _any;

    /// <summary>The root of the section.</summary>
    public static IContentPlace Root { get; } =
        new KestrelPlace()
            .With("Endpoints", new() { _any = _endpoint })
            .With("EndpointDefaults", _defaults)
            .With("Certificates", new() { _any = _certificate })
            .With("Limits", _limits);

    /// <summary>Whether a value of this key is shown.</summary>
    public bool IsShown { get; private init; }

    public IContentPlace Child(string key) => _keys.GetValueOrDefault(key) ?? _any ?? _unknown;

    private static KestrelPlace Of(params IEnumerable<string> keys) =>
        keys.Aggregate(new KestrelPlace(), static (place, key) => place.With(key, _value));

    private static KestrelPlace OfType(Type type) => Of(type.GetProperties().Select(static property => property.Name));

    private KestrelPlace With(string key, KestrelPlace place)
    {
        var copy = new KestrelPlace();
        foreach (var (name, other) in _keys)
        {
            copy._keys[name] = other;
        }

        copy._keys[key] = place;
        return copy;
    }
}
