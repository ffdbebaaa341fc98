using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Engine;

/// <summary>How an etcd cluster (version 3.4 or later) is reached.</summary>
public sealed record EtcdConfig
{
    /// <summary>The URLs of its members, http:// or https://, which are tried in turn.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>The certificate that this host shows.</summary>
    public CertificateConfig? Certificate { get; init; }

    /// <summary>The PEM file of the authorities whose certificates are valid; absent means those of the system.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>The user, for authentication by password; absent for none, or for that of the certificate's common name.</summary>
    public string? User { get; init; }

    /// <summary>The password of the user.</summary>
    [Secret]
    public string? Password { get; init; }

    /// <summary>What all keys begin with: a slash, and no slash at its end.</summary>
    public string Prefix { get; init; } = "/proxy";

    /// <summary>How long the keys of this host outlive it, in whole seconds from 5 s to 60 s; it is renewed every third of that.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit of each call: less than two thirds of the time of the lease without 2 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);
}
